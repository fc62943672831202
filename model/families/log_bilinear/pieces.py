"""Some left halves of contexts, and all that is computed with them while they are near.

Products of table rows, normalizers and expected counts: one piece of a text goes through all of it
before the next begins, so that what one step leaves is in the core's cache for the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.families.log_bilinear.half_contexts import HalfContexts
from model.families.log_bilinear.pair_sums import Grid, Observed, PairSums
from model.families.log_bilinear.underflow import least_normalizer
from model.unique_ngrams import ranks

Array = NDArray[np.floating]
IntArray = NDArray[np.integer]

_NONE = np.empty(0, dtype=np.intp)
_MOST_OF_ALL = 0.9  # right halves: so many are not worth a choice among them


class Piece:
    """The contexts of neighbouring left halves.

    Args:
        half: all left halves.
        rows: which of them.
        first: number of the piece's first context among all.
        lefts: (P,) left half of each of the piece's contexts, ascending.
        rights: (P,) right half of each.
        weights: (P,) how often each occurs.
        right_count: how many right halves there are.
        dtype: of the products from which gradients are made.
        is_on_grid: whether all pairs are computed, or the observed ones alone.

    Attributes:
        columns: which of the right halves its contexts go on with; None for all.
    """

    def __init__(
        self,
        half: HalfContexts,
        rows: slice,
        first: int,
        lefts: IntArray,
        rights: IntArray,
        weights: NDArray[np.float64],
        right_count: int,
        dtype: DTypeLike,
        is_on_grid: bool,
    ) -> None:
        self._rows, self._nodes = rows, half.some(rows)
        self._first, self._weights = first, weights
        columns, places = ranks(rights, right_count)
        self.columns: IntArray | None = None
        if len(columns) <= _MOST_OF_ALL * right_count:
            self.columns, rights, right_count = columns, places, len(columns)
        kind = Grid if is_on_grid else Observed
        shape = rows.stop - rows.start, right_count
        self._pairs: PairSums = kind(lefts - rows.start, rights, shape, dtype)

    def log_normalizers(
        self, tables: Array, shorter: Array, right: Array, left: Array
    ) -> tuple[float, IntArray]:
        """Sum of n ln Z, and which contexts are left out as their normalizer is too small.

        Args:
            tables: (M, V, V), of which products are made.
            shorter: products over the left halves without their last character.
            right: (R, V) products over all right halves.
            left: (L, V) room for those over all left halves; the piece writes its own.
        """
        left = self._nodes.products(tables, shorter, left[self._rows])
        total, unsafe, _ = self._ratios(left, self._own(right))
        return total, unsafe

    def expectations(
        self, tables: Array, shorter: Array, right: Array, left: Array, to_left: Array
    ) -> tuple[float, IntArray, Array]:
        """As `log_normalizers`, with the expected counts; all of the type of the piece.

        Those of left halves go to `to_left`, (L, V). What goes back to the right halves is
        returned, (columns, V), still to be multiplied by these.
        """
        left, to_left = self._nodes.products(tables, shorter, left[self._rows]), to_left[self._rows]
        right = self._own(right)
        total, unsafe, ratios = self._ratios(left, right)
        to_right = self._pairs.sums(ratios, left, right, to_left)
        to_left *= left
        return total, unsafe, to_right

    def _own(self, right: Array) -> Array:
        return right if self.columns is None else right.take(self.columns, axis=0, mode="clip")

    def _ratios(self, left: Array, right: Array) -> tuple[float, IntArray, NDArray[np.float64]]:
        """Sum of n ln Z, contexts that are left out, and n / Z, 0 for those."""
        z = self._pairs.normalizers(left, right).astype(np.float64, copy=False)
        least, unsafe = least_normalizer(left.dtype), _NONE
        if not np.minimum.reduce(z) >= least:
            unsafe = np.flatnonzero(~(z >= least))
            z[unsafe] = 1.0
        total = float(self._weights @ np.log(z))
        ratios = np.divide(self._weights, z, out=z)
        if len(unsafe):
            ratios[unsafe] = 0.0
            unsafe = unsafe + self._first
        return total, unsafe, ratios
