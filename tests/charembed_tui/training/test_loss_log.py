import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charembed_tui.training.loss_log import Curve, LossCurve, bucketed, smoothed

losses = st.lists(st.floats(0, 10), min_size=1, max_size=300)


@given(losses, st.integers(2, 40))
def test_stays_bounded_with_first_and_last(values: list[float], most: int) -> None:
    curve = LossCurve(most)
    for step, loss in enumerate(values):
        curve.add(step, step / 10, step / 5, loss)
        kept = curve.curve()
        steps, shown = kept.steps, kept.losses
        np.testing.assert_allclose(kept.seconds * 2, kept.passes)
        assert len(steps) == len(shown) <= most
        assert (steps[0], shown[0]) == (0, values[0])
        assert (steps[-1], shown[-1]) == (step, loss)
        assert (np.diff(steps) > 0).all()


def test_a_second_measurement_of_a_step_replaces_the_first() -> None:
    curve = LossCurve()
    curve.add(0, 0.0, 0.0, 4.0)
    curve.add(0, 0.0, 0.0, 3.0)
    assert curve.curve().rows().tolist() == [[0.0, 0.0, 0.0, 3.0]]


@given(losses, st.integers(1, 50))
def test_buckets_keep_the_extremes_and_the_ends(values: list[float], columns: int) -> None:
    steps = np.arange(float(len(values)))
    kept_steps, kept = bucketed(steps, np.array(values), columns)
    assert len(kept) <= max(2 * columns + 2, 2)
    assert kept.min() == min(values)
    assert kept.max() == max(values)
    assert (kept_steps[0], kept_steps[-1]) == (steps[0], steps[-1])
    assert kept[0] == values[0]
    assert kept[-1] == values[-1]


def test_an_empty_curve() -> None:
    assert len(LossCurve().curve()) == 0


@given(losses)
def test_a_curve_goes_on_where_an_earlier_part_ended(values: list[float]) -> None:
    rows = np.array([[step, 0.0, 0.0, value] for step, value in enumerate(values)])
    curve = LossCurve()
    curve.extend(Curve.of(rows))
    curve.add(len(values), 0.0, 0.0, 5.0)
    assert curve.curve().losses.tolist() == [*values, 5.0]


@given(losses, st.floats(0.1, 20))
def test_smoothing_stays_within_what_came_before(values: list[float], half_life: float) -> None:
    array = np.array(values)
    smooth = smoothed(array, half_life)
    assert smooth[0] == values[0]
    assert (smooth <= np.maximum.accumulate(array) + 1e-12).all()
    assert (smooth >= np.minimum.accumulate(array) - 1e-12).all()
    assert smoothed(array, 0.0) is array


def test_smoothing_halves_the_weight_of_a_measurement_in_its_half_life() -> None:
    # After one measurement of 1 many of 0: the weighted mean of the one that is 1.
    smooth = smoothed(np.array([1.0, 0.0, 0.0]), 1.0)
    np.testing.assert_allclose(smooth, [1, (1 / 2) / (1 + 1 / 2), (1 / 4) / (1 + 1 / 2 + 1 / 4)])
