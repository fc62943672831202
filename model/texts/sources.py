"""What stands behind a name: a file, the files of a folder or an archive, a pattern, a pipe.

Names with :// are addresses, which `remote` opens.
"""

from __future__ import annotations

import bz2
import glob
import gzip
import io
import lzma
import os
import select
import stat
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from model.errors import CorpusError
from model.texts import remote
from model.texts.roots import is_inside, require_inside

STDIN = "-"
_SECONDS_TO_WAIT = 10.0  # for the first byte of a pipe, and for every one of a device
_PACKED = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zXZ\x00"}
_PACKERS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz"}


@dataclass(frozen=True)
class Source:
    """Where one text comes from.

    Attributes:
        path: of the file, or its address; "-" is standard input.
        member: of a zip archive; empty otherwise.
        name: for people.
        was_named: whether a person named it; what was found in a folder may turn out to be no text.
    """

    path: str
    member: str = ""
    name: str = ""
    was_named: bool = True

    @contextmanager
    def open(self) -> Iterator[tuple[BinaryIO, IO[bytes]]]:
        """Its bytes, unpacked as they are read, and the file that they are stored in.

        Raises:
            CorpusError: it is missing, unreadable, or no such archive as its name says.
        """
        with _naming_trouble(self.name, Path(self.path).suffix.lower()), _stored(self) as stored:
            if self.member:
                with zipfile.ZipFile(stored) as archive, archive.open(self.member) as unpacked:
                    yield cast(BinaryIO, unpacked), stored
            else:
                yield _unpacked(stored, self), stored

    def size(self) -> int:
        """Bytes as they are stored; 0 where that cannot be known before."""
        if remote.is_address(self.path):
            return remote.size(self.path)
        try:
            found = os.stat(self.path)
        except OSError:
            return 0
        return found.st_size if stat.S_ISREG(found.st_mode) else 0


def find_sources(names: Sequence[str | Path] | str | Path) -> list[Source]:
    """The texts that paths, folders, patterns, archives, addresses stand for, sorted within each.

    Hidden files of folders are left out, and what is outside of all roots, if there are any.

    Raises:
        CorpusError: there is nothing under a name, or it is outside of all roots.
    """
    found: list[Source] = []
    for name in [names] if isinstance(names, str | Path) else names:
        path = Path(name)
        if str(name) == STDIN:
            found.append(Source(STDIN, name="standard input"))
            continue
        require_inside(name)
        if remote.is_address(str(name)):
            addresses = remote.find(str(name))
            for address in addresses:
                found += _members(address, Path(address).name, was_named=addresses == [str(name)])
        elif os.path.isdir(path):  # unlike `Path.is_dir` it takes names of any length
            inside = list(_inside(path))
            if not inside:
                raise CorpusError(f"{path.name or path} is a directory without texts.")
            found += inside
        elif os.path.exists(path):
            found += _members(str(path), path.name, was_named=True)
        else:
            matches = sorted(glob.glob(str(name), recursive=True))
            files = [Path(match) for match in matches if is_inside(match) and Path(match).is_file()]
            if not files:
                raise CorpusError(f"{path.name or path} does not exist: check the path.")
            for file in files:
                found += _members(str(file), file.name, was_named=False)
    if not found:
        raise CorpusError("No file was named: name at least one text.")
    if sum(source.path == STDIN for source in found) > 1:
        raise CorpusError("Standard input can be read once: write - once.")
    return found


def title(names: Sequence[str | Path], sources: Sequence[Source]) -> str:
    """What to call the texts that these names stand for."""
    first = sources[0].name if str(names[0]) == STDIN else Path(names[0]).name or str(names[0])
    if len(sources) == 1:
        return first
    return f"{first} ({len(sources):,} texts)" if len(names) == 1 else _and_more(first, sources)


def _and_more(first: str, sources: Sequence[Source]) -> str:
    return f"{first} + {len(sources) - 1:,} more"


def _inside(folder: Path) -> Iterator[Source]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(place, name)
            # A pipe or device in a folder is nothing that a person meant to read.
            if not name.startswith(".") and is_inside(path) and path.is_file():
                label = str(path.relative_to(folder.parent)) if folder.name else str(path)
                yield from _members(str(path), label, was_named=False)


