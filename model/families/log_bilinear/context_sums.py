"""Log normalizers and expected counts of some contexts, from the products of their halves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.families.log_bilinear.grouping import pieces_of_grid, pieces_of_pairs
from model.families.log_bilinear.half_contexts import HalfContexts
from model.families.log_bilinear.logit_tables import LogitTables
from model.families.log_bilinear.pair_sums import cost, on_grid
from model.families.log_bilinear.pieces import Piece
from model.families.log_bilinear.segment_sums import SegmentSums
from model.families.log_bilinear.selection import Selection
from model.families.log_bilinear.underflow import add_rescued, rescued
from model.parallel import in_parallel
from model.unique_ngrams import ranks

Array = NDArray[np.float64]
Floats = NDArray[np.floating]

_ROOM_ELEMENTS = 1 << 19  # of products and expected counts of left halves

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

    The work goes over pieces of the left halves that stay in a core's cache. Threads take them in
    turn, so that a core which is busy with something else delays one piece at the most; results do
    not depend on how many threads there are.

    Args:
        contexts: which.
        split: length of the left half.
        dtype: of the products from which gradients are made.
    """

    def __init__(self, contexts: Selection, split: int, dtype: DTypeLike) -> None:
        v, m = contexts.table.vocabulary_size, contexts.table.context_length
        codes = contexts.codes()
        # From the cut outwards: neighbouring left halves go on with the same few right halves.
        self._left = HalfContexts(codes, range(split - 1, -1, -1), v, dtype)
        self._right = HalfContexts(codes, range(split, m), v, dtype)
        lefts, rights = self._left.rows, self._right.rows
        count = self._right.count
        is_on_grid = on_grid(len(lefts), self._left.count, count)
        if is_on_grid:
            pieces = pieces_of_grid(lefts, rights, self._left.first_characters, count, v)
        else:
            pieces = pieces_of_pairs(lefts, (self._left.count, count), v)
        self._left.reorder(np.argsort(pieces, kind="stable"))
        lefts = self._left.rows
        order = np.lexsort((rights, lefts))
        self._contexts = contexts.select(order)
        lefts, rights, weights = lefts[order], rights[order], self._contexts.weights()
        ends = [0, *np.cumsum(np.bincount(pieces)).tolist()]
        places = np.searchsorted(lefts, ends).tolist()
        self._pieces: list[Piece] = []
        for rows, pairs in zip(pairwise(ends), pairwise(places), strict=True):
            own = slice(*pairs)
            self._pieces.append(
                Piece(
                    self._left,
                    slice(*rows),
                    pairs[0],
                    lefts[own],
                    rights[own],
                    weights[own],
                    count,
                    dtype,
                    is_on_grid,
                )
            )
        # Memory that stays where it is used again and again; more of it takes its time anyway.
        shape = 2, self._left.count, v
        self._room = np.empty(shape if np.prod(shape) <= _ROOM_ELEMENTS else 0, dtype=dtype)

    def log_normalizers(self, tables: LogitTables) -> float:
        """Sum of n ln Z, beyond the peaks of the tables."""
        products = self._products(tables)
        results = in_parallel([partial(p.log_normalizers, *products) for p in self._pieces])
        unsafe = np.concatenate([r[1] for r in results])
        total = sum(r[0] for r in results)
        return total + sum(part[0] for part in rescued(tables, unsafe, self._contexts.some))

    def add_expectations(self, tables: LogitTables, gradient: Array) -> float:
        """As `log_normalizers`, with the expected counts added to `gradient`, (M, V, V)."""
        products = self._products(tables)
        right, left = products[2:]
        to_left = self._room[1] if self._room.size else np.empty_like(left)
        results = in_parallel([partial(p.expectations, *products, to_left) for p in self._pieces])

        def scatter_right() -> None:
            to_right = results[0][2]
            if len(results) > 1:
                to_right = np.zeros_like(right)
                for piece, found in zip(self._pieces, results, strict=True):
                    if piece.columns is None:
                        to_right += found[2]
                    else:
                        to_right[piece.columns] += found[2]
            to_right *= right
            self._right.scatter(to_right, gradient)

        # They are about different positions.
        works = [*self._left.scattering(to_left, gradient), scatter_right]
        if len(self._pieces) > 1:
            in_parallel(works)
        else:
            for work in works:
                work()
        unsafe = np.concatenate([found[1] for found in results])
        total = sum(found[0] for found in results)
        return total + add_rescued(tables, unsafe, self._contexts.some, gradient)

    def _products(self, tables: LogitTables) -> tuple[Floats, Floats, Floats, Floats]:
        """What pieces need: tables, products of shorter left halves and of right ones, and room."""
        of = tables.exponentials
        room = self._room
        if not room.size or room.dtype != of.dtype:
            room = np.empty((1, self._left.count, of.shape[-1]), dtype=of.dtype)
        return of, self._left.shorter_products(of), self._right.products(of), room[0]


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
