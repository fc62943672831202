"""A disk without room."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from charembed_tui.runs import append_only
from charembed_tui.storage import atomic


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A disk that is full: no file of this process can be longer."""
    resource = pytest.importorskip("resource", reason="Windows has no such limits")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def disk_with_room_for(size: int, folder: Path) -> Iterator[None]:
    """A disk on which the files of a run folder find so many bytes, all of them together."""

    def require_room(more: int) -> None:
        taken = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
        if taken + more > size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write_whole(path: Path, *pieces: bytes | memoryview) -> None:
        require_room(sum(map(len, pieces)))
        atomic.write_whole(path, *pieces)

    def write_pieces(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
        write_whole(path, *pieces)

    def append(path: Path, pieces: Iterable[bytes], header: bytes = b"") -> None:
        data = b"".join(pieces)
        require_room(len(data))
        append_only.append(path, [data], header)

    with ExitStack() as patches:
        for module in ("folder", "configuration", "metrics"):
            patches.enter_context(patch(f"charembed_tui.runs.{module}.write_whole", write_whole))
        recording = "charembed_tui.runs.trajectory_file"
        patches.enter_context(patch(f"{recording}.write_pieces", write_pieces))
        for module in ("metrics", "trajectory_file", "generated_texts"):
            patches.enter_context(patch(f"charembed_tui.runs.{module}.append", append))
        yield
