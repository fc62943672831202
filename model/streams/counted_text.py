"""What remains of a text that was counted and let go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.ngrams import NgramTable
from model.unique_ngrams import distinct_ngrams


@dataclass(frozen=True, eq=False)
class CountedText:
    """The n-grams of a text, of several, or of none; two of them add up.

    Attributes:
        vocabulary: the V different characters, sorted by code point.
        training: the n-grams of M + 1 characters that are trained on.
        held_out: those that are only measured on; None where nothing was held out.
        characters: how many were read.
        is_list: whether each line is a sequence of its own.
    """

    vocabulary: tuple[str, ...]
    training: NgramTable
    held_out: NgramTable | None
    characters: int
    is_list: bool = False

    @property
    def context_length(self) -> int:
        """M."""
        return self.training.context_length

    def over(self, vocabulary: tuple[str, ...]) -> CountedText:
        """The same counts with the codes of a larger vocabulary.

        Raises:
            SettingsError: it lacks a character, or is not sorted by code point.
        """
        if vocabulary == self.vocabulary:
            return self
        if list(vocabulary) != sorted(set(vocabulary)):
            raise SettingsError("A vocabulary is to be sorted by code point: sort it.")
        code_of = {character: code for code, character in enumerate(vocabulary)}
        missing = [character for character in self.vocabulary if character not in code_of]
        if missing:
            raise SettingsError(
                f"The vocabulary lacks {missing[0]!r}: name every character that was counted."
            )
        codes = np.array([code_of[c] for c in self.vocabulary], dtype=np.int32)
        return replace(
            self,
            vocabulary=vocabulary,
            training=_recoded(self.training, codes, len(vocabulary)),
            held_out=self.held_out and _recoded(self.held_out, codes, len(vocabulary)),
        )

    def merge(self, other: CountedText) -> CountedText:
        """Both texts together; no n-gram crosses from one into the other.

        Raises:
            SettingsError: they were counted for different context lengths, or one is a list.
        """
        if self.is_list != other.is_list:
            raise SettingsError(
                "A list of lines and a running text cannot be added: count both with --lines, or "
                "both with --no-lines."
            )
        if self.context_length != other.context_length:
            raise SettingsError(
                f"Tables for contexts of {self.context_length} and of {other.context_length} "
                "characters cannot be added: count both texts for the same length."
            )
        vocabulary = tuple(sorted({*self.vocabulary, *other.vocabulary}))
        mine, theirs = self.over(vocabulary), other.over(vocabulary)
        tables = [text.held_out for text in (mine, theirs) if text.held_out is not None]
        return CountedText(
            vocabulary,
            mine.training.merge(theirs.training),
            tables[0].merge(tables[1]) if len(tables) == 2 else next(iter(tables), None),
            self.characters + other.characters,
            self.is_list,
        )

    def counts(self) -> NDArray[np.int64]:
        """How often each character stands at the end of an n-gram; (V,)."""
        tables = [self.training, self.held_out]
        return sum(
            (np.asarray(table.counts.sum(axis=0), dtype=np.int64) for table in tables if table),
            start=np.zeros(len(self.vocabulary), dtype=np.int64),
        )

    def recoded(self, vocabulary: tuple[str, ...], codes: NDArray[np.int32]) -> CountedText:
        """The same counts over another vocabulary, in which several characters may be one.

        Args:
            vocabulary: the new one.
            codes: (V,) in it, of each character of this one.
        """

        def merged(table: NgramTable) -> NgramTable:
            ngrams, counts = table.ngrams()
            return NgramTable.from_ngrams(codes[ngrams], counts, len(vocabulary))

        return replace(
            self,
            vocabulary=vocabulary,
            training=merged(self.training),
            held_out=self.held_out and merged(self.held_out),
        )

    def require_context_length(self, context_length: int) -> None:
        """Check that there are counts for contexts of a length. Raises SettingsError."""
        if not 1 <= context_length <= self.context_length:
            raise SettingsError(
                f"The table has contexts of {self.context_length} characters, {context_length} "
                f"are asked for: choose 1 to {self.context_length}, or count the text again."
            )

    def shortened(self, context_length: int) -> CountedText:
        """The counts for shorter contexts: those of the last characters of every context.

        The first windows of a text are missing, which a longer context could not see whole: as
        many as the contexts are shorter.

        Raises:
            SettingsError: the length is less than 1 or more than M.
        """
        self.require_context_length(context_length)
        if context_length == self.context_length:
            return self
        return replace(
            self,
            training=_shortened(self.training, context_length),
            held_out=self.held_out and _shortened(self.held_out, context_length),
        )


def merge_all(*texts: CountedText) -> CountedText:
    """All texts together, at least one. Raises what `CountedText.merge` does."""
    return reduce(CountedText.merge, texts)


def _recoded(table: NgramTable, codes: NDArray[np.int32], vocabulary_size: int) -> NgramTable:
    """A table with other codes in the same order, so that nothing has to be sorted."""
    ngrams, counts = table.ngrams()
    return NgramTable.from_sorted(codes[ngrams], counts, vocabulary_size)


def _shortened(table: NgramTable, context_length: int) -> NgramTable:
    ngrams, counts = table.ngrams()
    columns = list(ngrams[:, -context_length - 1 :].T)
    found, totals = distinct_ngrams(columns, table.vocabulary_size, counts)
    return NgramTable.from_sorted(found, totals, table.vocabulary_size)
