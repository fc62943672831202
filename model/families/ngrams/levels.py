"""Counts of what follows the contexts of every length up to a longest one, as a tree of contexts.

A context of j characters is numbered within its level; its number is found from that of its last
j - 1 characters and the character before them. So looking up the longest context that was ever
seen is one step a character, from the last one back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from model.errors import SettingsError
from model.unique_ngrams import distinct_ngrams

IntArray = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Level:
    """All contexts of one length j, and what follows them.

    Attributes:
        keys: (C,) ascending: number of the context without its first character, times V, plus
            that character. Contexts are numbered by their places here.
        counts: (C, V) sparse int64: how often each character follows each context.
        extensions: (C, V) sparse int64: how many different characters stand before each context
            where that character follows it; None on the last level.
    """

    keys: NDArray[np.int64]
    counts: sparse.csr_array
    extensions: sparse.csr_array | None


def count_levels(
    codes: IntArray,
    vocabulary_size: int,
    order: int,
    counted: NDArray[np.bool_] | None = None,
) -> list[Level]:
    """Contexts of 0 to order - 1 characters of a text, and what follows them.

    Args:
        codes: (n,) from 0 to V; V stands for a gap: it is never counted, and no context reaches
            across it.
        vocabulary_size: V.
        order: length of the longest n-grams, at least 1.
        counted: (n,) which characters are counted as followers; the others only stand in contexts,
            as the boundaries before a line do. All are without it.

    Raises:
        SettingsError: the order is less than 1, the text has nothing to count, or a code lies
            outside the vocabulary.
    """
    if order < 1:
        raise SettingsError(f"The order is {order}: it must be at least 1.")
    codes = np.asarray(codes)
    known = codes < vocabulary_size
    if counted is not None:
        known &= counted
    if not known.any():
        raise SettingsError("N-grams are made of a training text: this one is empty.")
    if codes.min() < 0 or codes.max() > vocabulary_size:
        raise SettingsError(
            f"Codes run from {codes.min()} to {codes.max()}, but a vocabulary of "
            f"{vocabulary_size} has 0 to {vocabulary_size - 1}: encode the text with it."
        )
    grams, counts = _backward_grams(codes, known, vocabulary_size, order)
    contexts, following = grams[:, :-1], grams[:, -1]
    # In lexicographic order, a context of j characters is new where one of its characters differs
    # from the row above.
    new = np.zeros(len(grams), dtype=bool)
    new[:1] = True
    numbers = np.zeros(len(grams), dtype=np.int64)
    levels = [_level(numbers[:1], numbers, following, counts, vocabulary_size)]
    parents = [numbers[:1]]
    for j in range(1, order):
        column = contexts[:, j - 1]
        new[1:] |= column[1:] != column[:-1]
        whole = column < vocabulary_size
        first = np.flatnonzero(new & whole)
        keys = numbers[first] * vocabulary_size + column[first]
        parents.append(numbers[first])
        # Rows whose context is shorter get a number too, and are never asked for it again:
        # where one character is unknown, so are all before it.
        numbers = np.cumsum(new & whole) - 1
        levels.append(
            _level(keys, numbers[whole], following[whole], counts[whole], vocabulary_size)
        )
    return [
        Level(level.keys, level.counts, _extensions(level, levels[j + 1], parents[j + 1]))
        if j + 1 < order
        else level
        for j, level in enumerate(levels)
    ]


def _backward_grams(
    codes: IntArray, known: NDArray[np.bool_], size: int, order: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Different n-grams, contexts written from the last character back, (G, order), and counts."""
    ends = np.flatnonzero(known)
    columns = []
    reaches = np.ones(len(ends), dtype=bool)
    for j in range(1, order):
        reaches &= ends >= j
        column = codes[np.maximum(ends - j, 0)]
        reaches &= column < size
        columns.append(np.where(reaches, column, size))
    grams, counts = distinct_ngrams([*columns, codes[ends]], size + 1)
    return grams, counts.astype(np.int64, copy=False)


def _level(
    keys: NDArray[np.int64], rows: IntArray, columns: IntArray, counts: IntArray, size: int
) -> Level:
    matrix = sparse.coo_array((counts, (rows, columns)), shape=(len(keys), size)).tocsr()
    matrix.sum_duplicates()
    return Level(keys, matrix, None)


def _extensions(level: Level, longer: Level, parents: IntArray) -> sparse.csr_array:
    rows = np.repeat(parents, np.diff(longer.counts.indptr))
    ones = np.ones(len(rows), dtype=np.int64)
    matrix = sparse.coo_array((ones, (rows, longer.counts.indices)), shape=level.counts.shape)
    found = matrix.tocsr()
    found.sum_duplicates()
    return found
