import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charembed_tui.training.change_scale import ChangeScale, paced
from charembed_tui.training.loss_log import NO_CURVE, Curve
from charembed_tui.training.trajectory import Frame
from model.families.log_bilinear.shape import LogBilinear

MODEL = LogBilinear(6, 2, 3)


def frames(*pictures: np.ndarray, steps: list[int] | None = None) -> list[Frame]:
    """A recording of embeddings (V, H)."""
    result = []
    for step, picture in zip(steps or range(len(pictures)), pictures, strict=True):
        theta = np.zeros(MODEL.parameter_count)
        theta[: picture.size] = picture.ravel()
        result.append(Frame(step, theta))
    return result


def curve(*losses: float) -> Curve:
    steps = np.arange(float(len(losses)))
    return Curve(steps, steps, steps, np.array(losses))


def test_half_of_the_scale_is_the_loss_and_half_the_picture() -> None:
    picture = np.random.default_rng(0).normal(size=(6, 3))
    moved = picture.copy()
    moved[0] += 0.1
    # First the loss falls by three quarters and the picture stands still, then by a quarter while
    # the picture moves.
    scale = ChangeScale.of(frames(picture, picture, moved), MODEL, curve(4.0, 1.0, 0.0))
    assert scale.part(1) == pytest.approx(0.375, abs=1e-5)
    assert scale.part(2) == 1
    assert scale.step(scale.part(1)) == pytest.approx(1)
    # Up is as much change as down.
    scale = ChangeScale.of(frames(picture, picture, picture), MODEL, curve(4.0, 5.0, 4.0))
    assert scale.part(1) == pytest.approx(0.5)


def test_size_and_place_of_a_picture_are_no_change() -> None:
    picture = np.random.default_rng(1).normal(size=(6, 3))
    other = picture[::-1]
    scale = ChangeScale.of(frames(picture, 7 * picture + 3, other), MODEL, NO_CURVE)
    assert scale.part(1) == pytest.approx(0, abs=1e-5)


def test_one_character_that_runs_away_is_not_the_picture() -> None:
    picture = np.random.default_rng(2).normal(size=(6, 3))
    away, all_moved = picture.copy(), picture.copy()
    away[0] += 1e6
    all_moved += np.random.default_rng(3).normal(size=(6, 3))
    all_moved[0] = away[0]
    scale = ChangeScale.of(frames(picture, away, all_moved), MODEL, NO_CURVE)
    assert scale.part(1) < 0.5


def test_recordings_in_which_nothing_moves_and_of_one_frame() -> None:
    picture = np.ones((6, 3))
    scale = ChangeScale.of(frames(picture, picture, picture, steps=[0, 10, 40]), MODEL, NO_CURVE)
    assert scale.part(10) == pytest.approx(0.25)
    alone = frames(picture)
    scale = ChangeScale.of(alone, MODEL, NO_CURVE)
    assert scale.part(7) == 0
    assert scale.step(0.5) == 0
    assert paced(alone, scale, 10) == [(alone[0], 1.0)]
    nothing = ChangeScale.of([], MODEL, NO_CURVE)
    assert nothing.part(3) == nothing.step(0.3) == 0
    assert paced([], nothing, 10) == []


@given(st.integers(2, 600), st.integers(2, 60), st.integers(0, 5))
def test_an_animation_shows_equal_changes(count: int, most: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    way = rng.normal(size=(count, 6, 3)) / (1 + np.arange(count))[:, None, None]
    recording = frames(*(rng.normal(size=(6, 3)) + way.cumsum(axis=0)))
    scale = ChangeScale.of(recording, MODEL, curve(*(4 * 0.9 ** np.arange(count))))
    assert (np.diff(scale.parts) >= 0).all()
    chosen = paced(recording, scale, most)
    steps = [frame.step for frame, _ in chosen]
    assert steps[0] == 0
    assert steps[-1] == recording[-1].step
    assert steps == sorted(set(steps))
    assert len(chosen) <= most
    assert sum(share for _, share in chosen) == pytest.approx(1)
    # A frame is on show until the next one's part of the change is due.
    parts = [scale.part(step) for step in steps]
    ends = np.cumsum([share for _, share in chosen])
    for end, part in zip(ends[:-1].tolist(), parts[1:], strict=True):
        assert part <= end * most / (most - 1) + 1e-6
