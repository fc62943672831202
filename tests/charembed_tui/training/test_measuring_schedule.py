"""When the loss is measured: never more than a small part of the time goes there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charembed_tui.training.measuring_schedule import MeasuringSchedule

times = st.floats(1e-4, 1.0)


@st.composite
def many_steps(draw: st.DrawFn) -> list[float]:
    """Times of 50 to 200 steps, which may be all the same or of every size between two."""
    low, high, seed = draw(times), draw(times), draw(st.integers(0, 2**32 - 1))
    return (low * (high / low) ** np.random.default_rng(seed).random(50 + seed % 151)).tolist()


@pytest.mark.parametrize(("by_batches", "share"), [(False, 0.1), (True, 0.05)])
@given(many_steps(), times)
def test_measuring_takes_its_share_and_no_more(
    by_batches: bool, share: float, steps: list[float], measuring: float
) -> None:
    schedule = MeasuringSchedule(by_batches)
    assert not schedule.is_due()  # nobody knows yet what it takes
    schedule.note_measuring(measuring)
    measured, trained = 0, 0.0
    for seconds in steps:
        ahead = schedule.is_due(seconds)
        schedule.note_step(seconds)
        assert schedule.is_due() == ahead
        trained += seconds
        if schedule.is_due():
            schedule.note_measuring(measuring)
            measured += 1
    assert measured * measuring <= share * trained * (1 + 1e-9)
    # It is put off only until a step is over.
    most = measuring / share + max(steps)
    assert measured >= int(trained / most)


def test_one_slow_measurement_does_not_put_off_the_next_ones() -> None:
    schedule = MeasuringSchedule(by_batches=False)
    schedule.note_measuring(0.01)
    schedule.note_measuring(5.0)
    assert schedule.seconds == 0.01
    schedule.note_step(0.2)
    assert schedule.is_due()
