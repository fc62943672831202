"""Files that only grow: appending all or nothing, and reading what is new."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from charembed_tui.storage.regular import open_regular


@dataclass(frozen=True)
class Place:
    """How far a file was read; a file that was replaced since is another one.

    Attributes:
        file: its identity.
        offset: in bytes.
        last: numbers of the last record before it, where those of records ascend.
    """

    file: int
    offset: int
    last: tuple[float, ...] = ()


def append(path: Path, pieces: Iterable[bytes], header: bytes = b"") -> None:
    """Add to the end of a file, or leave it as it was.

    Args:
        path: of the file, which need not exist.
        pieces: what is added; each is asked for when the one before is written.
        header: what a file begins with. One that is empty gets it too: a first write that failed
            has left it so.

    Raises:
        OSError: it cannot be written to.
    """
    with open_regular(path, "ab", buffering=0) as file:
        size = file.tell()
        try:
            for piece in chain([header] * (size == 0), pieces):
                data = memoryview(piece)
                while data:
                    data = data[file.write(data) :]
        except OSError:
            file.truncate(size)
            raise


def read_on(path: Path, place: Place | None, most: int) -> tuple[bytes, Place, bool]:
    """What was added to a file since a place, at most so many bytes.

    Returns:
        The bytes, the place they begin at, and whether that is the start of a file that was not
        read before. A file that does not exist is empty.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with open_regular(path) as file:
            identity = os.fstat(file.fileno()).st_ino  # of what was opened
            size = file.seek(0, 2)
            is_new = place is None or place.file != identity or place.offset > size
            start = 0 if is_new or place is None else place.offset
            file.seek(start)
            last = () if is_new or place is None else place.last
            return file.read(most), Place(identity, start, last), is_new
    except FileNotFoundError:
        return b"", Place(0, 0), place is not None and place.file != 0


def read_lines_on(path: Path, place: Place | None, most: int) -> tuple[list[bytes], Place, bool]:
    """The complete lines after a place, the next place, and whether this is a fresh start.

    Raises:
        OSError: the file cannot be read.
    """
    data, place, is_new = read_on(path, place, most)
    whole = data[: data.rfind(b"\n") + 1]
    return whole.split(b"\n"), replace(place, offset=place.offset + len(whole)), is_new
