"""Counting files that need not fit in memory."""

from __future__ import annotations

import codecs
import glob
import gzip
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from model.corpus import BINARY_SNIFF_BYTES, code_points, describe_bad_start, require_length
from model.counting import NgramCounter, Progress
from model.errors import Cancelled, CorpusError
from model.ngrams import NgramTable

_UNICODE = 0x110000
_CHUNK_BYTES = 1 << 23


@dataclass(frozen=True, eq=False)
class CountedText:
    """What remains of a text that was counted and let go.

    Attributes:
        vocabulary: the V different characters, sorted by code point.
        table: the n-grams.
        characters: how many there were in all files.
        files: how many files.
    """

    vocabulary: tuple[str, ...]
    table: NgramTable
    characters: int
    files: int


def count_files(
    patterns: Sequence[str | Path] | str | Path,
    context_length: int,
    *,
    lines: bool = False,
    progress: Progress | None = None,
    is_cancelled: Callable[[], bool] | None = None,
    chunk_bytes: int = _CHUNK_BYTES,
) -> CountedText:
    """Count the n-grams of UTF-8 files, reading each once and a chunk at a time.

    The result is that of counting each file at once and merging. No n-gram crosses a file's end.
    Files that end in .gz are read as compressed text.

    Args:
        patterns: paths or globs; a glob stands for its matches in alphabetical order.
        context_length: M.
        lines: every line is a sequence of its own, for lists of names or words: the line feed
            stands M times before it and once behind it, and no n-gram crosses into the next.
        progress: called with the bytes read and the bytes there are, as stored.
        is_cancelled: asked before every chunk.
        chunk_bytes: how much to hold at a time.

    Raises:
        CorpusError: a file is missing, unreadable, no UTF-8 text, or all are too short.
        Cancelled: `is_cancelled` said so.
    """
    paths = _expand(patterns)
    total = sum(path.stat().st_size for path in paths)
    lookup = np.full(_UNICODE, -1, dtype=np.int32)
    found: list[int] = []
    if lines:
        lookup[ord("\n")] = 0
        found.append(ord("\n"))
    counter = NgramCounter(context_length)
    characters = done = 0
    for path in paths:
        if lines:
            counter.add(np.zeros(context_length, dtype=np.int32), boundary=0)
        last = ""
        for text, read in _chunks(path, chunk_bytes):
            if is_cancelled is not None and is_cancelled():
                raise Cancelled("Counting was cancelled.")
            if text:
                codes = _encode(code_points(text, path.name), lookup, found)
                characters += len(text)
                last = text[-1]
                if lines:
                    codes = np.repeat(codes, np.where(codes == 0, context_length, 1))
                counter.add(codes, boundary=0 if lines else None)
            if progress is not None:
                progress(done + read, total)
        if lines and last not in ("", "\n"):
            counter.add(np.zeros(1, dtype=np.int32), boundary=0)
        counter.end_sequence()
        done += path.stat().st_size
    names = ", ".join(path.name for path in paths[:3]) + (" …" if len(paths) > 3 else "")
    if not lines:
        require_length(characters, context_length, names)
    if len(found) < 2:
        raise CorpusError(f"{names} repeats a single character: there is nothing to predict.")
    points = np.array(found)
    rank = np.empty(len(points), dtype=np.int32)
    rank[np.argsort(points)] = np.arange(len(points), dtype=np.int32)
    table = counter.table(len(points), rank)
    return CountedText(tuple(map(chr, np.sort(points))), table, characters, len(paths))


def _expand(patterns: Sequence[str | Path] | str | Path) -> list[Path]:
    """The files that paths and globs stand for."""
    paths: list[Path] = []
    for pattern in [patterns] if isinstance(patterns, str | Path) else patterns:
        path = Path(pattern)
        if path.exists():
            paths.append(path)
            continue
        matches = sorted(glob.glob(str(pattern), recursive=True))
        if not matches:
            raise CorpusError(f"{pattern} does not exist: check the path.")
        paths += [Path(match) for match in matches if Path(match).is_file()]
    if not paths:
        raise CorpusError("No file was named: name at least one text.")
    for path in paths:
        if path.is_dir():
            raise CorpusError(f"{path.name} is a directory: name the files in it.")
    return paths


def _chunks(path: Path, size: int) -> Iterator[tuple[str, int]]:
    """Pieces of a file's text, with how many of its bytes were read so far."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    place = 0
    try:
        with path.open("rb") as stored:
            stream: BinaryIO | gzip.GzipFile | io.BufferedReader = stored
            if path.suffix == ".gz":
                stream = gzip.GzipFile(fileobj=stored)
            while data := stream.read(size):
                if place == 0:
                    describe_bad_start(data[:BINARY_SNIFF_BYTES], path.name)
                place += len(data)
                yield decoder.decode(data), stored.tell()
            yield decoder.decode(b"", final=True), stored.tell()
    except UnicodeDecodeError:
        raise CorpusError(
            f"{path.name} is not UTF-8 (before byte {place:,}): convert it to UTF-8 first."
        ) from None
    except (OSError, EOFError) as error:
        raise CorpusError(f"{path.name} cannot be read ({error}): check the file.") from None


def _encode(
    points: NDArray[np.uint32], lookup: NDArray[np.int32], found: list[int]
) -> NDArray[np.int32]:
    """Codes in the order of first sight; `lookup` and `found` learn the new characters."""
    codes = lookup[points]
    if len(codes) and codes.min() < 0:
        for point in np.unique(points[codes < 0]).tolist():
            lookup[point] = len(found)
            found.append(point)
        codes = lookup[points]
    return codes
