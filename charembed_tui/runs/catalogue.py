"""All runs there are, and one by its name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from charembed_tui.runs.errors import RunError
from charembed_tui.runs.folder import RunFolder
from charembed_tui.storage.locations import runs_directory


def newest_runs() -> Iterator[RunFolder]:
    """Every run folder that can be read, the newest first, each read when it is asked for."""
    paths: list[Path] = []
    with suppress(OSError):  # a folder that is missing or forbidden holds none
        paths = sorted(runs_directory().iterdir(), reverse=True)
    for path in paths:
        with suppress(RunError):
            yield RunFolder.open(path)


def all_runs() -> list[RunFolder]:
    """Every run folder that can be read, the oldest first."""
    return list(newest_runs())[::-1]


def find_run(name: str | None, *, in_use_first: bool = False) -> RunFolder:
    """A run by its name, its folder's name or path; without one, the newest with a checkpoint.

    Args:
        name: of the run, or None.
        in_use_first: of several, the newest that a process trains now, if there is one.

    Raises:
        RunError: there is none.
    """
    if name is None:
        newest: RunFolder | None = None
        for folder in newest_runs():
            if folder.has_checkpoint:
                if not in_use_first or folder.is_in_use:
                    return folder
                newest = newest or folder
        if newest is not None:
            return newest
        raise RunError(f"There is no run in {runs_directory()} yet.")
    path = Path(name)
    if not os.path.isdir(path):  # unlike `Path.is_dir` it takes names of any length
        # A name, never a path out of the folder.
        path = runs_directory() / path.name
    if not os.path.isdir(path):
        for folder in newest_runs():
            if folder.name == name:
                return folder
    return RunFolder.open(path)
