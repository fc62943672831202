"""How texts are to be read: encoding, line ends, case, lists, and how much of one is too much."""

from __future__ import annotations

import codecs
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from model.errors import SettingsError
from model.memory import available_bytes

BYTES = "bytes"  # the encoding in which each byte is a character
FIRST_BYTE = 0xF0000  # code point of the byte 0: private use, so that no text has it by chance
NEWLINES = ("unify", "keep")
_SHARE_OF_FREE = 0.25


@dataclass(frozen=True)
class Reading:
    """Choices for reading a text.

    Attributes:
        encoding: of the bytes, any of Python's; "bytes" makes a character of each byte; empty is
            UTF-8.
        newlines: "unify" makes line feeds of CRLF and CR, "keep" leaves them.
        fold_case: capitals become small letters, as Unicode folds them.
        lines: each line is a sequence of its own; None finds out by the look of the text.
        limit: bytes of memory that the text may take; 0 is a quarter of what is free.

    Raises:
        SettingsError: there is no such encoding, or the choices exclude each other.
    """

    encoding: str = ""
    newlines: str = "unify"
    fold_case: bool = False
    lines: bool | None = None
    limit: int = 0

    def __post_init__(self) -> None:
        if self.newlines not in NEWLINES:
            raise SettingsError(f"newlines: one of {', '.join(NEWLINES)}")
        if self.limit < 0:
            raise SettingsError(f"The limit is {self.limit}: choose a size above 0.")
        if self.is_bytes:
            if self.lines or self.fold_case:
                raise SettingsError("Bytes have neither lines nor case: leave these options out.")
        elif self.encoding:
            _require_encoding(self.encoding)

    @property
    def is_bytes(self) -> bool:
        """Whether each byte is a character."""
        return self.encoding == BYTES

    def as_read(self, text: str) -> str:
        """What a text that somebody typed would be had it been read: a prompt for instance."""
        if self.is_bytes:
            return characters_of(text.encode("utf-8", "surrogateescape"))
        if self.newlines == "unify":
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return text.casefold() if self.fold_case else text

    def most_bytes(self) -> int | None:
        """The limit in bytes; None where none is set and nobody knows what is free."""
        if self.limit:
            return self.limit
        free = available_bytes()
        return None if free is None else int(_SHARE_OF_FREE * free)


def _require_encoding(name: str) -> None:
    try:
        codecs.getincrementaldecoder(name)
        with suppress(UnicodeError):
            b"a".decode(name)  # codecs that make no text of bytes, such as hex, refuse to
    except (LookupError, TypeError, ValueError):
        raise SettingsError(
            f"There is no encoding {name!r}: utf-8, cp1252, latin-1, utf-16, shift-jis, gb18030 "
            "and koi8-r are some, bytes takes every byte as a character."
        ) from None


def characters_of(data: bytes) -> str:
    """One character for each byte."""
    points = np.frombuffer(data, dtype=np.uint8).astype("<u4") + np.uint32(FIRST_BYTE)
    return points.astype("<u4").tobytes().decode("utf-32-le")


def bytes_of(text: str) -> bytes:
    """The inverse of `characters_of`; any other character is its UTF-8."""
    parts = []
    for character in text:
        value = ord(character) - FIRST_BYTE
        is_byte = 0 <= value < 256
        parts.append(bytes([value]) if is_byte else character.encode("utf-8", "surrogatepass"))
    return b"".join(parts)
