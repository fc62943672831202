"""Log normalizers and expected counts of some contexts, from the products of their halves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.special import logsumexp

from model.families.log_bilinear.half_contexts import HalfContexts
from model.families.log_bilinear.logit_tables import LogitTables
from model.families.log_bilinear.pair_sums import PairSums, cost
from model.ngrams import NgramTable
from model.parallel import in_parallel

Array = NDArray[np.float64]
Result = TypeVar("Result")

# Below this a normalizer may have lost digits to underflow: each product is at most 1, so what
# vanished is below the smallest number a term. Such contexts are computed through log-sum-exp.
_LEAST_NORMALIZER = {"float64": 1e-250, "float32": 1e-25}
_LOG_SUM_EXP_BLOCK = 1 << 16  # elements
# Elements (nodes x V) of a half from which a second thread pays.
_THREADED_ELEMENTS = 1 << 20
# Elements of both halves' products together; more are computed part by part.
_MOST_ELEMENTS = 1 << 24


def context_sums(table: NgramTable, dtype: DTypeLike) -> list[ContextSums]:
    """The contexts of a table, in as many parts as keep the products of halves in bounds."""
    split, halves = _cheapest_split(table)
    rows = len(table.contexts)
    if halves * table.vocabulary_size <= _MOST_ELEMENTS or rows == 1:
        return [ContextSums(table, split, dtype)]
    # Neighbours in lexicographic order share their beginnings.
    middle = rows // 2
    parts = table.select(np.arange(middle)), table.select(np.arange(middle, rows))
    return [sums for part in parts for sums in context_sums(part, dtype)]


class ContextSums:
    """Some contexts, cut in two halves after `split` characters.

    Args:
        table: the contexts and how often each occurs.
        split: length of the left half.
        dtype: of the products.
    """

    def __init__(self, table: NgramTable, split: int, dtype: DTypeLike) -> None:
        v, m = table.vocabulary_size, table.context_length
        self._left = HalfContexts(table.contexts, 0, split, v, dtype)
        self._right = HalfContexts(table.contexts, split, m, v, dtype)
        order = np.lexsort((self._right.rows, self._left.rows))
        self._contexts = table.contexts[order]
        self._weights = table.context_positions[order].astype(float)
        shape = (self._left.count, self._right.count)
        self._pairs = PairSums(
            self._left.rows[order],
            self._right.rows[order],
            self._weights,
            shape,
            v,
            dtype,
            _LEAST_NORMALIZER[np.dtype(dtype).name],
        )
        self._halves_in_parallel = min(shape) * v >= _THREADED_ELEMENTS

    def log_normalizers(self, tables: LogitTables) -> float:
        """Sum of n ln Z, beyond the peaks of the tables."""
        total, unsafe = self._pairs.log_normalizers(*self._halves(tables))
        return total + sum(part[0] for part in self._rescued(tables, unsafe))

    def add_expectations(self, tables: LogitTables, gradient: Array) -> float:
        """As `log_normalizers`, with the expected counts added to `gradient`, (M, V, V)."""
        left, right = self._halves(tables)
        total, unsafe, to_left, to_right = self._pairs.expectations(left, right)
        to_left *= left
        to_right *= right
        self._in_halves(
            lambda: self._left.scatter(to_left, gradient),
            lambda: self._right.scatter(to_right, gradient),
        )
        for more, contexts, expected in self._rescued(tables, unsafe):
            total += more
            for m, column in enumerate(contexts.T):
                np.add.at(gradient[m], column, expected)
        return total

    def _halves(self, tables: LogitTables) -> list[NDArray[np.floating]]:
        """Products of table rows over the different left and right halves."""
        return self._in_halves(
            lambda: self._left.products(tables.exponentials),
            lambda: self._right.products(tables.exponentials),
        )

    def _in_halves(self, left: Callable[[], Result], right: Callable[[], Result]) -> list[Result]:
        # The halves touch different positions, so they do not meet in their results either.
        return in_parallel([left, right]) if self._halves_in_parallel else [left(), right()]

    def _rescued(
        self, tables: LogitTables, unsafe: NDArray[np.integer]
    ) -> Iterator[tuple[float, NDArray[np.int32], Array]]:
        """Contexts that underflowed: loss, contexts and expected counts, block by block."""
        step = max(1, _LOG_SUM_EXP_BLOCK // tables.values.shape[2])
        for start in range(0, len(unsafe), step):
            rows = unsafe[start : start + step]
            contexts, weights = self._contexts[rows], self._weights[rows]
            columns = list(enumerate(contexts.T))
            logits = np.sum([tables.values[m][column] for m, column in columns], axis=0)
            peaks = np.sum([tables.peaks[m][column] for m, column in columns], axis=0)
            log_z = logsumexp(logits, axis=1)
            expected = np.exp(logits - log_z[:, None]) * weights[:, None]
            yield float(weights @ (log_z - peaks)), contexts, expected


def _cheapest_split(table: NgramTable) -> tuple[int, int]:
    """How many characters the left half gets, and how many different halves there are then.

    The least work after a model of measured costs.
    """
    contexts, size = table.contexts, table.context_length
    if size == 1:
        return 1, len(contexts)
    prefixes, suffixes = _distinct(contexts), _distinct(contexts[:, ::-1])

    def total(k: int) -> float:
        left, right = prefixes[k], suffixes[size - k]
        return cost(len(contexts), left, right) + left + right

    # Of equals the one with the longer left half: work is shared among threads by left halves.
    split = min(reversed(range(1, size)), key=total)
    return split, prefixes[split] + suffixes[size - split]


def _distinct(contexts: NDArray[np.int32]) -> list[int]:
    """How many different beginnings of each length there are, from 0 to M."""
    ranks = np.zeros(len(contexts), dtype=np.int64)
    counts = [1]
    for column in contexts.T:
        _, ranks = np.unique(ranks * (int(column.max()) + 1) + column, return_inverse=True)
        counts.append(int(ranks.max()) + 1)
    return counts
