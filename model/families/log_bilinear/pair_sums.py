"""Sums over the observed pairs of some left and right halves of contexts.

Two forms of the same two operations: on the whole grid of halves by matrix products, where much of
it is observed, and on the observed pairs alone, where little is.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy import sparse

from model.interruption import give_up_if_unwanted

Array = NDArray[np.floating]
IntArray = NDArray[np.integer]

# Bytes of a block of gathered rows: stays in a core's cache, and is large enough that threads
# seldom wait for the interpreter between two blocks.
_BLOCK_BYTES = 1 << 20
# Measured cost of one element of the grid (three matrix products) against one of the observed
# pairs (gathers and sparse products).
_GRID_COST = 0.07


def cost(pairs: int, left: int, right: int) -> float:
    """Expected cost of the cheaper form, in units of one observed pair."""
    return min(_GRID_COST * left * right, pairs)


def on_grid(pairs: int, left: int, right: int) -> bool:
    """Whether the grid is the cheaper form."""
    return _GRID_COST * left * right <= pairs


class PairSums(Protocol):
    """The pairs of some left and some right halves, in the order of the left ones."""

    def normalizers(self, left: Array, right: Array) -> Array:
        """Z[l, r] = sum_c left[l, c] right[r, c] of each pair; (P,), which the caller may change.

        Args:
            left: (L, V) products of the left halves.
            right: (R, V) products of the right halves.
        """
        ...

    def sums(self, ratios: Array, left: Array, right: Array, to_left: Array) -> Array:
        """With S[l, r] = `ratios`, (P,), of each pair: S @ right to `to_left`; S.T @ left.

        All are of the type that the pairs were made for.
        """
        ...


class Grid:
    """Matrix products on all pairs of halves, observed or not.

    Args:
        lefts: (P,) left half of each pair, ascending.
        rights: (P,) right half of each pair.
        shape: (L, R), how many halves of both kinds there are.
        dtype: of the products.
    """

    def __init__(
        self,
        lefts: IntArray,
        rights: IntArray,
        shape: tuple[int, int],
        dtype: DTypeLike,
    ) -> None:
        self._cells = lefts.astype(np.intp) * shape[1] + rights
        self._grid = np.empty(shape, dtype=dtype)

    def normalizers(self, left: Array, right: Array) -> Array:
        """Z of each pair; see `PairSums`."""
        out = self._grid if left.dtype == self._grid.dtype else None
        return np.matmul(left, right.T, out=out).take(self._cells)

    def sums(self, ratios: Array, left: Array, right: Array, to_left: Array) -> Array:
        """Both sums; see `PairSums`."""
        grid = self._grid
        grid.fill(0.0)
        grid.reshape(-1)[self._cells] = ratios  # a view that was held would not survive a pickle
        np.matmul(grid, right, out=to_left)
        return grid.T @ left


class Observed:
    """Blocks of gathered rows and sparse products, on the observed pairs alone.

    Arguments are those of `Grid`.
    """

    def __init__(
        self,
        lefts: IntArray,
        rights: IntArray,
        shape: tuple[int, int],
        dtype: DTypeLike,
    ) -> None:
        self._l, self._r = lefts.astype(np.intp), rights.astype(np.intp)
        ends = np.searchsorted(lefts, np.arange(shape[0] + 1)).astype(np.int32)
        self._ratios = sparse.csr_array(
            (np.zeros(len(lefts), dtype=dtype), rights.astype(np.int32), ends), shape=shape
        )
        self._transposed = self._ratios.T  # making it takes as long as a small product

    def normalizers(self, left: Array, right: Array) -> Array:
        """Z of each pair; see `PairSums`."""
        out = np.empty(len(self._l), dtype=left.dtype)
        block = max(1, _BLOCK_BYTES // left[0].nbytes)
        gathered = np.empty((2, min(block, len(out)), left.shape[1]), dtype=left.dtype)
        for start in range(0, len(out), block):
            give_up_if_unwanted()
            stop = min(start + block, len(out))
            a, b = gathered[:, : stop - start]
            # 'clip' takes without a detour through a buffer; the indices are in range.
            np.take(left, self._l[start:stop], axis=0, out=a, mode="clip")
            np.take(right, self._r[start:stop], axis=0, out=b, mode="clip")
            np.einsum("ij,ij->i", a, b, out=out[start:stop])
        return out

    def sums(self, ratios: Array, left: Array, right: Array, to_left: Array) -> Array:
        """Both sums; see `PairSums`."""
        # Both get them: whether they share memory does not survive a pickle.
        self._ratios.data = self._transposed.data = ratios.astype(self._ratios.dtype, copy=False)
        to_left[...] = self._ratios @ right
        return np.asarray(self._transposed @ left)
