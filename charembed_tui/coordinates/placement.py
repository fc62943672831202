"""Where on a grid of cells glyphs go: none hides another, and none moves without need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_REACH = 7  # cells a glyph may be moved, before it is left out
_BORDER_REACH = 15  # cells along the border
_ARROWS = {
    (-1, 0): "←",
    (1, 0): "→",
    (0, 1): "↑",
    (0, -1): "↓",
    (-1, 1): "↖",
    (1, 1): "↗",
    (1, -1): "↘",
    (-1, -1): "↙",
}
_Step = tuple[int, int]


class Place(NamedTuple):
    """A place is the cell of a glyph, and an arrow beside it where its character is outside."""

    column: int
    row: int
    arrow: str = ""
    arrow_column: int = 0


class Placement:
    """Every glyph has a place as near to where it belongs as is free, and keeps it.

    A glyph is placed anew when it belongs a cell or more from where it belonged when it was placed
    last. Those that stay have their places before those that move; of these, the ones outside come
    first, which stand at the border with an arrow. A glyph pushed aside stays on its side.

    Args:
        widths: (V,) how many cells each glyph takes to the right, 1 or 2.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        self._widths = list(widths)
        self.forget()

    def forget(self) -> None:
        """Place all anew the next time."""
        self._grid = (0, 0)
        self._places: list[Place | None] = [None] * len(self._widths)
        self._sides: list[_Step] = [(0, 0)] * len(self._widths)
        self._belonged = np.full((len(self._widths), 2), np.nan)

    def update(
        self, positions: Array, is_visible: NDArray[np.bool_], columns: int, rows: int
    ) -> list[Place | None]:
        """Return the places for new positions.

        Args:
            positions: (V, 2) in cells from the lower left one, finite.
            is_visible: (V,) whether a glyph is to be placed at all.
            columns: of the grid.
            rows: of the grid.

        Returns:
            (V,) places, None for those invisible and those that found no free cell.
        """
        if self._grid != (columns, rows):
            self.forget()
            self._grid = (columns, rows)
        # Beyond the border nothing moves.
        positions = np.clip(positions, -1.0, np.array([columns, rows], dtype=np.float64))
        # What is nowhere differs from everything.
        stays = (np.abs(positions - self._belonged) < 1).all(axis=1)
        for i in np.flatnonzero(~is_visible).tolist():
            self._places[i] = None
        self._belonged[~is_visible] = np.nan
        moving = is_visible & ~stays
        if moving.any():
            homeless = [i for i in np.flatnonzero(is_visible).tolist() if self._places[i] is None]
            self._place({*np.flatnonzero(moving).tolist(), *homeless}, positions)
        return list(self._places)

    def _place(self, moving: set[int], positions: Array) -> None:
        taken: set[_Step] = set()
        for i, place in enumerate(self._places):
            if place is not None and i not in moving:
                taken.update(_covered(place, self._widths[i]))
        size = np.array(self._grid)
        wanted = np.rint(positions).astype(int)
        outward = (wanted >= size).astype(int) - (wanted < 0).astype(int)
        is_outside = outward.any(axis=1)
        self._belonged[list(moving)] = positions[list(moving)]
        for i in sorted(moving, key=lambda i: (not is_outside[i], i)):
            column, row = wanted[i].tolist()
            right, up = outward[i].tolist()
            if is_outside[i]:
                places = self._at_border(column, row, right, up, self._widths[i])
            else:
                places = self._inside(column, row, self._widths[i], self._sides[i])
            self._places[i] = None
            for place in places:
                cells = _covered(place, self._widths[i])
                if taken.isdisjoint(cells):
                    self._places[i] = place
                    taken.update(cells)
                    aside = place.column - column, place.row - row
                    self._sides[i] = (0, 0) if is_outside[i] else _side(*aside)
                    break

    def _inside(self, column: int, row: int, width: int, side: _Step) -> Iterable[Place]:
        columns, rows = self._grid
        for right, up in _NEARBY[side]:
            x, y = column + right, row + up
            if 0 <= x <= columns - width and 0 <= y < rows:
                yield Place(x, y)

    def _at_border(self, column: int, row: int, right: int, up: int, width: int) -> Iterable[Place]:
        columns, rows = self._grid
        first, last = (1, columns - width) if right < 0 else (0, columns - width - 1)
        column, row = min(max(first, column), last), min(max(0, row), rows - 1)
        for x, y in _ALONG:
            if (x and right and not up) or (y and up and not right):
                continue  # that leads away from the border
            x, y = column + x, row + y
            if first <= x <= last and 0 <= y < rows:
                yield Place(x, y, _ARROWS[right, up], x - 1 if right < 0 else x + width)


def _covered(place: Place, width: int) -> list[_Step]:
    cells = [(place.column + i, place.row) for i in range(width)]
    return [*cells, (place.arrow_column, place.row)] if place.arrow else cells


def _side(x: int, y: int) -> _Step:
    return (x > 0) - (x < 0), (y > 0) - (y < 0)


def _distance(step: _Step) -> int:
    """Return the square of a length; a cell is about twice as high as wide."""
    return step[0] ** 2 + 4 * step[1] ** 2


def _nearby(side: _Step) -> list[_Step]:
    """Return all steps, the shortest first, and of those as short the ones to a side."""
    steps = [
        (x, y) for x in range(-_REACH, _REACH + 1) for y in range(-_REACH // 2, _REACH // 2 + 1)
    ]
    return sorted(steps, key=lambda s: (_distance(s), -(side[0] * s[0] + side[1] * s[1]), s))


_NEARBY = {(x, y): _nearby((x, y)) for x in (-1, 0, 1) for y in (-1, 0, 1)}
_ALONG = sorted(
    [(x, 0) for x in range(-_BORDER_REACH, _BORDER_REACH + 1)]
    + [(0, y) for y in range(-_BORDER_REACH, _BORDER_REACH + 1) if y],
    key=lambda step: (_distance(step), step),
)
