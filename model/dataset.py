"""What is trained on and what is measured on: one text, merged, split and counted once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.corpus import Corpus
from model.errors import SettingsError
from model.families.ngrams.limits import LONGEST
from model.running_text import RunningText
from model.sequences import Sequences, require_context, require_held_out_part

if TYPE_CHECKING:
    from model.ngrams import NgramTable


@dataclass(frozen=True, eq=False)
class Counted:
    """The n-gram tables of a dataset for one context length.

    Attributes:
        training: of the training text.
        held_out: of the held-out text. Where it goes on from the training text its first contexts
            reach back into it, so that each of its characters is one position; None where nothing
            is held out.
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
        training: what is trained on; nothing where the text was counted and let go.
        held_out: what is only measured on; None where there is nothing, or only counts.
    """

    def __init__(
        self, source: Corpus, corpus: Corpus, training: Sequences, held_out: Sequences | None
    ) -> None:
        self.source, self.corpus = source, corpus
        self.training, self.held_out = training, held_out
        self._counted: dict[tuple[int, bool], Counted] = {}

    @classmethod
    def prepare(
        cls,
        source: Corpus,
        *,
        held_out: float = 0.1,
        minimum_count: int = 1,
        context_length: int = 1,
        seed: int = 0,
    ) -> Dataset:
        """Merge rare characters and set a part of the text aside.

        Args:
            source: the text as it was read.
            held_out: the part that is held out, from 0 to below 1: the end of a text, lines drawn
                at random from a list. Nothing is where that is less than one character or line, or
                leaves too few to train on: all of the text is for training then.
            minimum_count: characters that occur less often are one symbol; 1 keeps all.
            context_length: the training text has to do for contexts of this many characters.
            seed: of the drawing of lines.

        Raises:
            SettingsError: the part is no part.
            CorpusError: the minimum count leaves too few characters.
        """
        require_held_out_part(held_out)
        corpus = source.merge_rare(minimum_count)
        whole = corpus.sequences
        parts: tuple[Sequences, Sequences] | None
        if corpus.counted is not None:
            return cls(source, corpus, whole, None)  # its parts were chosen when it was counted
        if corpus.is_list:
            parts = _drawn_lines(whole, held_out, seed)
        elif int(held_out * len(corpus)) < 1:
            parts = None
        else:
            parts = whole.split(int((1.0 - held_out) * len(corpus)))
        if parts is None or parts[0].positions(context_length) < 2:
            return cls(source, corpus, whole, None)
        return cls(source, corpus, *parts)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The V characters, in the order of their codes."""
        return self.corpus.vocabulary

    @property
    def has_held_out(self) -> bool:
        """Whether there is something to measure on, be it counts."""
        counted = self.corpus.counted
        return self.held_out is not None or (counted is not None and counted.held_out is not None)

    def require_running_text(self) -> None:
        """Refuse what counts along the text where it was let go. Raises SettingsError."""
        if self.corpus.counted is not None:
            remedy = "let --limit allow more" if self.corpus.was_streamed else "name the text"
            raise SettingsError(
                f"{self.corpus.name} {self.corpus.why_counts}, and n-grams and caches need the "
                f"text itself: choose another family without them, or {remedy}."
            )

    def running_text(self, context_length: int) -> RunningText:
        """The training text as what counts along it reads it.

        Args:
            context_length: M of the model beside the counts.

        Raises:
            SettingsError: it was let go when it had been counted.
        """
        self.require_running_text()
        reach = max(context_length, LONGEST - 1)
        return RunningText.of(self.training, len(self.vocabulary), reach)

    def following(self, context: Sequence[int]) -> NDArray[np.int64]:
        """How often each character follows a context in the training text; (V,).

        Where there are only counts, the context's last M characters are looked up.
        """
        counted = self.corpus.counted
        if counted is None:
            return self.training.following(context, len(self.vocabulary))
        contexts = counted.training.contexts
        rows = np.arange(len(contexts))
        columns = reversed(contexts.T)
        for column, code in zip(columns, reversed(context), strict=False):
            rows = rows[column[rows] == code]
        return np.asarray(counted.training.counts[rows].sum(axis=0), dtype=np.int64)

    def require_context_length(self, context_length: int) -> None:
        """Check that the training text is long enough for contexts of this many characters.

        Raises:
            CorpusError: it has fewer than two windows of `context_length` + 1 characters.
        """
        self.corpus.require_context_length(context_length, self.training)

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
            aside: which characters to leave out: no window has one, and none goes over one. Of
                texts (n,) of `running_text`; of a list (n,) of its characters, whole lines. The
                same ones every time.

        Raises:
            CorpusError: the training text has fewer than two windows.
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
        from model.counting import count_sequences  # with scipy: not at start-up

        require_context(context_length)
        self.require_context_length(context_length)
        if self.corpus.counted is not None:
            shortened = self.corpus.counted.shortened(context_length)
            return Counted(shortened.training, shortened.held_out)
        size, held_out = len(self.vocabulary), self.held_out
        training = count_sequences(
            self.training, context_length, size, progress, is_cancelled, aside
        )
        if held_out is None or not held_out.positions(context_length):
            return Counted(training, None)
        return Counted(
            training, count_sequences(held_out, context_length, size, None, is_cancelled)
        )


def _drawn_lines(lines: Sequences, part: float, seed: int) -> tuple[Sequences, Sequences] | None:
    """The lines to train on and those held out, each in the order of the list."""
    count = int(part * len(lines.starts))
    if not 0 < count < len(lines.starts):
        return None
    is_held_out = np.zeros(len(lines.starts), dtype=bool)
    is_held_out[np.random.default_rng(seed).permutation(len(is_held_out))[:count]] = True
    return lines.chosen(~is_held_out), lines.chosen(is_held_out)
