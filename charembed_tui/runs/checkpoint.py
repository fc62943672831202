"""Checkpoints: nested dictionaries of arrays and plain values as bytes, and back, safely.

A checkpoint is a line that names format and version, the SHA-256 of all that follows, the length of
a JSON header, the header, and the arrays' bytes. Reading runs no code, allocates no more than the
file is long, and refuses a file in which any byte has changed.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from charembed_tui.runs.errors import CheckpointError

_MAGIC = b"charembed checkpoint 1\n"
_DIGEST = 32
_LENGTH = 8
_TYPES = ("<f8", "<f4", "<i8", "<i4", "<u4", "|b1")
_ARRAY = "\x00array"  # key that stands for an array in the header
_MOST_DIMENSIONS = 4


def to_bytes(state: Mapping[str, Any]) -> bytes:
    """Everything in a state: dictionaries, lists, numbers, texts, None, and arrays."""
    return b"".join(to_pieces(state))


def to_pieces(state: Mapping[str, Any]) -> list[bytes | memoryview]:
    """The bytes of a state in pieces, of which the arrays' are those of the state itself."""
    arrays: list[memoryview] = []
    header = json.dumps(_plain(state, arrays)).encode()
    body: list[bytes | memoryview] = [len(header).to_bytes(_LENGTH, "little"), header]
    body += arrays
    digest = hashlib.sha256()
    for piece in body:
        digest.update(piece)
    return [_MAGIC, digest.digest(), *body]


# No inner functions here that call themselves: they are cycles, and the arrays that they know would
# stay until somebody collects those. Five checkpoints of 43 MB took 220.


def _plain(value: Any, arrays: list[memoryview]) -> Any:
    """A value as JSON writes it; the bytes of its arrays are appended to others."""
    if isinstance(value, np.ndarray):
        array = np.ascontiguousarray(value)
        kind = array.dtype.newbyteorder("<").str
        if kind not in _TYPES:
            raise CheckpointError(f"Arrays of type {array.dtype} cannot be saved.")
        arrays.append(array.astype(kind, copy=False).reshape(-1).view(np.uint8).data)
        return {_ARRAY: [kind, list(value.shape)]}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry, arrays) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry, arrays) for entry in value]
    return value.item() if isinstance(value, np.generic) else value


def from_bytes(data: bytes) -> dict[str, Any]:
    """The state; tuples come back as lists, arrays are writable copies.

    Raises:
        CheckpointError: the bytes are no checkpoint, of another version, or damaged.
    """
    if not data.startswith(_MAGIC):
        raise CheckpointError("This is no checkpoint of this version of charembed.")
    view = memoryview(data)[len(_MAGIC) :]
    digest, body = view[:_DIGEST], view[_DIGEST:]
    if hashlib.sha256(body).digest() != bytes(digest):
        raise CheckpointError("The checkpoint is damaged: its checksum does not fit.")
    end = _LENGTH + int.from_bytes(body[:_LENGTH], "little")
    # A stranger can make the checksum fit, but nothing worse than an error comes of it.
    try:
        state = _Arrays(body[end:]).put_into(json.loads(bytes(body[_LENGTH:end])))
    except CheckpointError:
        raise
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CheckpointError(f"The checkpoint cannot be understood: {error}") from None
    if not isinstance(state, dict):
        raise CheckpointError("The checkpoint cannot be understood.")
    return state


class _Arrays:
    """The bytes of arrays, one after the other."""

    def __init__(self, data: memoryview) -> None:
        self._rest = data

    def put_into(self, value: Any) -> Any:
        """A value with its arrays in their places. Raises CheckpointError."""
        if isinstance(value, list):
            return [self.put_into(entry) for entry in value]
        if not isinstance(value, dict):
            return value
        if _ARRAY not in value:
            return {key: self.put_into(entry) for key, entry in value.items()}
        kind, shape = value[_ARRAY]
        valid = (
            kind in _TYPES
            and len(shape) <= _MOST_DIMENSIONS
            and all(isinstance(n, int) and n >= 0 for n in shape)
        )
        if not valid:
            raise CheckpointError("The checkpoint holds an array of an unknown kind.")
        size = math.prod(shape) * np.dtype(kind).itemsize
        if size > len(self._rest):
            raise CheckpointError("The checkpoint is shorter than its arrays.")
        array = np.frombuffer(self._rest[:size], dtype=kind).reshape(shape)
        self._rest = self._rest[size:]
        return array.astype(np.dtype(kind).newbyteorder("="))
