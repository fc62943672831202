"""Speed and the objective's share of it, from steps at known times."""

from __future__ import annotations

import pytest

from charembed_tui.training.step_times import StepTimes


def test_speed_and_share_are_those_of_the_newest_steps() -> None:
    times = StepTimes()
    assert (times.last, times.objective_share, times.steps_per_second) == (0.0, 0.0, 0.0)
    for step in range(1000):  # a tenth of a second apart, at work for half of that
        times.note(step / 10, step / 10 + 0.05, 0.01 if step < 800 else 0.02)
    assert times.last == pytest.approx(0.05)
    assert times.objective_share == pytest.approx(0.4)  # the first 800 are forgotten
    assert times.steps_per_second == pytest.approx(10.0)


def test_a_rest_is_not_slow_and_another_optimizer_not_the_old_one() -> None:
    times = StepTimes()
    for step in range(3):
        times.note(step, step + 0.5, 0.5)
    times.rest()
    assert times.steps_per_second == 0.0
    times.note(1000.0, 1000.5, 0.5)
    times.note(1001.0, 1001.5, 0.5)
    assert times.steps_per_second == pytest.approx(1.0)
    times.forget()
    assert (times.last, times.objective_share) == (0.0, 0.0)
    assert times.steps_per_second == pytest.approx(1.0)
