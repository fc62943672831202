"""Counting n-grams: how often each character follows each context of M characters.

A table is a commutative monoid: tables of two texts merge by adding counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from model.corpus import require_length
from model.errors import SettingsError
from model.unique_ngrams import distinct_ngrams

IntArray = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class NgramTable:
    """Counts of n-grams (a context and the character that follows), grouped by context.

    Attributes:
        contexts: (U, M) codes of the different contexts, in lexicographic order.
        counts: (U, V) sparse int64 matrix: how often each character follows each context.
    """

    contexts: NDArray[np.int32]
    counts: sparse.csr_array

    @classmethod
    def from_ngrams(cls, ngrams: IntArray, counts: IntArray, vocabulary_size: int) -> Self:
        """Group n-grams, which may repeat, given as (G, M + 1) codes with their (G,) counts."""
        found, totals = distinct_ngrams(list(ngrams.T), vocabulary_size, np.asarray(counts))
        return cls.from_sorted(found, totals, vocabulary_size)

    @classmethod
    def from_sorted(cls, ngrams: IntArray, counts: NDArray[np.int64], vocabulary_size: int) -> Self:
        """Group different n-grams that already stand in lexicographic order."""
        heads = ngrams[:, :-1]
        new = np.ones(len(ngrams), dtype=bool)
        new[1:] = (heads[1:] != heads[:-1]).any(axis=1)
        starts = np.flatnonzero(new)
        matrix = sparse.csr_array(
            (counts, ngrams[:, -1].astype(np.int32), np.append(starts, len(ngrams))),
            shape=(len(starts), vocabulary_size),
        )
        return cls(np.ascontiguousarray(heads[starts], dtype=np.int32), matrix)

    @property
    def vocabulary_size(self) -> int:
        """V."""
        return int(self.counts.shape[1])

    @property
    def context_length(self) -> int:
        """M."""
        return self.contexts.shape[1]

    @property
    def ngram_count(self) -> int:
        """How many different n-grams there are."""
        return int(self.counts.nnz)

    @cached_property
    def positions(self) -> int:
        """How many windows of the text were counted."""
        return int(self.counts.sum())

    @cached_property
    def context_positions(self) -> NDArray[np.int64]:
        """How often each context occurs; (U,)."""
        return np.add.reduceat(self.counts.data, self.counts.indptr[:-1].astype(np.int64))

    def ngrams(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """All n-grams in lexicographic order, (G, M + 1), and their counts, (G,)."""
        rows = np.repeat(np.arange(len(self.contexts)), np.diff(self.counts.indptr))
        ngrams = np.column_stack([self.contexts[rows], self.counts.indices])
        return ngrams.astype(np.int32, copy=False), self.counts.data

    def most_common(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """As `ngrams`, most common first; equally common ones stay in lexicographic order."""
        ngrams, counts = self.ngrams()
        order = np.argsort(-counts, kind="stable")
        return ngrams[order], counts[order]

    def following(self, context: Sequence[int]) -> NDArray[np.int64]:
        """How often each character follows a context of M codes; (V,), zeros if it never occurs."""
        low, high = 0, len(self.contexts)
        for column, code in zip(self.contexts.T, context, strict=True):
            part = column[low:high]
            high = low + int(np.searchsorted(part, code, "right"))
            low += int(np.searchsorted(part, code, "left"))
        counts = np.zeros(self.vocabulary_size, dtype=np.int64)
        if low < high:
            start, stop = self.counts.indptr[low : low + 2]
            counts[self.counts.indices[start:stop]] = self.counts.data[start:stop]
        return counts

    def select(self, rows: IntArray) -> NgramTable:
        """The table of some contexts only, given by their row numbers in ascending order."""
        return NgramTable(self.contexts[rows], self.counts[rows])

    def merge(self, other: NgramTable) -> NgramTable:
        """The table of both texts together (no n-gram crosses from one into the other).

        Raises:
            SettingsError: the tables differ in vocabulary size or context length.
        """
        mine = (self.vocabulary_size, self.context_length)
        theirs = (other.vocabulary_size, other.context_length)
        if mine != theirs:
            raise SettingsError(
                f"Tables of (vocabulary size, context length) {mine} and {theirs} "
                "cannot be merged: count both texts with the same two."
            )
        (a, m), (b, n) = self.ngrams(), other.ngrams()
        return NgramTable.from_ngrams(np.vstack([a, b]), np.concatenate([m, n]), mine[0])


def count_ngrams(codes: IntArray, vocabulary_size: int, context_length: int) -> NgramTable:
    """Count all windows of `context_length` + 1 characters of a text, the last one too.

    >>> table = count_ngrams(np.array([0, 1, 0, 1, 1]), vocabulary_size=2, context_length=1)
    >>> table.contexts.tolist()
    [[0], [1]]
    >>> table.counts.toarray().tolist()  # 1 follows 0 twice; 0 and 1 follow 1 once each
    [[0, 2], [1, 1]]

    Args:
        codes: (n,) integers from 0 to vocabulary_size - 1.
        vocabulary_size: V.
        context_length: M, at least 1.

    Raises:
        CorpusError: the text has fewer than M + 2 characters.
        SettingsError: a code lies outside the vocabulary, or M is less than 1.
    """
    codes = np.asarray(codes)
    if context_length < 1:
        raise SettingsError(f"The context length is {context_length}: it must be at least 1.")
    require_length(len(codes), context_length, "The text")
    low, high = int(codes.min()), int(codes.max())
    if low < 0 or high >= vocabulary_size:
        raise SettingsError(
            f"Codes run from {low} to {high}, but a vocabulary of {vocabulary_size} "
            f"has only 0 to {vocabulary_size - 1}: encode the text with that vocabulary."
        )
    # Imported late: the counter is made of tables.
    from model.counting import count_pieces

    return count_pieces(codes, context_length, vocabulary_size)
