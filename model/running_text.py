"""A training text as n-grams and caches read it: codes in a row, with gaps that nothing crosses.

Between texts stands one gap. Before every line of a list stand boundaries instead, as many as the
longest context has characters: they are what a line's first characters follow, and never counted
themselves, so that nothing is counted across the end of a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from model.sequences import Sequences

IntArray = NDArray[np.integer]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class RunningText:
    """Codes in a row.

    >>> lines = Sequences.of_lines(np.array([1, 2, 0, 3, 0]), boundary=0)
    >>> text = RunningText.of(lines, vocabulary_size=4, reach=2)
    >>> text.codes.tolist()
    [0, 0, 1, 2, 0, 0, 0, 3, 0]
    >>> text.codes[text.asked].tolist()
    [1, 2, 0, 3, 0]

    Attributes:
        codes: (n,) V for gaps.
        vocabulary_size: V.
        counted: (n,) which characters are counted as followers; None for all that are known.
        line: (n,) the number of each character's line, ascending from 0; None where there are none.
    """

    codes: IntArray
    vocabulary_size: int
    counted: Mask | None = None
    line: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, sequences: Sequences, vocabulary_size: int, reach: int) -> Self:
        """Texts or a list, for contexts of at most `reach` characters."""
        if sequences.boundary is None:
            return cls(sequences.joined(vocabulary_size), vocabulary_size)
        codes, counted = sequences.padded(reach, vocabulary_size)
        line = np.repeat(np.arange(len(sequences.starts)), sequences.lengths + reach)
        return cls(codes, vocabulary_size, counted, line)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def asked(self) -> Mask:
        """Which characters are predicted; (n,)."""
        known = self.codes < self.vocabulary_size
        return known if self.counted is None else known & self.counted

    def end(self, characters: int) -> RunningText:
        """The last characters, of a list in whole lines, and at least the last one."""
        start = max(0, len(self) - characters)
        if self.line is None:
            return RunningText(self.codes[start:], self.vocabulary_size)
        before = self.line[start - 1] if start else -1
        start = int(np.searchsorted(self.line, min(before, self.line[-1] - 1), side="right"))
        counted = None if self.counted is None else self.counted[start:]
        line = self.line[start:]
        return RunningText(self.codes[start:], self.vocabulary_size, counted, line - line[0])

    def without(self, left_out: Mask) -> RunningText:
        """The text with gaps in place of some characters; (n,)."""
        codes = np.where(left_out, self.vocabulary_size, self.codes).astype(np.int32)
        return RunningText(codes, self.vocabulary_size, self.counted, self.line)
