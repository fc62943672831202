from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charembed_tui.coordinates.ticks import round_ticks, rounded, short


@pytest.mark.parametrize("value", [0, 1, -1.5, 1e-9, 123456, 1e7, -3e12, 0.001, 9999.4])
def test_labels_are_short_and_close(value: float) -> None:
    text = short(value)
    assert len(text) <= 6
    number = float(text.replace("k", "e3").replace("M", "e6"))
    assert number == pytest.approx(value, rel=0.5 if abs(value) > 1e9 else 0.01)


def test_ticks_are_round_and_inside() -> None:
    assert round_ticks(0, 10, 5) == [0, 2, 4, 6, 8, 10]
    assert round_ticks(-0.3, 0.3, 3) == pytest.approx([-0.2, 0, 0.2])
    assert round_ticks(3, 3, 5) == [3]


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_a_rounded_number_is_near_and_has_few_digits(value: float, distance: float) -> None:
    result = rounded(value, distance)
    assert abs(result - value) < distance
    # So few that no other round number is nearer to all of the distance.
    assert abs(result) < 1e-12 or abs(result) >= distance / 10
