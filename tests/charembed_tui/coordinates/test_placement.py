from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from required import required

from charembed_tui.coordinates.placement import Place, Placement

COLUMNS, ROWS = 20, 10
positions = st.tuples(st.floats(-9, 29), st.floats(-9, 19))
glyphs = st.lists(st.tuples(positions, st.integers(1, 2)), min_size=1, max_size=60)


def update(placement: Placement, at: np.ndarray) -> list[Place | None]:
    return placement.update(at, np.ones(len(at), dtype=bool), COLUMNS, ROWS)


def cells(place: Place, width: int) -> list[tuple[int, int]]:
    covered = [(place.column + i, place.row) for i in range(width)]
    return [*covered, (place.arrow_column, place.row)] if place.arrow else covered


def is_outside(position: np.ndarray) -> bool:
    cell = np.rint(position)
    return bool((cell < 0).any() or (cell >= [COLUMNS, ROWS]).any())


@given(glyphs, st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), max_size=6))
def test_no_glyph_covers_another_wherever_they_go(
    first: list[tuple[tuple[float, float], int]], steps: list[tuple[float, float]]
) -> None:
    at, widths = np.array([p for p, _ in first]), [w for _, w in first]
    placement = Placement(widths)
    rng = np.random.default_rng(0)
    for step in [(0.0, 0.0), *steps]:
        at = at + step + rng.normal(size=at.shape)
        places = update(placement, at)
        covered = [
            c for p, w in zip(places, widths, strict=True) if p is not None for c in cells(p, w)
        ]
        assert len(covered) == len(set(covered))
        assert all(0 <= x < COLUMNS and 0 <= y < ROWS for x, y in covered)


@given(glyphs)
def test_arrows_point_at_what_is_outside_and_at_nothing_else(
    first: list[tuple[tuple[float, float], int]],
) -> None:
    at, widths = np.array([p for p, _ in first]), [w for _, w in first]
    for position, width, place in zip(at, widths, update(Placement(widths), at), strict=True):
        if place is None:
            continue
        assert bool(place.arrow) == is_outside(position)
        column, row = np.rint(position)
        if column < 0:
            assert place.arrow in "←↖↙"
            assert place.arrow_column == place.column - 1
        elif column >= COLUMNS:
            assert place.arrow in "→↗↘"
            assert place.arrow_column == place.column + width
        if place.arrow and row >= ROWS:
            assert place.arrow in "↑↖↗"
        elif place.arrow and row < 0:
            assert place.arrow in "↓↙↘"


@settings(max_examples=200)
@given(glyphs, st.integers(0, 2**32 - 1))
def test_no_glyph_changes_its_cell_for_less_than_a_cell_of_movement(
    first: list[tuple[tuple[float, float], int]], seed: int
) -> None:
    at, widths = np.array([p for p, _ in first]), [w for _, w in first]
    placement = Placement(widths)
    before = update(placement, at)
    rng = np.random.default_rng(seed)
    # Some go far away, the others tremble about where they were.
    goes = rng.random(len(at)) < 0.3
    for _ in range(5):
        near = at + rng.uniform(-0.99, 0.99, size=at.shape)
        far = rng.uniform(-9, 29, size=at.shape)
        after = update(placement, np.where(goes[:, None], far, near))
        for place, now, gone in zip(before, after, goes, strict=True):
            assert gone or place is None or place == now


@given(st.lists(positions, min_size=1, max_size=40))
def test_a_glyph_is_as_near_as_there_is_room(first: list[tuple[float, float]]) -> None:
    """Against a search of all cells, in the order of the glyphs."""
    at = np.array([p for p in first if not is_outside(np.array(p))] or [(3.0, 3.0)])
    free = {(x, y) for x in range(COLUMNS) for y in range(ROWS)}
    for position, place in zip(at, update(Placement([1] * len(at)), at), strict=True):
        column, row = np.rint(position)
        near = {c: (c[0] - column) ** 2 + 4 * (c[1] - row) ** 2 for c in free}
        cell = required(place)[:2]
        assert near[cell] == min(near.values())
        free.remove(cell)


def test_a_glyph_pushed_aside_stays_on_its_side() -> None:
    placement = Placement([1, 1])
    at = np.array([[5.0, 5.0], [5.0, 5.0]])
    first, second = map(required, update(placement, at))
    side = second.column - first.column
    assert (first[:2], abs(side), second.row) == ((5, 5), 1, 5)
    for column in (8, 11, 3, 15):  # both move together
        moved = update(placement, np.array([[column, 5.0], [column, 5.0]]))
        assert [required(p).column for p in moved] == [column, column + side]


def test_nothing_is_moved_across_the_whole_picture() -> None:
    at = np.full((500, 2), 50.0)
    places = Placement([1] * 500).update(at, np.ones(500, dtype=bool), 200, 100)
    assert places.count(None) > 300


def test_what_is_invisible_takes_no_place_and_comes_back_where_it_belongs() -> None:
    placement = Placement([1, 1])
    at = np.array([[5.0, 5.0], [5.0, 5.0]])
    update(placement, at)
    alone = placement.update(at, np.array([False, True]), COLUMNS, ROWS)
    assert alone[0] is None
    assert required(update(placement, at)[0]) != required(alone[1])
    # On a grid of another size all are placed anew.
    assert placement.update(at, np.array([True, True]), 40, 10)[0] == Place(5, 5)
