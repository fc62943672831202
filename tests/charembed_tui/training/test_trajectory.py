import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charembed_tui.training.trajectory import Trajectory


@given(st.integers(1, 300), st.integers(1, 50))
def test_keeps_first_and_last_in_bounded_memory(steps: int, frames: int) -> None:
    timeline = Trajectory(most_bytes=frames * 8)
    for step in range(steps):
        timeline.record(step, np.array([float(step)]))
        kept = timeline.frames()
        assert kept[0].step == 0
        assert kept[-1].step == step
        assert len(kept) <= max(frames, 4) + 1
        assert all(frame.theta[0] == frame.step for frame in kept)
    gaps = np.diff([frame.step for frame in kept])[:-1]
    assert len(set(gaps.tolist())) <= 1  # evenly spaced, but for the last


def test_everything_is_retained_while_there_is_room() -> None:
    timeline = Trajectory()
    for step in range(100):
        timeline.record(step, np.zeros(3))
    assert [frame.step for frame in timeline.frames()] == list(range(100))


def test_records_copies() -> None:
    timeline = Trajectory()
    theta = np.zeros(2)
    timeline.record(0, theta)
    theta[0] = 1.0
    assert timeline.frames()[0].theta.tolist() == [0.0, 0.0]


def test_an_empty_recording_has_no_frames() -> None:
    assert Trajectory().frames() == []
