"""From texts to codes over their own vocabulary."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.errors import CorpusError
from model.interruption import give_up_if_unwanted
from model.sequences import LEAST_CHARACTERS
from model.texts.decoding import LONGEST_CHARACTER, Decoded, Described
from model.texts.lists import LIST_SAMPLE, looks_like_list, sample_of_lines
from model.texts.reading import Reading
from model.texts.sources import Source
from model.texts.text_file import TextFile
from model.texts.vocabulary import GrowingVocabulary

# Work in pieces keeps each call into C short, so that other threads get their turn.
CHUNK_CHARACTERS = 1 << 20
_BYTES_PER_CHARACTER = 4
LINE_END = "\n"


class TextTooLongError(CorpusError):
    """A text takes more memory than it may."""


@dataclass(frozen=True, eq=False)
class EncodedTexts:
    """Texts as codes, and what is to be known of how they were read.

    Attributes:
        codes: int32 array of shape (n,), read-only: the place of each character in the vocabulary.
        vocabulary: the V different characters, sorted by code point.
        starts: where each of several texts begins; empty for a single one, and for a list.
        reading: how they were read, whether as a list decided.
        files: what they were read from.
        skipped: why files that were found in folders are no part of it.
        was_recognized: whether they were taken for a list by their look alone.
    """

    codes: NDArray[np.int32]
    vocabulary: tuple[str, ...]
    starts: tuple[int, ...]
    reading: Reading
    files: tuple[TextFile, ...]
    skipped: tuple[str, ...]
    was_recognized: bool


def encode(text: str, name: str) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Codes of a text, int32 of shape (n,), and its characters sorted by code point.

    Raises:
        CorpusError: it has lone surrogates, which are no characters.
    """
    vocabulary = GrowingVocabulary()
    starts = range(0, len(text), CHUNK_CHARACTERS)
    pieces = [vocabulary.codes(text[i : i + CHUNK_CHARACTERS], name, i) for i in starts]
    return _in_order(_joined(deque(pieces)), vocabulary)


def encode_sources(sources: Sequence[Source], name: str, reading: Reading) -> EncodedTexts:
    """Read texts that were found before.

    Raises:
        CorpusError: one that was named is unreadable or in another encoding, or nothing is left.
        TextTooLongError: they take more memory than the reading allows.
    """
    vocabulary = GrowingVocabulary(LINE_END)
    pieces, files, skipped = _read_all(sources, reading, vocabulary)
    lengths = np.array([file.characters for file in files if file.characters], dtype=np.int64)
    codes, starts = _joined(pieces), np.cumsum(lengths) - lengths
    require_characters(len(codes), name)
    lines = reading.lines
    if lines is None:
        lines = not reading.is_bytes and looks_like_list(_some_lines(codes, vocabulary))
    if lines:
        codes, starts = _entries(codes, starts), starts[:0]
    codes, characters = _in_order(codes, vocabulary)
    require_characters(len(codes), name)
    return EncodedTexts(
        codes,
        characters,
        tuple(starts.tolist()) if len(starts) > 1 else (),
        replace(reading, lines=lines),
        tuple(files),
        tuple(skipped),
        was_recognized=lines and reading.lines is None,
    )


def require_characters(characters: int, name: str) -> None:
    """Refuse a text that has none. Raises CorpusError."""
    if not characters:
        raise CorpusError(
            f"{name} is empty: choose a text with at least {LEAST_CHARACTERS} characters."
        )


def _read_all(
    sources: Sequence[Source], reading: Reading, vocabulary: GrowingVocabulary
) -> tuple[deque[NDArray[np.int32]], list[TextFile], list[str]]:
    """Codes by first sight, in pieces; what they were read from; why others were left out."""
    pieces: deque[NDArray[np.int32]] = deque()
    files: list[TextFile] = []
    skipped: list[str] = []
    most = reading.most_bytes()
    for source in sources:
        before = sum(file.characters for file in files)
        room = None if most is None else most // _BYTES_PER_CHARACTER - before
        try:
            own, file = _read(source, reading, vocabulary, room)
        except TextTooLongError:
            raise
        except CorpusError as error:
            if source.was_named:
                raise
            skipped.append(str(error))
        else:
            pieces += own
            files.append(file)
    if not files:
        raise CorpusError(skipped[0])
    return pieces, files, skipped


def _read(
    source: Source, reading: Reading, vocabulary: GrowingVocabulary, room: int | None
) -> tuple[list[NDArray[np.int32]], TextFile]:
    """The codes of a text, which may have so many characters."""
    pieces, described = [], Described()
    with source.open() as (stream, stored):
        if room is not None and stream is stored and source.size() > room * LONGEST_CHARACTER:
            raise _too_long(source, reading)
        decoded = Decoded(stream, source.name, reading)
        for text in decoded.pieces():
            give_up_if_unwanted()
            pieces.append(vocabulary.codes(text, source.name, described.characters))
            described.add(text)
            if room is not None and described.characters > room:
                raise _too_long(source, reading)
    described.line_ends = decoded.line_ends
    return pieces, TextFile.of(source, described)


def _too_long(source: Source, reading: Reading) -> TextTooLongError:
    limit = (reading.most_bytes() or 0) / 1e6
    return TextTooLongError(
        f"{source.name} takes more than the {limit:,.0f} MB of memory that a text may take "
        f"({_BYTES_PER_CHARACTER} bytes a character; by default a quarter of what is free): "
        "--limit allows more."
    )


def _joined(pieces: deque[NDArray[np.int32]]) -> NDArray[np.int32]:
    """One array of many, which are let go one by one."""
    joined = np.empty(sum(map(len, pieces)), dtype=np.int32)
    place = 0
    while pieces:
        piece = pieces.popleft()
        joined[place : place + len(piece)] = piece
        place += len(piece)
    return joined


def _in_order(
    codes: NDArray[np.int32], vocabulary: GrowingVocabulary
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Codes by code point in place of those by first sight, and the characters in use."""
    in_use = np.zeros(len(vocabulary), dtype=bool)
    chunks = range(0, len(codes), CHUNK_CHARACTERS)
    for start in chunks:
        in_use[codes[start : start + CHUNK_CHARACTERS]] = True
    characters, ranks = vocabulary.sorted(in_use)
    for start in chunks:
        stop = start + CHUNK_CHARACTERS
        codes[start:stop] = ranks[codes[start:stop]]
    codes.flags.writeable = False
    return codes, characters


def _some_lines(codes: NDArray[np.int32], vocabulary: GrowingVocabulary) -> list[str]:
    """Lines of the beginning of a text, and of its middle."""
    characters = vocabulary.characters
    middle = max(LIST_SAMPLE, len(codes) // 2)
    beginning, inside = (
        "".join(characters[code] for code in codes[start : start + LIST_SAMPLE].tolist())
        for start in (0, middle)
    )
    return sample_of_lines(beginning, inside, ends_in_middle=middle + LIST_SAMPLE >= len(codes))


def _entries(codes: NDArray[np.int32], starts: NDArray[np.int64]) -> NDArray[np.int32]:
    """Lines that all end with a line feed, code 0, and none of which is empty."""
    ends = np.append(starts[1:], len(codes))
    open_ends = ends[codes[ends - 1] != 0]
    if len(open_ends):
        codes = np.insert(codes, open_ends, 0)
    is_end = codes == 0
    is_empty = is_end.copy()
    is_empty[1:] &= is_end[:-1]
    return codes[~is_empty] if is_empty.any() else codes
