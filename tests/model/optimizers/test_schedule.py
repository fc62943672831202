"""Factors of a learning rate."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import SettingsError
from model.optimizers.schedule import Schedule

schedules = st.builds(
    Schedule, warmup_steps=st.integers(0, 1000), floor=st.floats(0, 1, allow_nan=False)
)


@given(schedules, st.floats(-1, 2), st.integers(0, 10_000))
def test_factors_are_from_zero_to_one(schedule: Schedule, progress: float, step: int) -> None:
    factor = schedule.factor(progress, step)
    assert 0 <= factor <= 1
    if step + 1 >= schedule.warmup_steps:
        assert factor >= schedule.floor - 1e-15


@given(schedules, st.floats(0.1, 1), st.floats(0.1, 1), st.integers(0, 10_000))
def test_it_declines_with_progress_and_rises_in_the_warm_up(
    schedule: Schedule, progress: float, other: float, step: int
) -> None:
    earlier, later = sorted((progress, other))
    if step + 1 >= schedule.warmup_steps or earlier >= 0.1:  # the warm-up is over
        assert schedule.factor(earlier, step) >= schedule.factor(later, step)
    assert schedule.factor(progress, step) <= schedule.factor(progress, step + 1)


@pytest.mark.parametrize("steps", [10, 60, 400])
def test_the_warm_up_takes_no_more_than_a_tenth_of_a_short_plan(steps: int) -> None:
    factors = [Schedule(warmup_steps=100).factor(step / steps, step) for step in range(steps)]
    full = steps // 10
    decline = (1 + math.cos(math.pi * full / steps)) / 2
    assert factors[full] == pytest.approx(decline)
    assert all(a < b for a, b in pairwise(factors[: full + 1]))
    assert all(a > b for a, b in pairwise(factors[full:]))


def test_the_ends_and_the_middle() -> None:
    schedule = Schedule(warmup_steps=10, floor=0.2)
    assert schedule.factor(0, 0) == pytest.approx(0.1)
    assert schedule.factor(0, 9) == schedule.factor(0, 10) == 1
    assert schedule.factor(0.5, 10) == pytest.approx(0.6)
    assert schedule.factor(1, 10) == pytest.approx(0.2)
    assert Schedule(1000).factor(0.1, 0) == pytest.approx(Schedule(0).factor(0.1, 0))
    assert Schedule(1000).factor(0.05, 0) == pytest.approx(0.5 * Schedule(0).factor(0.05, 0))
    quarter = 0.2 + 0.8 * (1 + math.sqrt(0.5)) / 2
    assert schedule.factor(0.25, 10) == pytest.approx(quarter)


@given(st.floats(0, 1), st.integers(0, 1000))
def test_neither_warm_up_nor_decline(progress: float, step: int) -> None:
    assert Schedule(warmup_steps=0, floor=1).factor(progress, step) == 1


@pytest.mark.parametrize("settings", [{"warmup_steps": -1}, {"floor": -0.1}, {"floor": 1.1}])
def test_settings_out_of_range(settings: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        Schedule(**settings)  # type: ignore[arg-type]
