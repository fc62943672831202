"""Log normalizers and expected counts of some contexts, from the products of their halves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.families.log_bilinear.half_contexts import HalfContexts
from model.families.log_bilinear.logit_tables import LogitTables
from model.families.log_bilinear.pair_sums import PairSums, cost
from model.families.log_bilinear.segment_sums import SegmentSums
from model.families.log_bilinear.selection import Selection
from model.families.log_bilinear.underflow import add_rescued, least_normalizer, rescued
from model.interruption import give_up_if_unwanted
from model.parallel import in_parallel
from model.unique_ngrams import ranks

Array = NDArray[np.float64]
Result = TypeVar("Result")

# Elements (nodes x V) of a half from which a second thread pays.
_THREADED_ELEMENTS = 1 << 20
# Elements of both halves' products together.
_MOST_ELEMENTS = 1 << 24
# Elements of the products of all segments together.
_MOST_SEGMENT_ELEMENTS = 1 << 23
# Work of a context that is cut into segments, in units of an observed pair of halves.
_PER_CONTEXT, _PER_SEGMENT = 0.5, 0.6


class Sums(Protocol):
    """The part of loss and gradient that is not linear in the logits, of some contexts."""

    def log_normalizers(self, tables: LogitTables) -> float:
        """Sum of n ln Z, beyond the peaks of the tables."""
        ...

    def add_expectations(self, tables: LogitTables, gradient: Array) -> float:
        """As `log_normalizers`, with the expected counts added to `gradient`, (M, V, V)."""
        ...


def context_sums(contexts: Selection, dtype: DTypeLike) -> Sums:
    """The cheaper form for some contexts: two halves, or more segments where halves hardly repeat.

    Half contexts of eight characters are nearly all different: their products would take as much
    memory as the contexts x vocabulary softmax that they are there to avoid. Segments of three or
    four characters repeat in any text.
    """
    codes, size = contexts.codes(), contexts.table.vocabulary_size
    form = cheapest_form(
        len(codes), codes.shape[1], _distinct(codes, size), _distinct(codes[:, ::-1], size), size
    )
    if form.split:
        return ContextSums(contexts, form.split, dtype)
    return SegmentSums(contexts, form.segment, dtype)


@dataclass(frozen=True)
class Form:
    """How contexts are cut.

    Attributes:
        split: after so many characters, in two halves; 0 for segments.
        segment: characters of a segment, at most.
        work: an evaluation's, in units of an observed pair of halves.
    """

    split: int
    segment: int
    work: float


def cheapest_form(
    contexts: int,
    length: int,
    prefixes: Sequence[int],
    suffixes: Sequence[int],
    vocabulary_size: int,
) -> Form:
    """The form with the least work, as far as memory allows.

    Args:
        contexts: how many there are.
        length: M.
        prefixes: how many different beginnings of each length there are, from 0 to M or to the
            first that are too many.
        suffixes: the same of the ends.
        vocabulary_size: V.
    """
    split, halves = _cheapest_split(contexts, length, prefixes, suffixes, vocabulary_size)
    segment, segments = _cheapest_segment(contexts, length, prefixes, vocabulary_size)
    if split and halves <= segments:
        return Form(split, 0, halves)
    return Form(0, segment, segments)


def too_many(halves: int, vocabulary_size: int) -> bool:
    """Whether products of so many halves would take too much memory."""
    return halves * vocabulary_size > _MOST_ELEMENTS


class ContextSums:
    """Some contexts, cut in two halves after `split` characters.

    Args:
        contexts: which.
        split: length of the left half.
        dtype: of the products.
    """

    def __init__(self, contexts: Selection, split: int, dtype: DTypeLike) -> None:
        v, m = contexts.table.vocabulary_size, contexts.table.context_length
        codes = contexts.codes()
        self._left = HalfContexts(codes, 0, split, v, dtype)
        self._right = HalfContexts(codes, split, m, v, dtype)
        order = np.lexsort((self._right.rows, self._left.rows))
        self._contexts = contexts.select(order)
        shape = (self._left.count, self._right.count)
        self._pairs = PairSums(
            self._left.rows[order],
            self._right.rows[order],
            self._contexts.weights(),
            shape,
            v,
            dtype,
            least_normalizer(dtype),
        )
        self._halves_in_parallel = min(shape) * v >= _THREADED_ELEMENTS

    def log_normalizers(self, tables: LogitTables) -> float:
        """Sum of n ln Z, beyond the peaks of the tables."""
        total, unsafe = self._pairs.log_normalizers(*self._halves(tables))
        return total + sum(part[0] for part in rescued(tables, unsafe, self._contexts.some))

    def add_expectations(self, tables: LogitTables, gradient: Array) -> float:
        """As `log_normalizers`, with the expected counts added to `gradient`, (M, V, V)."""
        give_up_if_unwanted()
        left, right = self._halves(tables)
        total, unsafe, to_left, to_right = self._pairs.expectations(left, right)
        to_left *= left
        to_right *= right
        self._in_halves(
            lambda: self._left.scatter(to_left, gradient),
            lambda: self._right.scatter(to_right, gradient),
        )
        return total + add_rescued(tables, unsafe, self._contexts.some, gradient)

    def _halves(self, tables: LogitTables) -> list[NDArray[np.floating]]:
        """Products of table rows over the different left and right halves."""
        return self._in_halves(
            lambda: self._left.products(tables.exponentials),
            lambda: self._right.products(tables.exponentials),
        )

    def _in_halves(self, left: Callable[[], Result], right: Callable[[], Result]) -> list[Result]:
        # The halves touch different positions, so they do not meet in their results either.
        return in_parallel([left, right]) if self._halves_in_parallel else [left(), right()]


def _cheapest_split(
    contexts: int,
    length: int,
    prefixes: Sequence[int],
    suffixes: Sequence[int],
    vocabulary_size: int,
) -> tuple[int, float]:
    """How many characters the left half gets, and the work in units of an observed pair.

    The least work after a model of measured costs; no characters where no two halves are few
    enough.
    """
    if length == 1:
        return 1, 0.0

    def total(k: int) -> float:
        left, right = prefixes[k], suffixes[length - k]
        nodes = sum(prefixes[1 : k + 1]) + sum(suffixes[1 : length - k + 1])
        return cost(contexts, left, right) + nodes

    # Of equals the one with the longer left half: work is shared among threads by left halves.
    possible = [
        k
        for k in reversed(range(1, length))
        if k < len(prefixes)
        and length - k < len(suffixes)
        and not too_many(prefixes[k] + suffixes[length - k], vocabulary_size)
    ]
    split = min(possible, key=total, default=0)
    return split, total(split) if split else np.inf


def _cheapest_segment(
    contexts: int, size: int, prefixes: Sequence[int], vocabulary_size: int
) -> tuple[int, float]:
    """How many characters a segment gets, and the work in units of an observed pair.

    The least work, as far as the memory for their products allows, a text being alike at all
    positions of its contexts.
    """

    def total(k: int) -> float:
        count = -(-size // k)
        if k > 1 and count * prefixes[k] * vocabulary_size > _MOST_SEGMENT_ELEMENTS:
            return np.inf
        return contexts * (_PER_CONTEXT + _PER_SEGMENT * count) + count * sum(prefixes[1 : k + 1])

    length = min(range(1, min(size, len(prefixes))), key=total, default=1)
    return length, total(length)


def _distinct(codes: NDArray[np.int32], vocabulary_size: int) -> list[int]:
    """How many different beginnings of each length there are, from 0 to M or to too many."""
    places = np.zeros(len(codes), dtype=np.int64)
    counts = [1]
    for column in codes.T:
        found, places = ranks(places * vocabulary_size + column, counts[-1] * vocabulary_size)
        counts.append(len(found))
        if too_many(len(found), vocabulary_size):
            break
    return counts
