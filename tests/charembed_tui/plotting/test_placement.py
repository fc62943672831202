from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charembed_tui.exports.axis_range import Range
from charembed_tui.plotting.placement import place

cells = st.tuples(st.integers(-3, 25), st.integers(-3, 12))


@given(st.lists(st.tuples(cells, st.integers(1, 2)), max_size=80))
def test_no_glyph_covers_another(wanted: list[tuple[tuple[int, int], int]]) -> None:
    places = [cell for cell, _ in wanted]
    widths = [width for _, width in wanted]
    result = place(places, widths, 20, 10)
    covered: list[tuple[int, int]] = []
    for (column, row), width, cell in zip(places, widths, result, strict=True):
        inside = 0 <= column < 20 and 0 <= row < 10
        assert inside or cell is None
        if cell is not None:
            assert 0 <= cell[0] <= 20 - width
            assert 0 <= cell[1] < 10
            covered += [(cell[0] + i, cell[1]) for i in range(width)]
    assert len(covered) == len(set(covered))


def test_what_has_room_stays_and_what_has_not_moves_a_little() -> None:
    assert place([(3, 3), (9, 9)], [1, 1], 20, 10) == [(3, 3), (9, 9)]
    first, second, third = place([(5, 5)] * 3, [1] * 3, 20, 10)
    assert first == (5, 5)
    assert {second, third} == {(4, 5), (6, 5)}
    # Nothing is moved across the whole picture.
    assert place([(5, 5)] * 500, [1] * 500, 100, 50).count(None) > 300


values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30).map(np.array)


@given(values, values)
def test_a_range_always_holds_what_it_follows(first: np.ndarray, second: np.ndarray) -> None:
    shown = Range.around(first).following(second)
    assert shown.low < second.min()
    assert shown.high > second.max()
    cells = shown.cells(second, 40)
    assert ((cells >= 0) & (cells < 40)).all()


def test_a_range_grows_at_once_and_shrinks_little_by_little() -> None:
    wide = Range.around(np.array([0.0, 100.0]))
    narrow = Range.around(np.array([40.0, 60.0]))
    after = wide.following(np.array([40.0, 60.0]))
    assert wide.low < after.low < narrow.low
    for _ in range(40):
        after = after.following(np.array([40.0, 60.0]))
    cell = 0.03 * (narrow.high - narrow.low)
    np.testing.assert_allclose([after.low, after.high], [narrow.low, narrow.high], 0, cell)


def test_a_range_does_not_move_for_less_than_a_cell() -> None:
    shown = Range.around(np.array([0.0, 100.0]))
    assert shown.following(np.array([1.0, 102.0])) == shown
    moved = shown.following(np.array([1.0, 105.0]))
    assert moved.low == shown.low
    assert moved.high == Range.around(np.array([1.0, 105.0])).high


def test_zoom_and_pan() -> None:
    shown = Range(0.0, 10.0)
    assert shown.zoomed(0.5) == Range(2.5, 7.5)
    assert shown.panned(0.1) == Range(1.0, 11.0)
    # Far outside, a cell is outside too, not wrapped round.
    assert shown.cells(np.array([-1e300, 1e300]), 20).tolist() == [-9, 29]
