"""Texts behind an address, such as s3://bucket/book.txt: whatever fsspec opens.

fsspec comes with the extra `cluster`; most kinds of addresses need a package of their own beside
it, which its message names.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, cast

from model.errors import CorpusError

_MARK = "://"
_WILD = "*?["


def is_address(name: str) -> bool:
    """Whether a name is an address, and no path."""
    return _MARK in name


def find(address: str) -> list[str]:
    """The addresses of all files that an address stands for: itself, a folder's, a pattern's.

    Hidden files of folders are left out.

    Raises:
        CorpusError: there is nothing, or it cannot be looked at.
    """
    with naming_trouble(address):
        if "::" in address:  # a file in a file: nothing to list
            return [address]
        system, path = _opened(address)
        if any(sign in path for sign in _WILD):
            found = [place for place in sorted(system.glob(path)) if system.isfile(place)]
        elif system.isdir(path):
            found = [
                place
                for place in sorted(system.find(path))
                if not any(part.startswith(".") for part in _below(place, path).split("/"))
            ]
        elif system.exists(path):
            found = [path]
        else:
            found = []
        if not found:
            raise CorpusError(f"{address} does not exist: check the address.")
        return [system.unstrip_protocol(place) for place in found]


def size(address: str) -> int:
    """Bytes; 0 where they are not known."""
    with naming_trouble(address):
        system, path = _opened(address)
        return int(system.info(path).get("size") or 0)


@contextmanager
def opened(address: str) -> Iterator[io.BufferedReader]:
    """Its bytes. Raises CorpusError."""
    with naming_trouble(address):
        system, path = _opened(address)
        file = system.open(path, "rb")
    with io.BufferedReader(cast(Any, file)) as buffered:
        yield buffered


@contextmanager
def naming_trouble(address: str) -> Iterator[None]:
    """Say of which address it is that something is wrong."""
    try:
        yield
    except CorpusError:
        raise
    except FileNotFoundError:
        raise CorpusError(f"{address} does not exist: check the address.") from None
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "fsspec":
            raise CorpusError(f"{address} cannot be opened: {error}.") from None
        raise CorpusError(
            f"{address} is an address, for which fsspec is needed: install it with "
            "pip install 'charembed-tui[cluster]'."
        ) from None
    except Exception as error:  # of whichever package opens this kind of address
        raise CorpusError(
            f"{address} cannot be opened ({error}): check the address, and your access to it."
        ) from error


@lru_cache(maxsize=64)
def _opened(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it."""
    from fsspec.core import url_to_fs

    system, path = url_to_fs(address)
    return system, path


def _below(place: str, folder: str) -> str:
    return place.removeprefix(folder).lstrip("/")
