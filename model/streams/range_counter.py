"""Counting ranges of texts block by block, with memory for what was found and a few blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from model.counting import NgramCounter
from model.errors import Cancelled
from model.sequences import inside_lines, with_boundaries
from model.streams.counted_text import CountedText
from model.streams.ranges import BLOCK, Range, blocks_of, is_held_out
from model.texts.decoding import Described
from model.texts.reading import Reading
from model.texts.vocabulary import GrowingVocabulary

BLOCKS_AT_ONCE = 1024
_LINE_FEED = 0  # its code in lists
_NOTHING = np.zeros(0, dtype=bool)

BytesRead = Callable[[int], None]
"""Called with how many bytes of a range were read since the last call."""


class RangeCounter:
    """Counts of ranges, one after another.

    N-grams that are trained on lie in blocks for training with all their characters; those that are
    measured on end in a held-out block, and may reach back. So nothing that is measured was trained
    on, and each character of a held-out block is one position.

    Args:
        context_length: M.
        reading: how the texts are read; `lines` says whether they are lists.
        held_out: the part of the blocks that is held out, from 0 to below 1.
    """

    def __init__(self, context_length: int, reading: Reading, held_out: float = 0.0) -> None:
        self._m, self._reading, self._part = context_length, reading, held_out
        self._vocabulary = GrowingVocabulary("\n" if reading.lines else "")
        self._training, self._held_out = NgramCounter(context_length), NgramCounter(context_length)
        self._flags = _NOTHING  # which of the last M characters are held out
        self._line: tuple[str, NDArray[np.bool_]] = ("", _NOTHING)  # whose end has not come yet
        self._characters = 0

    def count(
        self,
        part: Range,
        is_cancelled: Callable[[], bool] | None = None,
        progress: BytesRead | None = None,
        described: Described | None = None,
    ) -> None:
        """Count a range.

        Args:
            part: the range.
            is_cancelled: asked before every 4 MB.
            progress: called with the bytes read since the last call.
            described: takes note of what the range has.

        Raises:
            CorpusError: its text cannot be read.
            Cancelled: `is_cancelled` said so.
        """
        for counter in (self._training, self._held_out):
            counter.end_sequence()
            if self._reading.lines:
                counter.add(np.full(self._m, _LINE_FEED, dtype=np.int32))
        self._flags = _NOTHING
        numbers: list[int] = []
        texts: list[str] = []
        name = part.source.name
        for number, text in blocks_of(part, self._m, self._reading, described):
            if number is None:
                self._begin(text, part.first_block - 1, name)
                continue
            if not numbers and is_cancelled is not None and is_cancelled():
                raise Cancelled("Counting was cancelled.")
            numbers.append(number)
            texts.append(text)
            if len(texts) == BLOCKS_AT_ONCE:
                self._add(texts, numbers, name)
                if progress is not None:
                    progress(len(texts) * BLOCK)
                texts, numbers = [], []
        self._add(texts, numbers, name)
        if progress is not None and texts:
            progress(len(texts) * BLOCK)
        self._end_line(part, name)

    def counted(self) -> CountedText:
        """All that was counted."""
        vocabulary, order = self._vocabulary.sorted()
        size = len(vocabulary)
        held_out = self._held_out.table(size, order)
        return CountedText(
            vocabulary,
            self._training.table(size, order),
            held_out if held_out.ngram_count else None,
            self._characters,
            bool(self._reading.lines),
        )

    def _begin(self, before: str, block: int, name: str) -> None:
        """What stands before a range is known, and not counted."""
        flag = is_held_out(np.array([block]), self._part)
        if self._reading.lines:
            self._line = before, np.repeat(flag, len(before))
            return
        codes = self._vocabulary.codes(before, name)[-self._m :]
        self._training.add(codes)
        self._held_out.add(codes)
        self._flags = np.repeat(flag, len(codes))

    def _add(self, texts: list[str], numbers: list[int], name: str) -> None:
        flags = is_held_out(np.array(numbers, dtype=np.int64), self._part)
        flags = np.repeat(flags, [len(text) for text in texts])
        text = "".join(texts)
        self._characters += len(text)
        if self._reading.lines:
            self._add_lines(text, flags, name)
            return
        if not text:
            return
        codes = self._vocabulary.codes(text, name)
        room = np.zeros(self._m - len(self._flags), dtype=bool)
        flags_before = np.concatenate([room, self._flags])
        passed = np.cumsum(np.concatenate([[False], flags_before, flags]))
        touched = passed[self._m + 1 :] > passed[: len(flags)]  # by any character of its window
        self._training.add(codes, ~touched)
        self._held_out.add(codes, flags)
        known = len(self._flags) + len(flags)
        self._flags = np.concatenate([flags_before, flags])[-min(self._m, known) :]

    def _add_lines(self, text: str, flags: NDArray[np.bool_], name: str) -> None:
        """Whole lines are counted; what follows the last of them waits for its end."""
        text, flags = self._line[0] + text, np.concatenate([self._line[1], flags])
        end = text.rfind("\n") + 1
        self._line = text[end:], flags[end:]
        if not end:
            return
        codes = self._vocabulary.codes(text[:end], name)
        ends = np.flatnonzero(codes == _LINE_FEED)
        flags = flags[ends[np.searchsorted(ends, np.arange(end))]]  # as its line feed
        flags = np.repeat(flags, np.where(codes == _LINE_FEED, self._m, 1))
        bounded = with_boundaries(codes, _LINE_FEED, self._m)
        inside = inside_lines(bounded, _LINE_FEED, True)
        self._training.add(bounded, inside & ~flags)
        self._held_out.add(bounded, inside & flags)

    def _end_line(self, part: Range, name: str) -> None:
        """A last line without a line feed is one at the text's end; else the next range has it."""
        if self._line[0] and part.stop is None:
            self._add_lines("\n", self._line[1][-1:], name)
        self._line = "", _NOTHING
