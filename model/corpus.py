"""A text as integer codes over its own vocabulary."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from model.errors import CorpusError

# Encoding in pieces keeps each call into C short, so that other threads get their turn.
_CHUNK_CHARACTERS = 1 << 20
RARE = "\ufffd"  # stands for all rare characters
BINARY_SNIFF_BYTES = 1 << 13
_OTHER_BOMS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


@dataclass(frozen=True, eq=False)
class Corpus:
    """A text as codes, ready to be counted.

    Attributes:
        codes: int32 array of shape (n,): the place of each character in the vocabulary.
        vocabulary: the V different characters, sorted by code point.
        name: what to call the text on the screen.
    """

    codes: NDArray[np.int32]
    vocabulary: tuple[str, ...]
    name: str = "text"

    @classmethod
    def from_text(cls, text: str, name: str = "text") -> Self:
        """Encode a text over the characters that occur in it.

        >>> corpus = Corpus.from_text("banana")
        >>> corpus.vocabulary
        ('a', 'b', 'n')
        >>> corpus.codes.tolist()
        [1, 0, 2, 0, 2, 0]

        Raises:
            CorpusError: the text is empty, has fewer than two different characters, or holds
                lone surrogates, which are no characters.
        """
        if not text:
            raise CorpusError(f"{name} is empty: choose a text with at least two characters.")
        points = code_points(text, name)
        seen = np.zeros(int(points.max()) + 1, dtype=bool)
        for chunk in _chunks(points):
            seen[chunk] = True
        present = np.flatnonzero(seen)
        vocabulary = tuple(map(chr, present))
        if len(vocabulary) < 2:
            raise CorpusError(
                f"{name} repeats a single character ({vocabulary[0]!r}): "
                "there is nothing to predict. Choose a text with at least two different ones."
            )
        rank = np.zeros(len(seen), dtype=np.int32)
        rank[present] = np.arange(len(present), dtype=np.int32)
        codes = np.empty(len(points), dtype=np.int32)
        for start in range(0, len(points), _CHUNK_CHARACTERS):
            stop = start + _CHUNK_CHARACTERS
            np.take(rank, points[start:stop], out=codes[start:stop])
        codes.flags.writeable = False
        return cls(codes, vocabulary, name)

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read a UTF-8 text, with or without a byte order mark. Line ends stay as they are.

        Raises:
            CorpusError: the path is missing, a directory, unreadable, empty, binary, or in
                another encoding; or what `from_text` raises.
        """
        return cls.from_text(read_text(path), Path(path).name)

    @cached_property
    def _code_of(self) -> dict[str, int]:
        return {character: code for code, character in enumerate(self.vocabulary)}

    def __len__(self) -> int:
        return len(self.codes)

    def encode(self, text: str) -> NDArray[np.int32]:
        """The codes of a text, shape (len(text),).

        Raises:
            CorpusError: a character is not in the vocabulary.
        """
        try:
            return np.fromiter((self._code_of[c] for c in text), dtype=np.int32, count=len(text))
        except KeyError as error:
            raise CorpusError(
                f"The character {error.args[0]!r} does not occur in {self.name}: "
                f"use only its {len(self.vocabulary)} characters."
            ) from None

    def decode(self, codes: Iterable[int]) -> str:
        """The text that has these codes."""
        return "".join(self.vocabulary[code] for code in codes)

    def split(self, fraction: float = 0.1) -> tuple[Corpus, Corpus]:
        """Training text and held-out text: the last part of this one, never to be counted.

        For use as a library; the programs split by `model.dataset.Dataset`, which merges too.

        Both keep the whole vocabulary. The cut is at int((1 - fraction) * n) characters.

        Raises:
            CorpusError: fraction is not between 0 and 1, or a part would be empty.
        """
        cut = int((1.0 - fraction) * len(self)) if 0 < fraction < 1 else 0
        if not 0 < cut < len(self):
            raise CorpusError(
                f"A part of {fraction} of {len(self)} characters cannot be held out: "
                "choose a fraction between 0 and 1 that leaves both parts a character."
            )
        return (
            Corpus(self.codes[:cut], self.vocabulary, self.name),
            Corpus(self.codes[cut:], self.vocabulary, f"{self.name}, held out"),
        )

    def counts(self) -> NDArray[np.int64]:
        """How often each character of the vocabulary occurs; (V,), read-only."""
        return self._counts

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        total = np.zeros(len(self.vocabulary), dtype=np.int64)
        for start in range(0, len(self.codes), _CHUNK_CHARACTERS):
            part = self.codes[start : start + _CHUNK_CHARACTERS]
            total += np.bincount(part, minlength=len(total))
        total.flags.writeable = False
        return total

    def merge_rare(self, minimum: int) -> Corpus:
        """The text with every character that occurs fewer than `minimum` times as one symbol.

        That symbol is U+FFFD, the replacement character. A text without rare characters, or with
        a minimum of 1, stays as it is.

        Raises:
            CorpusError: fewer than two different characters would be left.
        """
        counts = self.counts() if minimum > 1 else np.zeros(0)
        rare = np.flatnonzero(counts < minimum)
        if not len(rare):
            return self
        kept = {c for c, n in zip(self.vocabulary, counts, strict=True) if n >= minimum}
        vocabulary = tuple(sorted(kept | {RARE}))
        if len(vocabulary) < 2:
            raise CorpusError(
                f"No character of {self.name} occurs {minimum:,} times: "
                "choose a smaller minimum count."
            )
        place = {character: code for code, character in enumerate(vocabulary)}
        new = np.array([place.get(c, place[RARE]) for c in self.vocabulary], dtype=np.int32)
        codes = np.empty_like(self.codes)
        for start in range(0, len(codes), _CHUNK_CHARACTERS):
            stop = start + _CHUNK_CHARACTERS
            codes[start:stop] = new[self.codes[start:stop]]
        codes.flags.writeable = False
        return Corpus(codes, vocabulary, self.name)

    def require_context_length(self, context_length: int) -> None:
        """Check that the text is long enough for contexts of this many characters.

        Raises:
            CorpusError: the text has fewer than `context_length` + 2 characters.
        """
        require_length(len(self), context_length, self.name)


