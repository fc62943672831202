"""Opening files of folders that others made: what is no regular file is never opened."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, cast

from model.texts.roots import refuse_outside


def open_regular(path: Path, mode: str = "rb", buffering: int = -1) -> BinaryIO:
    """Open a file in a binary mode; a fifo would wait for ever, and a device do who knows what.

    Raises:
        FileNotFoundError: it does not exist, and is to be read.
        OSError: it is no regular file, is outside of all roots, or cannot be opened.
    """
    refuse_outside(path)
    if path.exists():
        _require_regular(path, os.stat(path))
    file = cast(BinaryIO, open(path, mode, buffering, opener=_without_waiting))  # noqa: SIM115
    try:
        _require_regular(path, os.fstat(file.fileno()))  # it may have been replaced meanwhile
    except OSError:
        file.close()
        raise
    return file


def read_regular(path: Path) -> bytes:
    """All of a file. Raises what `open_regular` does."""
    with open_regular(path) as file:
        return file.read()


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)


def _require_regular(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "It is no regular file", str(path))
