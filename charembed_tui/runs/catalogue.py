"""All runs there are, and one by its name."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from charembed_tui.files import runs_directory
from charembed_tui.runs.errors import RunError
from charembed_tui.runs.folder import RunFolder


def all_runs() -> list[RunFolder]:
    """Every run folder that can be read, the oldest first."""
    parent = runs_directory()
    found = []
    with suppress(OSError):  # a folder that is missing or forbidden holds none
        for path in sorted(parent.iterdir()):
            with suppress(RunError):
                found.append(RunFolder.open(path))
    return found


def find_run(name: str | None, *, in_use_first: bool = False) -> RunFolder:
    """A run by its folder's name or path; without one, the newest that has a checkpoint.

    Args:
        name: of the run, or None.
        in_use_first: of several, the newest that a process trains now, if there is one.

    Raises:
        RunError: there is none.
    """
    if name is None:
        found = [folder for folder in reversed(all_runs()) if folder.has_checkpoint]
        if in_use_first:
            found.sort(key=lambda folder: not folder.is_in_use)
        if found:
            return found[0]
        raise RunError(f"There is no run in {runs_directory()} yet.")
    path = Path(name)
    if not path.is_dir():
        # A name, never a path out of the folder.
        path = runs_directory() / path.name
    return RunFolder.open(path)
