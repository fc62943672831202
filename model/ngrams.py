"""Counting n-grams: how often each character follows each context of M characters.

A table is a commutative monoid: tables of two texts merge by adding counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from model.errors import SettingsError
from model.unique_ngrams import Counts, distinct_ngrams

IntArray = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class NgramTable:
    """Counts of n-grams (a context and the character that follows), grouped by context.

    Attributes:
        contexts: (U, M) codes of the different contexts, in lexicographic order.
        counts: (U, V) sparse matrix: how often each character follows each context, int64; or
            float64 where n-grams have weights that may be fractional.
    """

    contexts: NDArray[np.int32]
    counts: sparse.csr_array

    @classmethod
    def from_ngrams(cls, ngrams: IntArray, counts: Counts, vocabulary_size: int) -> Self:
        """Group n-grams, which may repeat: (G, M + 1) codes, and (G,) counts or weights."""
        found, totals = distinct_ngrams(list(ngrams.T), vocabulary_size, np.asarray(counts))
        return cls.from_sorted(found, totals, vocabulary_size)

    @classmethod
    def from_sorted(cls, ngrams: IntArray, counts: Counts, vocabulary_size: int) -> Self:
        """Group different n-grams that already stand in lexicographic order."""
        heads = ngrams[:, :-1]
        new = np.zeros(len(ngrams), dtype=bool)
        new[:1] = True
        for column in heads.T:  # at once takes three times as long
            new[1:] |= column[1:] != column[:-1]
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
    def positions(self) -> int | float:
        """How many windows of the text were counted: the sum of all counts or weights."""
        return self.counts.sum().item()

    @cached_property
    def context_positions(self) -> Counts:
        """How often each context occurs; (U,)."""
        return np.add.reduceat(self.counts.data, self.counts.indptr[:-1].astype(np.int64))

    def require_shape(self, vocabulary_size: int, context_length: int) -> None:
        """Check that the text was counted for a model of these sizes.

        Raises:
            SettingsError: it was not.
        """
        expected = (vocabulary_size, context_length)
        if (self.vocabulary_size, self.context_length) != expected:
            raise SettingsError(
                f"The table has (vocabulary size, context length) "
                f"{(self.vocabulary_size, self.context_length)}, the model {expected}: "
                "count the text with the model's two."
            )

    def ngrams(self) -> tuple[NDArray[np.int32], Counts]:
        """All n-grams in lexicographic order, (G, M + 1), and their counts, (G,)."""
        ngrams = np.empty((self.ngram_count, self.context_length + 1), dtype=np.int32)
        ngrams[:, :-1] = np.repeat(self.contexts, np.diff(self.counts.indptr), axis=0)
        ngrams[:, -1] = self.counts.indices
        return ngrams, self.counts.data

    def some_ngrams(self, numbers: IntArray) -> NDArray[np.int32]:
        """Some n-grams, (k, M + 1), given by their numbers in lexicographic order."""
        rows = np.searchsorted(self.counts.indptr, numbers, "right") - 1
        ngrams = np.empty((len(numbers), self.context_length + 1), dtype=np.int32)
        np.take(self.contexts, rows, axis=0, out=ngrams[:, :-1])
        ngrams[:, -1] = self.counts.indices[numbers]
        return ngrams

    def most_common(self) -> tuple[NDArray[np.int32], Counts]:
        """As `ngrams`, most common first; equally common ones stay in lexicographic order."""
        order = np.argsort(-self.counts.data, kind="stable")
        return self.some_ngrams(order), self.counts.data[order]

    def following(self, context: Sequence[int]) -> Counts:
        """How often each character follows a context of M codes; (V,), zeros if it never occurs."""
        low, high = 0, len(self.contexts)
        for column, code in zip(self.contexts.T, context, strict=True):
            part = column[low:high]
            high = low + int(np.searchsorted(part, code, "right"))
            low += int(np.searchsorted(part, code, "left"))
        counts = np.zeros(self.vocabulary_size, dtype=self.counts.dtype)
        if low < high:
            start, stop = self.counts.indptr[low : low + 2]
            counts[self.counts.indices[start:stop]] = self.counts.data[start:stop]
        return counts

    def shortened(self, length: int) -> NgramTable:
        """The table of the last so many characters of each context, the others left out.

        The windows are the same ones: a short context in the first M characters of a text, which
        no window of this table ends in, is missing there too.

        Args:
            length: from 1 to M.

        Raises:
            SettingsError: it is another.
        """
        if not 1 <= length <= self.context_length:
            raise SettingsError(
                f"Contexts of {self.context_length} cannot be made {length} long: choose 1 to "
                f"{self.context_length}."
            )
        ngrams, counts = self.ngrams()
        return NgramTable.from_ngrams(ngrams[:, -length - 1 :], counts, self.vocabulary_size)

    def select(self, rows: IntArray) -> NgramTable:
        """The table of some contexts only, given by their row numbers in ascending order."""
        return NgramTable(self.contexts[rows], self.counts[rows])

    def scaled(self, weight: float) -> NgramTable:
        """The table with every count multiplied by a positive weight.

        Raises:
            SettingsError: the weight is not a positive number.
        """
        if not 0 < weight < math.inf:
            raise SettingsError(f"The weight of a table is {weight}: choose a positive number.")
        counts = self.counts.astype(np.float64)
        counts.data *= weight
        return NgramTable(self.contexts, counts)

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
