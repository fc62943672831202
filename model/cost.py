"""What a choice of hyperparameters costs, before anything is counted or allocated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model.sequences import IntArray, Sequences

if TYPE_CHECKING:
    from model.ngrams import NgramTable

_SAMPLE = 100_000  # characters
_HARDLY_MORE, _LEAST_POWER, _HALVINGS = 1.001, 100.0, 50
_COUNTED_AT_ONCE, _BYTES_A_WINDOW = 1 << 22, 24


@dataclass(frozen=True)
class TextSize:
    """How much there is to count in a text.

    Attributes:
        positions: windows of M + 1 characters.
        different: how many different windows there are of 0, 1, 2, up to M + 1 characters.
    """

    positions: int
    different: tuple[int, ...]

    @classmethod
    def estimated(
        cls, text: IntArray | Sequences, vocabulary_size: int, context_length: int
    ) -> TextSize:
        """The size of a text, extrapolated from its beginning.

        Different windows grow as a power of the length (Heaps' law), which is measured between half
        of a sample and the whole of it. Texts shorter than the sample are counted.
        """
        whole = text if isinstance(text, Sequences) else Sequences.of(text)
        sample = _counted(whole.head(_SAMPLE), vocabulary_size, context_length)
        if len(whole) <= _SAMPLE or not sample.positions:
            return sample
        half = _counted(whole.head(_SAMPLE // 2), vocabulary_size, context_length)
        positions, growth = whole.positions(context_length), len(whole) / _SAMPLE
        found = []
        for length, (some, fewer) in enumerate(zip(sample.different, half.different, strict=True)):
            power = min(1.0, max(0.0, float(np.log2(some / max(fewer, 1)))))
            most = min(float(positions), float(vocabulary_size) ** length)
            found.append(min(most, some * growth**power))
        return cls(positions, tuple(np.maximum.accumulate(found).astype(np.int64).tolist()))

    @classmethod
    def of(cls, table: NgramTable, context_length: int | None = None) -> TextSize:
        """The size of what was counted.

        Args:
            table: the counts.
            context_length: M, at most the table's: a text is alike at all positions of its
                contexts, so that their beginnings stand for shorter contexts.
        """
        contexts = table.contexts
        new = np.zeros(max(0, len(contexts) - 1), dtype=bool)
        different = [min(1, len(contexts))]
        for column in contexts.T:
            new |= column[1:] != column[:-1]
            different.append(different[0] + int(new.sum()))
        different.append(table.ngram_count)
        length = table.context_length if context_length is None else context_length
        return cls(int(table.positions), tuple(different[: length + 2]))

    @property
    def context_length(self) -> int:
        """M."""
        return len(self.different) - 2

    @property
    def contexts(self) -> int:
        """Different contexts, U."""
        return self.different[-2]

    @property
    def ngrams(self) -> int:
        """Different n-grams, of M + 1 characters."""
        return self.different[-1]

    def scaled(self, share: float) -> TextSize:
        """Some of the contexts drawn at random, with all that follows them.

        A window that begins many contexts is hardly ever missing among some of them, and most
        begin few.
        """
        return self._some(self.contexts, share)

    def drawn(self, share: float) -> TextSize:
        """Some of the positions drawn at random: most frequent contexts are among them, too."""
        return self._some(self.positions, share)

    def _some(self, things: int, share: float) -> TextSize:
        if share >= 1:
            return self
        found = [
            max(1, round(count * _found(things / max(1, count), share))) for count in self.different
        ]
        return TextSize(max(1, round(share * self.positions)), tuple(found))

    @property
    def table_bytes(self) -> int:
        """Memory of the table of all n-grams."""
        return self.contexts * (4 * self.context_length + 20) + 16 * self.ngrams

    @property
    def counting_bytes(self) -> int:
        """Memory while they are counted, the table included."""
        windows = min(self.positions, _COUNTED_AT_ONCE)
        rows = self.ngrams * (5 * self.context_length + 20)
        return self.table_bytes + max(rows, windows * _BYTES_A_WINDOW)


@dataclass(frozen=True)
class Cost:
    """An estimate.

    Attributes:
        parameters: D, exact.
        contexts: different contexts in the text.
        gradient_seconds: of one exact gradient of the whole text, right to within a factor of a
            few on any machine: for comparisons of sizes.
        bytes: memory of an objective of the whole text, beside the table.
        counting_seconds: before the first step, where a family counts more than its contexts.
        evaluation_bytes: what an evaluation takes and gives back.
        dealing_bytes: what dealing a text to parts takes and gives back, before any optimizer.
    """

    parameters: int
    contexts: int
    gradient_seconds: float
    bytes: int
    counting_seconds: float = 0.0
    evaluation_bytes: int = 0
    dealing_bytes: int = 0


def _found(mean: float, share: float) -> float:
    """How many of some kinds are there in a share of all things, as a part of these kinds.

    There are as many kinds with so many things as the logarithmic series has it (Fisher, Corbet,
    Williams, Journal of Animal Ecology 12, 1943, section 2). A tenth of Shakespeare's contexts of
    eight characters has 38 % of all their halves, by this 45 %; it were 70 if all were alike.

    Args:
        mean: things of a kind.
        share: of all things, drawn at random.
    """
    if mean < _HARDLY_MORE:
        return share
    # The mean is (1 - x) / (x ln 1/x), falling with x: found between powers of e.
    low, high = -_LEAST_POWER, 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if math.expm1(-middle) > -mean * middle:
            low = middle
        else:
            high = middle
    x = math.exp(low)
    return 1 - math.log(x + (1 - x) * share) / low


def _counted(text: Sequences, vocabulary_size: int, context_length: int) -> TextSize:
    from model.counting import count_sequences  # with scipy: not at start-up

    if text.positions(context_length) < 2:
        return TextSize(0, (0,) * (context_length + 2))
    return TextSize.of(count_sequences(text, context_length, vocabulary_size))
