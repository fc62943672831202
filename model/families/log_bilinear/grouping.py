"""Which left halves of contexts are computed together, in pieces that threads take in turn.

A piece computes with those right halves only that it goes on with. What follows a left half is
decided by its last character most of all: few characters follow a comma, and no capital a small
letter. So left halves whose last characters have much the same followers make a piece: that leaves
57 % of the grid on Shakespeare, with contexts of three characters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.integer]

_PARTED_ELEMENTS = 1 << 21  # pairs or cells x V, from which pieces pay
_LEAST_PIECES, _MOST_PIECES = 4, 16
_CELLS = 20_000  # of a piece of the grid, which then stays in a core's cache
# Cells that may be computed for nothing to save a piece, which takes some 40 microseconds.
_CELLS_A_PIECE = 4000
_MOST_GROUPS = 300  # last characters: comparing more of them takes longer than it saves
_PAIRS_A_RIGHT = 16  # of a piece of observed pairs, at least, for each right half there is


def pieces_of_grid(
    lefts: IntArray, rights: IntArray, last: IntArray, right_count: int, vocabulary_size: int
) -> IntArray:
    """The piece of each left half, (L,), where all pairs of a piece are computed.

    Args:
        lefts: (P,) left half of each pair.
        rights: (P,) right half of each pair.
        last: (L,) the last character of each left half, ascending.
        right_count: how many right halves there are.
        vocabulary_size: V.
    """
    cells = len(last) * right_count
    if cells * vocabulary_size < _PARTED_ELEMENTS:
        return np.zeros(len(last), dtype=np.intp)
    most = max(_CELLS, cells // _MOST_PIECES)
    group: IntArray = np.unique(last, return_inverse=True)[1]
    columns: IntArray = np.array([right_count])
    if group[-1] >= _MOST_GROUPS:
        group = np.zeros(len(last), dtype=np.intp)
    else:
        follows = np.zeros((group[-1] + 1, right_count), dtype=np.float32)
        follows[group[lefts], rights] = 1
        merged, columns = _merged(np.bincount(group), follows, most)
        group = merged[group]
    piece = np.empty(len(last), dtype=np.intp)
    cost: list[int] = []
    for number, width in enumerate(columns):
        own = np.flatnonzero(group == number)
        for part in np.array_split(own, -(-len(own) * width // most)):
            piece[part] = len(cost)
            cost.append(len(part) * width)
    # The longest first, so that no thread begins one when the others are done.
    return np.argsort(np.argsort(-np.array(cost), kind="stable"))[piece]


def pieces_of_pairs(lefts: IntArray, shape: tuple[int, int], vocabulary_size: int) -> IntArray:
    """The piece of each left half, (L,), where the observed pairs alone are computed.

    Args:
        lefts: (P,) left half of each pair.
        shape: (L, R), how many halves of both kinds there are.
        vocabulary_size: V.
    """
    count = 1
    if len(lefts) * vocabulary_size >= _PARTED_ELEMENTS:
        # Each piece has sums of its own for its right halves.
        count = min(max(len(lefts) // (_PAIRS_A_RIGHT * shape[1]), _LEAST_PIECES), _MOST_PIECES)
    ends = np.cumsum(np.bincount(lefts, minlength=shape[0]))
    piece = (ends - 1) * count // len(lefts)
    return np.unique(piece, return_inverse=True)[1]


def _merged(
    rows: IntArray, follows: NDArray[np.float32], most: int
) -> tuple[IntArray, NDArray[np.intp]]:
    """Groups of left halves made one, those first that cost the fewest cells.

    Args:
        rows: (G,) left halves in each group.
        follows: (G, R) 1 where some of the group goes on with a right half; overwritten.
        most: cells in a group.

    Returns:
        (G,) the new number of each, and how many right halves the new ones go on with.
    """
    rows, number = rows.astype(float), np.arange(len(rows))
    while True:
        columns = follows.sum(axis=1)
        both = columns[:, None] + columns - follows @ follows.T  # right halves of two together
        cells = (rows[:, None] + rows) * both
        added = cells - (rows * columns)[:, None] - rows * columns
        added[(cells > most) | np.tri(len(rows), dtype=bool) | (rows == 0)] = np.inf
        added[rows == 0] = np.inf
        i, j = np.unravel_index(np.argmin(added), added.shape)
        if not added[i, j] < _CELLS_A_PIECE:
            found, merged = np.unique(number, return_inverse=True)
            return merged, columns[found].astype(np.intp)
        rows[i], rows[j] = rows[i] + rows[j], 0
        np.maximum(follows[i], follows[j], out=follows[i])
        follows[j] = 0
        number[number == j] = i
