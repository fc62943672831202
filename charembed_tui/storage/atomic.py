"""Writing files so that none is ever half there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from model.texts.roots import refuse_outside


def write_whole(path: Path, *pieces: bytes | memoryview) -> None:
    """Write a file so that it is there as a whole or not at all, even if the power fails.

    Raises:
        OSError: it cannot be written; nothing of it remains.
    """
    write_pieces(path, pieces)


def write_pieces(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """As `write_whole`; each piece is asked for when the one before is written."""
    refuse_outside(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
