"""Where on a grid of cells glyphs go, so that none hides another."""

from __future__ import annotations

from collections.abc import Sequence

_REACH = 7  # cells a glyph may be moved, before it is left out


def place(
    wanted: Sequence[tuple[int, int]], widths: Sequence[int], columns: int, rows: int
) -> list[tuple[int, int] | None]:
    """Find a cell for each glyph, as near to the wanted one as is free; earlier glyphs go first.

    Args:
        wanted: column and row of each; those outside the grid are left out.
        widths: how many cells each takes to the right, 1 or 2.
        columns: of the grid.
        rows: of the grid.

    Returns:
        A cell for each glyph, None for those outside and those that found no free place.
    """
    taken: set[tuple[int, int]] = set()
    result: list[tuple[int, int] | None] = []
    for (column, row), width in zip(wanted, widths, strict=True):
        found = None
        if 0 <= column < columns and 0 <= row < rows:
            for right, up in _NEARBY:
                x, y = column + right, row + up
                if (
                    0 <= x <= columns - width
                    and 0 <= y < rows
                    and (x, y) not in taken
                    and (width == 1 or (x + 1, y) not in taken)
                ):
                    found = (x, y)
                    taken.update({(x, y), (x + width - 1, y)})
                    break
        result.append(found)
    return result


# A cell is about twice as high as wide.
_NEARBY = sorted(
    ((x, y) for x in range(-_REACH, _REACH + 1) for y in range(-_REACH // 2, _REACH // 2 + 1)),
    key=lambda step: (step[0] ** 2 + 4 * step[1] ** 2, step),
)
