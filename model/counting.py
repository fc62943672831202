"""Counting windows piece by piece, with memory for the result and one piece only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from model.errors import Cancelled, SettingsError
from model.ngrams import IntArray, NgramTable
from model.sequences import (
    PIECE,
    Mask,
    Sequences,
    pieces_without_gaps,
    require_context,
    require_length,
)
from model.unique_ngrams import Counts, distinct_ngrams
from model.unique_windows import distinct_windows

Progress = Callable[[int, int], None]
"""Called with how much is done and how much there is."""


class NgramCounter:
    """Counts of n-grams of codes that may come in pieces, from a vocabulary that may grow.

    Counted pieces are merged when they have become as large as what was merged before, so that
    the work stays in proportion to the text.

    Args:
        context_length: M.
    """

    def __init__(self, context_length: int) -> None:
        self._m = context_length
        self._tail: NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self._parts: list[tuple[NDArray[np.int32], Counts]] = []
        self._size = 1  # of the vocabulary so far

    def add(self, codes: IntArray, counted: Mask | None = None) -> None:
        """Count the windows that end in these codes, which continue those added before.

        Args:
            codes: (n,) from 0 up.
            counted: (n,) whether the window that ends in each is counted; all are without it.
        """
        text = codes.astype(np.int32, copy=False)
        if len(self._tail):
            text = np.concatenate([self._tail, text])
        if len(text):
            self._size = max(self._size, int(text.max()) + 1)
        first = self._m - len(self._tail)  # where the first window ends
        for start in range(0, len(text) - self._m, PIECE):
            chosen = None if counted is None else counted[first + start : first + start + PIECE]
            self._count(text[start : start + PIECE + self._m], chosen)
        self._tail = text[max(0, len(text) - self._m) :].copy()

    def end_sequence(self) -> None:
        """Let no window cross from what was added to what will be."""
        self._tail = self._tail[:0]

    def table(self, vocabulary_size: int, order: IntArray | None = None) -> NgramTable:
        """All counts; `order` gives the final code of each code that was added."""
        if not self._parts:
            empty = np.empty((0, self._m + 1), dtype=np.int32)
            return NgramTable.from_ngrams(empty, np.empty(0, dtype=np.int64), vocabulary_size)
        if len(self._parts) == 1 and order is None:
            return NgramTable.from_sorted(*self._parts[0], vocabulary_size)
        ngrams = np.vstack([rows for rows, _ in self._parts])
        counts = np.concatenate([counts for _, counts in self._parts])
        if order is not None:
            ngrams = order[ngrams].astype(np.int32)
        return NgramTable.from_ngrams(ngrams, counts, vocabulary_size)

    def _count(self, codes: NDArray[np.int32], counted: Mask | None) -> None:
        if len(codes) <= self._m or (counted is not None and not counted.any()):
            return
        self._parts.append(distinct_windows(codes, self._m + 1, self._size, counted))
        while len(self._parts) > 1 and len(self._parts[-1][1]) * 2 > len(self._parts[-2][1]):
            (a, m), (b, n) = self._parts[-2:]
            ngrams, counts = np.vstack([a, b]), np.concatenate([m, n])
            self._parts[-2:] = [distinct_ngrams(list(ngrams.T), self._size, counts)]


def count_sequences(
    sequences: Sequences,
    context_length: int,
    vocabulary_size: int,
    progress: Progress | None = None,
    is_cancelled: Callable[[], bool] | None = None,
    aside: NDArray[np.bool_] | None = None,
) -> NgramTable:
    """Count all windows of all sequences with progress, in characters, and a way to stop.

    What is set `aside` of the joined texts is left out, and no window goes over it; of a list
    whole lines are set aside.

    Raises:
        Cancelled: `is_cancelled` said so.
    """
    counter = NgramCounter(context_length)
    if aside is not None and sequences.boundary is not None:
        sequences, aside = sequences.chosen(~aside[sequences.starts]), None
    pieces = sequences.pieces(context_length)
    if aside is not None:
        gapped = np.where(aside, vocabulary_size, sequences.joined(vocabulary_size))
        pieces = pieces_without_gaps(gapped, context_length, vocabulary_size)
    for codes, counted, done in pieces:
        if is_cancelled is not None and is_cancelled():
            raise Cancelled("Counting was cancelled.")
        counter.add(codes, counted)
        if progress is not None and done:
            progress(done, len(sequences))
    return counter.table(vocabulary_size)


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
    require_context(context_length)
    require_length(len(codes), context_length, "The text")
    low, high = int(codes.min()), int(codes.max())
    if low < 0 or high >= vocabulary_size:
        raise SettingsError(
            f"Codes run from {low} to {high}, but a vocabulary of {vocabulary_size} "
            f"has only 0 to {vocabulary_size - 1}: encode the text with that vocabulary."
        )
    return count_sequences(Sequences.of(codes), context_length, vocabulary_size)
