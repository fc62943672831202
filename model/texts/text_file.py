"""One of the texts that something was read from, with what tells whether it is the same later."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from model.texts.decoding import Described
from model.texts.remote import is_address
from model.texts.sources import STDIN, Source


@dataclass(frozen=True)
class TextFile:
    """One of the texts that a corpus was read from.

    Attributes:
        path: of the file, absolute, or its address; "-" for standard input.
        member: of a zip archive; empty otherwise.
        name: for people.
        characters: how many it has.
        fingerprint: SHA-256 of its characters as they were read, in UTF-8; that of a table's own
            description where it is one.
        line_ends: which kinds its lines ended with, of LF, CRLF and CR.
    """

    path: str
    member: str
    name: str
    characters: int
    fingerprint: str
    line_ends: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: Source, described: Described) -> Self:
        """What was read from somewhere."""
        is_file = source.path != STDIN and not is_address(source.path)
        return cls(
            str(Path(source.path).absolute()) if is_file else source.path,
            source.member,
            source.name,
            described.characters,
            described.fingerprint,
            described.line_ends,
        )

    @property
    def source(self) -> Source:
        """Where to read it again."""
        return Source(self.path, self.member, self.name)