def require_length(characters: int, context_length: int, name: str) -> None:
    """Refuse a text too short to hold two n-grams. Raises CorpusError."""
    if characters < context_length + 2:
        raise CorpusError(
            f"{name} has {characters} characters, too few for a context length of "
            f"{context_length}: choose a longer text or a context length of at most "
            f"{max(characters - 2, 0)}."
        )


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file without its byte order mark. Raises CorpusError."""
    path = Path(path)
    name = path.name or str(path)
    if path.is_dir():
        raise CorpusError(f"{name} is a directory: choose a text file in it.")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise CorpusError(f"{name} does not exist: check the path.") from None
    except OSError as error:
        raise CorpusError(
            f"{name} cannot be read ({error.strerror}): check its permissions."
        ) from None
    if path.suffix == ".gz":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            raise CorpusError(f"{name} is no gzip file: check it, or rename it.") from None
    describe_bad_start(data[:BINARY_SNIFF_BYTES], name)
    try:
        return _decode_utf8(data)
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{name} is not UTF-8 (byte {error.start:,} is 0x{data[error.start]:02x}): "
            "choose a text file, or convert it to UTF-8 first."
        ) from None


def describe_bad_start(data: bytes, name: str) -> None:
    """Refuse a file whose first bytes show that it is no UTF-8 text. Raises CorpusError."""
    for mark, encoding in _OTHER_BOMS.items():
        if data.startswith(mark):
            raise CorpusError(f"{name} is {encoding}, not UTF-8: convert it to UTF-8 first.")
    if b"\0" in data:
        raise CorpusError(f"{name} is a binary file (it has NUL bytes): choose a text file.")


def _decode_utf8(data: bytes) -> str:
    """Decode in pieces; the error of a bad byte carries its place in `data` as `start`."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    pieces: list[str] = []
    first = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    for start in range(first, len(data), _CHUNK_CHARACTERS):
        stop = start + _CHUNK_CHARACTERS
        try:
            pieces.append(decoder.decode(data[start:stop], final=stop >= len(data)))
        except UnicodeDecodeError as error:
            # The decoder counts from its own buffer, which may begin with bytes of the last piece.
            error.start += min(stop, len(data)) - len(error.object)
            raise
    return "".join(pieces)


def code_points(text: str, name: str) -> NDArray[np.uint32]:
    """The code point of every character, (n,). Raises CorpusError for lone surrogates."""
    points = np.empty(len(text), dtype=np.uint32)
    for start in range(0, len(text), _CHUNK_CHARACTERS):
        piece = text[start : start + _CHUNK_CHARACTERS]
        try:
            raw = piece.encode("utf-32-le")
        except UnicodeEncodeError as error:
            raise CorpusError(
                f"{name} holds a lone surrogate at character {start + error.start:,}, "
                "which is no character: remove it."
            ) from None
        points[start : start + len(piece)] = np.frombuffer(raw, dtype="<u4")
    return points


def _chunks(array: NDArray[np.uint32]) -> Iterable[NDArray[np.uint32]]:
    for start in range(0, len(array), _CHUNK_CHARACTERS):
        yield array[start : start + _CHUNK_CHARACTERS]
