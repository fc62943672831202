"""Counted tables as files: versioned, with checksums, mapped into memory instead of read.

A line names the format and its version, the next one has a JSON object that says what follows:
the vocabulary, and for each array its type, shape, place and checksum. The arrays stand behind it
as they are in memory, each at a multiple of 64 bytes. Nothing in the file is run or unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from model.errors import CorpusError
from model.ngrams import NgramTable
from model.streams.counted_text import CountedText
from model.streams.table_mark import MAGIC

_VERSION = 1
_ALIGNED = 64
_LONGEST_HEADER = 1 << 26  # bytes: more than every character there is needs
_CHUNK = 1 << 22  # elements checked at a time
_TABLES = ("training", "held_out")
_ARRAYS = ("contexts", "starts", "characters", "counts")
_TYPES = ("<i4", "<i8")


def save_table(counted: CountedText, path: str | Path) -> None:
    """Write a table; a file that is there already is replaced only by a whole one.

    Raises:
        OSError: it cannot be written.
    """
    path = Path(path)
    arrays: dict[str, NDArray[Any]] = {}
    for name in _TABLES:
        table: NgramTable | None = getattr(counted, name)
        if table is not None:
            matrix = table.counts
            values = (table.contexts, matrix.indptr, matrix.indices, matrix.data)
            for part, array in zip(_ARRAYS, values, strict=True):
                arrays[f"{name}.{part}"] = _little_endian(array)
    described, place = {}, 0
    for name, array in arrays.items():
        described[name] = {
            "type": array.dtype.str,
            "shape": array.shape,
            "place": place,
            "checksum": _checksum(array),
        }
        place += -(-array.nbytes // _ALIGNED) * _ALIGNED
    facts = {
        "vocabulary": "".join(counted.vocabulary),
        "context_length": counted.context_length,
        "characters": counted.characters,
        "is_list": counted.is_list,
        "arrays": described,
    }
    header = json.dumps(facts, sort_keys=True).encode()
    start = _first_line(header) + header + b"\n"
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            file.write(start.ljust(-(-len(start) // _ALIGNED) * _ALIGNED, b"\n"))
            for array in arrays.values():
                data = array.data.cast("B")
                file.write(data)
                file.write(b"\0" * (-len(data) % _ALIGNED))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def load_table(path: str | Path) -> CountedText:
    """A table whose arrays stay in the file; all of it is read once, to check it.

    Raises:
        CorpusError: it is missing, unreadable, no table, of a later version, or damaged.
    """
    path = Path(path)
    try:
        return _load(path)
    except OSError as error:
        raise CorpusError(
            f"{path.name} cannot be read ({error.strerror}): check the path and its permissions."
        ) from None


def fingerprint(path: str | Path) -> str:
    """SHA-256 of what a table says of itself, which has the checksums of all its arrays.

    Raises:
        CorpusError: it is missing, no table, of a later version, or damaged.
        OSError: it cannot be read.
    """
    facts, _ = _read_header(Path(path))
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _load(path: Path) -> CountedText:
    facts, place = _read_header(path)
    try:
        vocabulary = tuple(facts["vocabulary"])
        length, characters = int(facts["context_length"]), int(facts["characters"])
        is_list = bool(facts["is_list"])
        described = facts["arrays"]
        if list(vocabulary) != sorted(set(vocabulary)) or length < 1 or characters < 0:
            _refuse(path)
        if is_list and "\n" not in vocabulary:
            _refuse(path)
        tables = {
            name: _table(path, place, name, described, len(vocabulary), length)
            for name in _TABLES
            if f"{name}.contexts" in described
        }
        held_out = tables.get("held_out")
        return CountedText(vocabulary, tables["training"], held_out, characters, is_list)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        _refuse(path)


def _read_header(path: Path) -> tuple[dict[str, Any], int]:
    """What the file says of itself, and where its arrays begin."""
    if not path.is_file():  # reading a pipe could wait for ever
        if path.exists():
            raise CorpusError(f"{path.name} is no file: name a table made by charembed count.")
        raise CorpusError(f"{path.name} does not exist: check the path.")
    with path.open("rb") as file:
        words = file.readline(200).split()
        if words[:2] != MAGIC.split() or len(words) != 5:
            raise CorpusError(f"{path.name} is no table: make one with charembed count.")
        if words[2] != b"%d" % _VERSION:
            raise CorpusError(
                f"{path.name} is a table of version {words[2].decode(errors='replace')}, this "
                f"program knows version {_VERSION}: count the text again, or update the program."
            )
        if not words[3].isdigit() or not int(words[3]) <= _LONGEST_HEADER:
            _refuse(path)
        header = file.read(int(words[3]))
        place = file.tell() + 1
    if hashlib.blake2b(header, digest_size=16).hexdigest().encode() != words[4]:
        _refuse(path)
    try:
        facts = json.loads(header)
    except ValueError:
        _refuse(path)
    if not isinstance(facts, dict):
        _refuse(path)
    return facts, -(-place // _ALIGNED) * _ALIGNED


def _table(
    path: Path, place: int, name: str, described: Any, vocabulary_size: int, length: int
) -> NgramTable:
    """One of the two tables of a file, checked."""
    contexts, starts, characters, counts = (
        _mapped(path, place, described[f"{name}.{part}"]) for part in _ARRAYS
    )
    fits = (
        contexts.ndim == 2
        and contexts.shape[1] == length
        and contexts.dtype == np.int32
        and starts.shape == (len(contexts) + 1,)
        and characters.ndim == 1
        and characters.shape == counts.shape
        and int(starts[0]) == 0
        and int(starts[-1]) == len(counts)
        and all(_ascending(starts))
        and all(_within(contexts, vocabulary_size))
        and all(_within(characters, vocabulary_size))
        and all(counts[i : i + _CHUNK].min() > 0 for i in range(0, len(counts), _CHUNK))
    )
    if not fits:
        _refuse(path)
    matrix = sparse.csr_array((counts, characters, starts), shape=(len(contexts), vocabulary_size))
    return NgramTable(contexts, matrix)


def _ascending(starts: NDArray[np.integer]) -> Iterator[bool]:
    for i in range(0, len(starts), _CHUNK):
        yield bool((np.diff(starts[i : i + _CHUNK + 1]) > 0).all())


def _within(codes: NDArray[np.integer], size: int) -> Iterator[bool]:
    for i in range(0, len(codes), _CHUNK):
        part = codes[i : i + _CHUNK]
        yield int(part.min()) >= 0 and int(part.max()) < size


def _mapped(path: Path, place: int, facts: dict[str, Any]) -> NDArray[Any]:
    """An array of the file, read-only, whose checksum is right."""
    shape = tuple(int(length) for length in facts["shape"])
    size = int(np.prod(shape, dtype=object))
    start = place + int(facts["place"])
    kind = facts["type"]
    if kind not in _TYPES or min(shape) < 0:
        _refuse(path)
    if start < place or start + size * np.dtype(kind).itemsize > path.stat().st_size:
        _refuse(path)
    if not size:
        return np.zeros(shape, dtype=kind)
    array = np.memmap(path, dtype=kind, mode="r", offset=start, shape=shape)
    if _checksum(array) != facts["checksum"]:
        _refuse(path)
    return array


def _little_endian(array: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))


def _checksum(array: NDArray[Any]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    flat = array.reshape(-1)
    for i in range(0, len(flat), _CHUNK):
        digest.update(np.ascontiguousarray(flat[i : i + _CHUNK]).data)
    return digest.hexdigest()


def _first_line(header: bytes) -> bytes:
    checksum = hashlib.blake2b(header, digest_size=16).hexdigest()
    return MAGIC + f"{_VERSION} {len(header)} {checksum}\n".encode()


def _refuse(path: Path) -> NoReturn:
    raise CorpusError(f"{path.name} is a damaged table: count the text again.")
