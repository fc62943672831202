import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charembed_tui.loss_curve import LossCurve, bucketed

losses = st.lists(st.floats(0, 10), min_size=1, max_size=300)


@given(losses, st.integers(2, 40))
def test_stays_bounded_with_first_and_last(values: list[float], most: int) -> None:
    curve = LossCurve(most)
    for step, loss in enumerate(values):
        curve.add(step, loss)
        steps, shown = curve.arrays()
        assert len(steps) == len(shown) <= most
        assert (steps[0], shown[0]) == (0, values[0])
        assert (steps[-1], shown[-1]) == (step, loss)
        assert (np.diff(steps) > 0).all()


def test_a_second_measurement_of_a_step_replaces_the_first() -> None:
    curve = LossCurve()
    curve.add(0, 4.0)
    curve.add(0, 3.0)
    assert [a.tolist() for a in curve.arrays()] == [[0.0], [3.0]]


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
