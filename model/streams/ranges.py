"""Texts cut into ranges of bytes that can be counted apart, by one machine or by many.

Ranges are whole blocks. A character belongs to the block its last byte lies in, a line of a list
to that of its line feed, and an n-gram to that of its last character: so that ranges counted apart
add up to the whole, to the last count, wherever they are cut.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from model.errors import CorpusError
from model.texts.decoding import LONGEST_CHARACTER, Decoded, Described
from model.texts.reading import Reading
from model.texts.sources import Source

BLOCK = 1 << 12  # bytes
RANGE = 1 << 25  # bytes
_LONGEST_LINE = 1 << 20  # bytes


@dataclass(frozen=True)
class Range:
    """Some blocks of a text.

    Attributes:
        source: the text.
        start: its first byte.
        stop: the byte after its last; None for the end of the text, wherever that is.
        first_block: the number of its first block, among those of all texts.
    """

    source: Source
    start: int
    stop: int | None
    first_block: int

    @property
    def size(self) -> int:
        """Bytes, as stored."""
        return (self.source.size() if self.stop is None else self.stop) - self.start


def ranges_of(sources: Sequence[Source], reading: Reading, size: int | None = RANGE) -> list[Range]:
    """Ranges that together are the texts.

    Texts that can only be read from their beginning, because they are compressed, a pipe, or in an
    encoding whose characters cannot be told apart in the middle, are one range each.

    Args:
        sources: the texts.
        reading: how they are read.
        size: bytes of a range, rounded up to whole blocks; None leaves every text in one.
    """
    found: list[Range] = []
    block = 0
    step = 0 if size is None else -(-size // BLOCK) * BLOCK
    for source in sources:
        length = source.size()
        if not step or length <= step or not can_be_cut(source, reading):
            found.append(Range(source, 0, None, block))
        else:
            starts = range(0, length, step)
            found += [
                Range(source, start, start + step if start + step < length else None, b)
                for start, b in zip(starts, range(block, 1 << 62, step // BLOCK), strict=False)
            ]
        block += -(-length // BLOCK)
    return found


def can_be_cut(source: Source, reading: Reading) -> bool:
    """Whether reading can begin in the middle of a text."""
    if source.member or not source.size() or not _has_borders(reading):
        return False
    with source.open() as (stream, stored):
        return stream is stored


def _has_borders(reading: Reading) -> bool:
    """Whether an encoding shows where characters begin, and has line feeds where ASCII has."""
    name = codecs.lookup(reading.encoding or "utf-8").name if not reading.is_bytes else "latin-1"
    if name == "utf-8":
        return True
    try:
        characters = bytes(range(256)).decode(name, "replace")
    except (LookupError, UnicodeError):
        return False
    return len(characters) == 256 and characters[10] == "\n"


def is_held_out(blocks: NDArray[np.int64], part: float) -> NDArray[np.bool_]:
    """Which blocks are held out, spread evenly: of the first n as many as `part` of n, rounded."""
    return np.floor((blocks + 1) * part + 0.5) > np.floor(blocks * part + 0.5)


def blocks_of(
    part: Range, context_length: int, reading: Reading, described: Described | None = None
) -> Iterator[tuple[int | None, str]]:
    """The text of a range, block by block.

    Args:
        part: the range.
        context_length: M.
        reading: how the text is read.
        described: takes note of what the range has.

    Yields:
        The number of a block, and its text. Where a range does not begin its text, what stands
        before it comes first, numbered None: the characters of a context at least, or the
        beginning of a line where the text is a list.

    Raises:
        CorpusError: the text cannot be read.
    """
    with part.source.open() as (stream, stored):
        is_packed = stream is not stored and not part.source.member and stored.seekable()
        back = _look_back(stream, part, context_length, reading) if part.start else 0
        if part.start:
            stream.seek(part.start - back)
        count = None if part.stop is None else -(-(part.stop - part.start) // BLOCK)
        sizes = repeat(BLOCK) if count is None else repeat(BLOCK, count)
        decoded = Decoded(stream, part.source.name, reading, is_beginning=part.start == back)
        texts = decoded.blocks(chain([back] if back else [], sizes))
        if back:
            yield None, next(texts)
        for number, text in enumerate(texts, part.first_block):
            if described is not None:
                described.add(text)
                described.stored_bytes = stored.tell() if is_packed else 0
            yield number, text
        if described is not None:
            described.line_ends = decoded.line_ends


def _unfinished(data: bytes, reading: Reading) -> int:
    """How many bytes at the end are the beginning of a character."""
    if reading.is_bytes:
        return 0
    decoder = codecs.getincrementaldecoder(reading.encoding or "utf-8")("ignore")
    decoder.decode(data[-LONGEST_CHARACTER:])
    return len(decoder.getstate()[0])


def _look_back(stream: BinaryIO, part: Range, context_length: int, reading: Reading) -> int:
    """How many bytes before a range have to be read with it."""
    if not reading.lines:
        back = min(part.start, LONGEST_CHARACTER * (context_length + 2))
        if reading.is_bytes or codecs.lookup(reading.encoding or "utf-8").name != "utf-8":
            return back
        stream.seek(part.start - back)
        start = stream.read(LONGEST_CHARACTER)
        while start and start[0] & 0xC0 == 0x80:  # the rest of a character
            start, back = start[1:], back - 1
        return back
    back = 0
    while back < min(part.start, _LONGEST_LINE):
        back = min(part.start, max(1 << 8, 2 * back))
        stream.seek(part.start - back)
        before = stream.read(back)
        if reading.newlines == "unify":
            # A CR in front of what is known later may be half of a line end: it is known then.
            cut = len(before) - _unfinished(before, reading) - 1
            before = before[:cut].replace(b"\r", b"\n") + before[cut:]
        if (end := before.rfind(b"\n")) >= 0:
            return len(before) - end - 1
    if back == part.start:
        return back
    raise CorpusError(
        f"{part.source.name} has a line of more than {_LONGEST_LINE:,} bytes: read it as a text, "
        "not as a list of lines."
    )
