"""Sums over the observed pairs of left and right halves of contexts.

Two forms of the same two operations: on the whole grid of halves by matrix products, where much of
it is observed, and on the observed pairs alone, where little is.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy import sparse

from model.parallel import in_parallel, thread_count

Array = NDArray[np.floating]
IntArray = NDArray[np.integer]

# Bytes of a block of gathered rows: stays in a core's cache, and is large enough that threads
# seldom wait for the interpreter between two blocks.
_BLOCK_BYTES = 1 << 20
# Elements (pairs x V) from which a second thread pays for being woken.
_THREADED_ELEMENTS = 1 << 21
# Measured cost of one element of the grid (three matrix products) against one of the observed
# pairs (gathers and sparse products).
_GRID_COST = 0.07


class PairSums(Protocol):
    """Pairs are sorted by left half, then right."""

    def normalizers(self, left: Array, right: Array) -> Array:
        """sum_c left[l, c] right[r, c] of every pair; (L, V), (R, V) -> (pairs,)."""
        ...

    def weighted_sums(self, ratios: Array, left: Array, right: Array) -> tuple[Array, Array]:
        """With S[l, r] the ratio of each pair: S @ right, (L, V), and S.T @ left, (R, V)."""
        ...


def cost(pairs: int, left: int, right: int) -> float:
    """Expected cost of the cheaper form, in units of one observed pair."""
    return min(_GRID_COST * left * right, pairs)


def pair_sums(
    lefts: IntArray,
    rights: IntArray,
    shape: tuple[int, int],
    vocabulary_size: int,
    dtype: DTypeLike,
) -> PairSums:
    """The cheaper form for pairs (lefts[i], rights[i]) on a grid of this shape."""
    if _GRID_COST * shape[0] * shape[1] <= len(lefts):
        return _Grid(lefts, rights, shape, dtype)
    return _Observed(lefts, rights, shape, vocabulary_size, dtype)


class _Grid:
    """Matrix products on all pairs of halves, observed or not."""

    def __init__(
        self, lefts: IntArray, rights: IntArray, shape: tuple[int, int], dtype: DTypeLike
    ) -> None:
        self._cells = lefts.astype(np.intp) * shape[1] + rights
        self._products = np.empty(shape, dtype=dtype)
        # Zero off the observed pairs, for good.
        self._ratios = np.zeros(shape, dtype=dtype)

    def normalizers(self, left: Array, right: Array) -> Array:
        np.matmul(left, right.T, out=self._products)
        return np.take(self._products, self._cells)

    def weighted_sums(self, ratios: Array, left: Array, right: Array) -> tuple[Array, Array]:
        self._ratios.ravel()[self._cells] = ratios
        return self._ratios @ right, self._ratios.T @ left


class _Part:
    """The pairs of some neighbouring left halves: what one thread works on."""

    def __init__(
        self,
        lefts: IntArray,
        rights: IntArray,
        pairs: slice,
        columns: int,
        dtype: DTypeLike,
        width: int,
    ) -> None:
        self.pairs = pairs
        own = lefts[pairs]
        self.lefts = slice(int(own[0]), int(own[-1]) + 1)
        local = (own - self.lefts.start).astype(np.int32)
        rows = self.lefts.stop - self.lefts.start
        ends = np.searchsorted(local, np.arange(rows + 1)).astype(np.int32)
        self._l = own.astype(np.intp)
        self._r = rights[pairs].astype(np.intp)
        self.ratios = sparse.csr_array(
            (np.zeros(len(own), dtype=dtype), rights[pairs].astype(np.int32), ends),
            shape=(rows, columns),
        )
        self.block = max(1, _BLOCK_BYTES // (width * np.dtype(dtype).itemsize))
        self._gathered = np.empty((2, min(self.block, len(own)), width), dtype=dtype)

    def normalizers(self, left: Array, right: Array, out: Array) -> None:
        for start in range(0, len(self._l), self.block):
            stop = min(start + self.block, len(self._l))
            a, b = self._gathered[:, : stop - start]
            # 'clip' takes without a detour through a buffer; the indices are in range.
            np.take(left, self._l[start:stop], axis=0, out=a, mode="clip")
            np.take(right, self._r[start:stop], axis=0, out=b, mode="clip")
            np.einsum("ij,ij->i", a, b, out=out[start:stop])


class _Observed:
    """Blocks of gathered rows and sparse products, on the observed pairs alone."""

    def __init__(
        self,
        lefts: IntArray,
        rights: IntArray,
        shape: tuple[int, int],
        vocabulary_size: int,
        dtype: DTypeLike,
    ) -> None:
        self._shape, self._dtype = shape, dtype
        threads = thread_count() if len(lefts) * vocabulary_size >= _THREADED_ELEMENTS else 1
        # Cut where a left half ends, so that no two threads write to the same row.
        middles = lefts[[len(lefts) * i // threads for i in range(threads)]]
        bounds = sorted({*np.searchsorted(lefts, middles).tolist(), len(lefts)})
        self._parts = [
            _Part(lefts, rights, slice(a, b), shape[1], dtype, vocabulary_size)
            for a, b in pairwise(bounds)
        ]

    def normalizers(self, left: Array, right: Array) -> Array:
        out = np.empty(self._parts[-1].pairs.stop, dtype=self._dtype)
        in_parallel([partial(p.normalizers, left, right, out[p.pairs]) for p in self._parts])
        return out

    def weighted_sums(self, ratios: Array, left: Array, right: Array) -> tuple[Array, Array]:
        to_left = np.zeros((self._shape[0], left.shape[1]), dtype=self._dtype)

        def work(part: _Part) -> Array:
            part.ratios.data[:] = ratios[part.pairs]
            to_left[part.lefts] = part.ratios @ right
            return np.asarray(part.ratios.T @ left[part.lefts])

        to_right = in_parallel([partial(work, part) for part in self._parts])
        for more in to_right[1:]:
            to_right[0] += more
        return to_left, to_right[0]
