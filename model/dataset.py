"""What is trained on and what is measured on: one text, merged, split and counted once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.corpus import Corpus, require_length
from model.errors import SettingsError

if TYPE_CHECKING:
    from model.ngrams import NgramTable

Codes = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Counted:
    """The n-gram tables of a dataset for one context length.

    Attributes:
        training: of the training text.
        held_out: of the held-out text, whose first contexts reach back into the training text, so
            that each of its characters is one position; None where nothing is held out.
    """

    training: NgramTable
    held_out: NgramTable | None


class Dataset:
    """A text as it is learned, in its two parts. Make one with `prepare`.

    >>> dataset = Dataset.prepare(Corpus.from_text("abcabcabcabcabcabcax"), held_out=0.2)
    >>> len(dataset.training), len(dataset.held_out)
    (16, 4)
    >>> dataset.count(context_length=2).held_out.positions
    4

    Attributes:
        source: the text as it was read.
        corpus: the text as it is learned, rare characters merged.
        training: (n,) codes that are trained on, read-only.
        held_out: (k,) codes that follow them and are only measured on; None where there are none.
    """

    def __init__(self, source: Corpus, corpus: Corpus, cut: int) -> None:
        self.source, self.corpus = source, corpus
        self.training: Codes = corpus.codes[:cut]
        self.held_out: Codes | None = corpus.codes[cut:] if cut < len(corpus) else None
        self._counted: dict[tuple[int, bool], Counted] = {}

    @classmethod
    def prepare(
        cls,
        source: Corpus,
        *,
        held_out: float = 0.1,
        minimum_count: int = 1,
        context_length: int = 1,
    ) -> Dataset:
        """Merge rare characters and set a part of the text aside.

        Args:
            source: the text as it was read.
            held_out: the part at its end that is held out, from 0 to below 1. Nothing is where
                that is less than one character, or leaves too few to train on: all of the text is
                for training then.
            minimum_count: characters that occur less often are one symbol; 1 keeps all.
            context_length: the training text has to do for contexts of this many characters.

        Raises:
            SettingsError: the part is no part.
            CorpusError: the minimum count leaves too few characters.
        """
        if not 0 <= held_out < 1:
            raise SettingsError(
                f"The part to hold out is {held_out}: choose a number from 0 to below 1."
            )
        corpus = source.merge_rare(minimum_count)
        cut = int((1.0 - held_out) * len(corpus))
        if int(held_out * len(corpus)) < 1 or cut < context_length + 2:
            cut = len(corpus)
        return cls(source, corpus, cut)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The V characters, in the order of their codes."""
        return self.corpus.vocabulary

    def require_context_length(self, context_length: int) -> None:
        """Check that the training text is long enough for contexts of this many characters.

        Raises:
            CorpusError: it has fewer than `context_length` + 2 characters.
        """
        require_length(len(self.training), context_length, self.corpus.name)

    def count(
        self,
        context_length: int,
        progress: Callable[[int, int], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
        aside: NDArray[np.bool_] | None = None,
    ) -> Counted:
        """The tables for a context length, which are counted the first time.

        Args:
            context_length: M, at least 1.
            progress: called with the characters of the training text counted, and those in all.
            is_cancelled: asked now and then whether to stop.
            aside: (n,) characters of the training text to leave out: no window has one, and none
                goes over one. The same ones every time.

        Raises:
            CorpusError: the training text has fewer than M + 2 characters.
            SettingsError: M is less than 1.
            Cancelled: `is_cancelled` said so.
        """
        key = (context_length, aside is not None)
        found = self._counted.get(key)
        if found is None:
            found = self._counted[key] = self._count(context_length, progress, is_cancelled, aside)
        return found

    def _count(
        self,
        context_length: int,
        progress: Callable[[int, int], None] | None,
        is_cancelled: Callable[[], bool] | None,
        aside: NDArray[np.bool_] | None,
    ) -> Counted:
        from model.counting import count_pieces  # with scipy: not at start-up

        if context_length < 1:
            raise SettingsError(f"The context length is {context_length}: it must be at least 1.")
        self.require_context_length(context_length)
        size = len(self.vocabulary)
        training = count_pieces(self.training, context_length, size, progress, is_cancelled, aside)
        if self.held_out is None:
            return Counted(training, None)
        codes = np.concatenate([self.training[-context_length:], self.held_out])
        held_out = count_pieces(codes, context_length, size, None, is_cancelled)
        return Counted(training, held_out)
