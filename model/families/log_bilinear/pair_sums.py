"""Sums over the observed pairs of left and right halves of contexts.

Two forms of the same two operations: on the whole grid of halves by matrix products, where much of
it is observed, and on the observed pairs alone, where little is. Both are cut into parts of
neighbouring left halves, one a thread.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy import sparse

from model.interruption import give_up_if_unwanted
from model.parallel import blas_is_single_threaded, in_parallel, thread_count

Array = NDArray[np.floating]
IntArray = NDArray[np.integer]

# Bytes of a block of gathered rows: stays in a core's cache, and is large enough that threads
# seldom wait for the interpreter between two blocks.
_BLOCK_BYTES = 1 << 20
# Elements (pairs or cells x V) from which a second thread pays for being woken.
_THREADED_ELEMENTS = 1 << 21
# Measured cost of one element of the grid (three matrix products) against one of the observed
# pairs (gathers and sparse products).
_GRID_COST = 0.07


def cost(pairs: int, left: int, right: int) -> float:
    """Expected cost of the cheaper form, in units of one observed pair."""
    return min(_GRID_COST * left * right, pairs)


def on_grid(pairs: int, left: int, right: int) -> bool:
    """Whether the whole grid of halves is the cheaper form."""
    return _GRID_COST * left * right <= pairs


class PairSums:
    """The cheaper form for the pairs (lefts[i], rights[i]), sorted by left half, then right.

    Args:
        lefts: (P,) left half of each pair.
        rights: (P,) right half of each pair.
        weights: (P,) n, how often each pair occurs.
        shape: (L, R), how many halves of both kinds there are.
        vocabulary_size: V.
        dtype: of the products, float64 or float32.
        least: normalizers below it are not trusted.
    """

    def __init__(
        self,
        lefts: IntArray,
        rights: IntArray,
        weights: NDArray[np.float64],
        shape: tuple[int, int],
        vocabulary_size: int,
        dtype: DTypeLike,
        least: float,
    ) -> None:
        self._weights, self._least = weights, least
        self._shape, self._dtype = shape, dtype
        cells = shape[0] * shape[1]
        on_grid = _GRID_COST * cells <= len(lefts)
        elements = (cells if on_grid else len(lefts)) * vocabulary_size
        threads = thread_count() if elements >= _THREADED_ELEMENTS else 1
        if on_grid and threads > 1 and not blas_is_single_threaded():
            threads = 1
        # Cut between left halves, so that no two threads write to the same row: the rows of the
        # grid shared out evenly, or the pairs.
        if on_grid:
            cuts = [shape[0] * i // threads for i in range(1, threads)]
        else:
            cuts = lefts[[len(lefts) * i // threads for i in range(1, threads)]].tolist()
        bounds = sorted({0, *cuts, shape[0]})
        self._parts: list[_Part] = []
        for start, stop in pairwise(bounds):
            pairs = slice(*np.searchsorted(lefts, [start, stop]).tolist())
            own = lefts[pairs] - start, rights[pairs], (stop - start, shape[1])
            kind = _Grid if on_grid else _Observed
            self._parts.append(kind(slice(start, stop), pairs, *own, vocabulary_size, dtype))

    def log_normalizers(self, left: Array, right: Array) -> tuple[float, IntArray]:
        """Sum of n ln Z over the pairs with Z[l, r] = sum_c left[l, c] right[r, c], and the others.

        Args:
            left: (L, V) products of the left halves.
            right: (R, V) products of the right halves.

        Returns:
            The sum, and which pairs were left out because their normalizer is too small.
        """
        results = in_parallel([partial(self._ratios, p, left, right) for p in self._parts])
        return sum(r[0] for r in results), np.concatenate([r[1] for r in results])

    def expectations(self, left: Array, right: Array) -> tuple[float, IntArray, Array, Array]:
        """As `log_normalizers`, and with S = n / Z: S @ right, (L, V), and S.T @ left, (R, V)."""
        to_left = np.empty((self._shape[0], left.shape[1]), dtype=self._dtype)

        def work(part: _Part) -> tuple[float, IntArray, Array]:
            total, unsafe, ratios = self._ratios(part, left, right)
            return total, unsafe, part.sums(ratios, left[part.lefts], right, to_left[part.lefts])

        results = in_parallel([partial(work, part) for part in self._parts])
        to_right = results[0][2]
        for _, _, more in results[1:]:
            to_right += more
        unsafe = np.concatenate([r[1] for r in results])
        return sum(r[0] for r in results), unsafe, to_left, to_right

    def _ratios(
        self, part: _Part, left: Array, right: Array
    ) -> tuple[float, IntArray, NDArray[np.float64]]:
        """Of one part: sum of n ln Z, untrusted pairs, and n / Z, 0 for those."""
        z = part.normalizers(left[part.lefts], right).astype(float, copy=False)
        weights = self._weights[part.pairs]
        unsafe: IntArray = np.empty(0, dtype=np.intp)
        if not z.min() >= self._least:
            unsafe = np.flatnonzero(~(z >= self._least))
            z[unsafe] = 1.0
        total = float(weights @ np.log(z))
        ratios = np.divide(weights, z, out=z)
        ratios[unsafe] = 0.0
        return total, unsafe + part.pairs.start, ratios


class _Part(Protocol):
    """The pairs of some neighbouring left halves; `left` holds the rows of these halves only."""

    lefts: slice
    pairs: slice

    def normalizers(self, left: Array, right: Array) -> Array:
        """Z of each pair."""
        ...

    def sums(self, ratios: NDArray[np.float64], left: Array, right: Array, to_left: Array) -> Array:
        """S @ right goes to `to_left`; returns S.T @ left."""
        ...


class _Grid:
    """Matrix products on all pairs of halves, observed or not."""

    def __init__(
        self,
        lefts: slice,
        pairs: slice,
        l_own: IntArray,
        r_own: IntArray,
        shape: tuple[int, int],
        vocabulary_size: int,
        dtype: DTypeLike,
    ) -> None:
        self.lefts, self.pairs = lefts, pairs
        self._cells = l_own.astype(np.intp) * shape[1] + r_own
        self._products = np.empty(shape, dtype=dtype)
        # Zero off the observed pairs, for good.
        self._ratios = np.zeros(shape, dtype=dtype)

    def normalizers(self, left: Array, right: Array) -> Array:
        np.matmul(left, right.T, out=self._products)
        return np.take(self._products, self._cells)

    def sums(self, ratios: NDArray[np.float64], left: Array, right: Array, to_left: Array) -> Array:
        self._ratios.ravel()[self._cells] = ratios
        np.matmul(self._ratios, right, out=to_left)
        return self._ratios.T @ left


class _Observed:
    """Blocks of gathered rows and sparse products, on the observed pairs alone."""

    def __init__(
        self,
        lefts: slice,
        pairs: slice,
        l_own: IntArray,
        r_own: IntArray,
        shape: tuple[int, int],
        vocabulary_size: int,
        dtype: DTypeLike,
    ) -> None:
        self.lefts, self.pairs = lefts, pairs
        self._l, self._r = l_own.astype(np.intp), r_own.astype(np.intp)
        ends = np.searchsorted(l_own, np.arange(shape[0] + 1)).astype(np.int32)
        self._ratios = sparse.csr_array(
            (np.zeros(len(l_own), dtype=dtype), r_own.astype(np.int32), ends), shape=shape
        )
        self._block = max(1, _BLOCK_BYTES // (vocabulary_size * np.dtype(dtype).itemsize))
        rows = min(self._block, len(l_own))
        self._gathered = np.empty((2, rows, vocabulary_size), dtype=dtype)

    def normalizers(self, left: Array, right: Array) -> Array:
        out = np.empty(len(self._l), dtype=left.dtype)
        for start in range(0, len(out), self._block):
            give_up_if_unwanted()
            stop = min(start + self._block, len(out))
            a, b = self._gathered[:, : stop - start]
            # 'clip' takes without a detour through a buffer; the indices are in range.
            np.take(left, self._l[start:stop], axis=0, out=a, mode="clip")
            np.take(right, self._r[start:stop], axis=0, out=b, mode="clip")
            np.einsum("ij,ij->i", a, b, out=out[start:stop])
        return out

    def sums(self, ratios: NDArray[np.float64], left: Array, right: Array, to_left: Array) -> Array:
        self._ratios.data[:] = ratios
        to_left[...] = self._ratios @ right
        return np.asarray(self._ratios.T @ left)