def _members(path: str, name: str, *, was_named: bool) -> Iterator[Source]:
    """A file, or the files of a zip archive."""
    whole = Source(path, "", name, was_named)
    if Path(path).suffix.lower() != ".zip":
        yield whole
        return
    with (
        _naming_trouble(name, ".zip"),
        _stored(whole) as stored,
        zipfile.ZipFile(stored) as archive,
    ):
        members = sorted(
            member.filename
            for member in archive.infolist()
            if not member.is_dir()
            and not any(part.startswith((".", "__MACOSX")) for part in Path(member.filename).parts)
        )
    if not members:
        raise CorpusError(f"{name} is an archive without files.")
    for member in members:
        label = f"{name}/{member}" if len(members) > 1 else name
        yield Source(path, member, label, was_named and len(members) == 1)


@contextmanager
def _stored(source: Source) -> Iterator[io.BufferedReader]:
    if source.path == STDIN:
        if sys.stdin is not None and sys.stdin.isatty():
            print("reading the text from the terminal; ctrl-d ends it", file=sys.stderr)
        with open(0, "rb", closefd=False) as stored:
            yield stored
        return
    if remote.is_address(source.path):
        with remote.opened(source.path) as stored:
            yield stored
        return
    mode = os.stat(source.path).st_mode
    if stat.S_ISREG(mode) or not hasattr(os, "O_NONBLOCK"):
        with open(source.path, "rb") as stored:
            yield stored
        return
    descriptor = os.open(source.path, os.O_RDONLY | os.O_NONBLOCK)
    with _Waiting(descriptor, source.name, is_pipe=stat.S_ISFIFO(mode)) as waiting:
        yield io.BufferedReader(waiting)


class _Waiting(io.RawIOBase):
    """A pipe or device that is waited for, but not for ever."""

    def __init__(self, descriptor: int, name: str, *, is_pipe: bool) -> None:
        self._descriptor, self._name, self._is_pipe = descriptor, name, is_pipe
        self._has_begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        # A pipe that somebody writes to may take its time.
        seconds = None if self._is_pipe and self._has_begun else _SECONDS_TO_WAIT
        while True:
            if not select.select([self._descriptor], [], [], seconds)[0]:
                what = "a pipe that nobody writes to" if self._is_pipe else "a device without data"
                raise CorpusError(
                    f"{self._name} is {what}: nothing came in {seconds:g} seconds. Start what "
                    "writes to it first, or choose a file."
                )
            try:
                count = os.readv(self._descriptor, [memoryview(cast(bytearray, buffer))])
            except BlockingIOError:
                continue
            self._has_begun = True
            return count

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def _unpacked(stored: io.BufferedReader, source: Source) -> BinaryIO:
    """What a compressed file holds, recognized by its first bytes; other files as they are."""
    start = stored.peek(8)
    packed = next((kind for kind, mark in _PACKED.items() if start.startswith(mark)), None)
    suffix = Path(source.path).suffix.lower()
    if packed is None and suffix in _PACKED and start:
        kind = _PACKERS[suffix]
        raise CorpusError(f"{source.name} is no {kind} file: check it, or rename it.")
    if packed == ".gz":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stored))
    if packed == ".bz2":
        return cast(BinaryIO, bz2.BZ2File(stored))
    return cast(BinaryIO, lzma.LZMAFile(stored) if packed == ".xz" else stored)


@contextmanager
def _naming_trouble(name: str, suffix: str) -> Iterator[None]:
    """Say of which file it is that something is wrong."""
    try:
        yield
    except FileNotFoundError:
        raise CorpusError(f"{name} does not exist: check the path.") from None
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile, zlib.error) as error:
        kind = {**_PACKERS, ".zip": "zip"}.get(suffix, "compressed")
        raise CorpusError(f"{name} is no whole {kind} file ({error}): check it.") from None
    except RuntimeError as error:  # encrypted, or packed in an unknown way
        raise CorpusError(f"{name} cannot be unpacked ({error}): unpack it first.") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise CorpusError(f"{name} cannot be read ({reason}): check its permissions.") from None
