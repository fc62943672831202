"""From bytes to text, piece by piece; and what to say of bytes that are no text."""

from __future__ import annotations

import codecs
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, BinaryIO

from model.errors import CorpusError
from model.texts.reading import Reading, characters_of

PIECE = 1 << 20  # bytes at a time: other threads get their turn in between
LONGEST_CHARACTER = 4  # bytes, in any encoding
_SNIFFED = 1 << 13
_MOST_NULS = 0.02  # of the first bytes of a text
_ENOUGH_FOR_A_GUESS = 8  # bytes
_SAMPLE = 1 << 14  # bytes on either side of what is no UTF-8
# Longer marks first: UTF-32's begins as UTF-16's does.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_WESTERN = frozenset(
    "äöüÄÖÜßàâæçèéêëîïôœùûÿÀÂÇÈÉÊËÎÔÙÛáíóúñÁÍÓÚÑãõÃÕåøÅØÆìò¿¡‘’‚“”„–—…«»‹›•°§£€©®™´·×½\xa0"
)
_MOST_WESTERN = 0.2  # of the characters of a Western text are no ASCII
_NAMES = {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}


@dataclass
class Described:
    """What is known of a text once it has gone by.

    Attributes:
        characters: how many it had.
        line_ends: which kinds, of LF, CRLF and CR.
        stored_bytes: how much of a packed file was read for it; 0 where a byte read is a byte
            stored.
    """

    characters: int = 0
    line_ends: tuple[str, ...] = ()
    stored_bytes: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    def add(self, text: str) -> None:
        """Take note of a piece of it."""
        self.characters += len(text)
        self._digest.update(text.encode("utf-8", "surrogatepass"))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its characters, in UTF-8."""
        return str(self._digest.hexdigest())


@dataclass
class Decoded:
    """A text that is decoded as it is asked for.

    Args:
        stream: its bytes.
        name: for people.
        reading: how.
        is_beginning: whether the stream stands at the text's beginning, where a mark is none of it.

    Attributes:
        line_ends: which kinds it had, of LF, CRLF and CR, as far as it was read.
    """

    stream: BinaryIO
    name: str
    reading: Reading
    is_beginning: bool = True
    line_ends: tuple[str, ...] = field(default=(), init=False)

    def pieces(self, size: int = PIECE) -> Iterator[str]:
        """The text.

        Args:
            size: bytes at a time.

        Raises:
            CorpusError: it is no text in the encoding.
        """
        return (text for text in self.blocks(repeat(size)) if text)

    def blocks(self, sizes: Iterable[int]) -> Iterator[str]:
        """The text of some blocks, one after another.

        A character belongs to the block in which it is known: that of its last byte, and for a CR
        which may be half of a line end, that of the byte behind it.

        Args:
            sizes: bytes of each block.

        Yields:
            The text of each block, which may be empty; where the text itself ends, what is left.

        Raises:
            CorpusError: it is no text in the encoding.
        """
        if self.reading.is_bytes:
            for size in sizes:
                data = self.stream.read(size)
                if not data:
                    return
                yield characters_of(data)
            return
        newlines = io.IncrementalNewlineDecoder(None, self.reading.newlines == "unify")
        for text, is_last in self._decoded(sizes):
            text = newlines.decode(text, final=is_last)
            yield text.casefold() if self.reading.fold_case else text
        seen = newlines.newlines or ()
        self.line_ends = tuple(_NAMES[end] for end in ([seen] if isinstance(seen, str) else seen))

    def _decoded(self, sizes: Iterable[int]) -> Iterator[tuple[str, bool]]:
        encoding = self.reading.encoding or "utf-8"
        if self.is_beginning and codecs.lookup(encoding).name == "utf-8":
            encoding = "utf-8-sig"  # without the mark at its beginning
        decoder = codecs.getincrementaldecoder(encoding)()
        place = lines = 0
        sniffed = b""
        before = b""
        for size in sizes:
            data = self.stream.read(size)
            if len(sniffed) < _SNIFFED:
                sniffed += data[: _SNIFFED - len(sniffed)]
                if not self.reading.encoding:
                    _require_text(sniffed, self.name)
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                # The decoder counts from its own buffer, which may begin with earlier bytes.
                bad = error.start + len(data) - len(error.object)
                around = before[-_SAMPLE:] + data[: max(0, bad) + _SAMPLE]
                line = lines + data[: max(0, bad)].count(b"\n") + 1
                raise CorpusError(
                    _undecodable(
                        self.name,
                        self.reading.encoding,
                        error.object[error.start],
                        place + bad,
                        line,
                        around,
                    )
                ) from None
            except UnicodeError as error:  # UTF-16 without its mark, for instance
                raise CorpusError(f"{self.name} is not {encoding} ({error}).") from None
            yield text, not data
            if not data:
                return
            place += len(data)
            lines += data.count(b"\n")
            before = data


def _require_text(start: bytes, name: str) -> None:
    """Refuse what cannot be UTF-8 by its first bytes. Raises CorpusError."""
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            raise CorpusError(
                f"{name} is {encoding.upper()}, not UTF-8: --encoding {encoding} reads it."
            )
    nuls = start.count(0)
    if nuls <= _MOST_NULS * len(start):
        return
    for encoding, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if zeros.count(0) == nuls > len(zeros) // 2 and len(start) >= _ENOUGH_FOR_A_GUESS:
            raise CorpusError(
                f"{name} is no UTF-8, it looks like {encoding.upper()}: --encoding {encoding} "
                "reads it."
            )
    raise CorpusError(
        f"{name} is a binary file (it has NUL bytes): choose a text file, or --encoding bytes, "
        "which takes every byte as a character."
    )


def _undecodable(name: str, encoding: str, byte: int, place: int, line: int, around: bytes) -> str:
    """What to say of a byte that is wrong."""
    wrong = f"(byte {place:,} is 0x{byte:02x}, in line {line:,})"
    if encoding:
        return f"{name} is not {encoding} {wrong}: choose another --encoding, or bytes."
    if b"\0" in around:
        return (
            f"{name} is not UTF-8 {wrong} but a binary file: choose a text file, or --encoding "
            "bytes, which takes every byte as a character."
        )
    likely = likely_encoding(around)
    if likely:
        return f"{name} is not UTF-8 {wrong}. It looks like {likely}: --encoding {likely} reads it."
    return (
        f"{name} is not UTF-8 {wrong}: name its encoding with --encoding (bytes takes every byte "
        "as a character). pip install 'charembed-tui[encodings]' has the likely one named."
    )


def likely_encoding(data: bytes) -> str | None:
    """What bytes that are no UTF-8 are likely to be; None for no idea.

    Western texts are recognized by their accents. For others charset-normalizer is asked, where it
    is installed; of the many code pages that are possible for a few accents it often names an
    Eastern one.
    """
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        pass
    else:
        others = [character for character in text if ord(character) >= 0x80]
        if len(others) <= _MOST_WESTERN * len(text) and _WESTERN.issuperset(others):
            return "cp1252"
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        return None
    best = from_bytes(data).best()
    return best.encoding.replace("_", "-") if best else None
