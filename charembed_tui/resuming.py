"""Keeping runs in folders, and going on with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charembed_tui.run_folder import RunError, RunFolder, find_run, fingerprint
from charembed_tui.settings import TrainingSettings
from model.corpus import Corpus


class RunKeeper:
    """Saves a run's state in a folder, which it makes when there is something to save.

    Args:
        corpus: the run's text.
        path: where it was read from.
        folder: of a run that goes on.
    """

    def __init__(self, corpus: Corpus, path: Path, folder: RunFolder | None = None) -> None:
        self._corpus, self._path = corpus, path
        self.folder = folder

    def __call__(self, settings: TrainingSettings, state: Mapping[str, Any]) -> None:
        """Write a checkpoint. Raises OSError."""
        if self.folder is None:
            self.folder = RunFolder.create(self._corpus, self._path, settings)
        elif self.folder.configuration.settings != settings:
            self.folder.configure(settings)
        self.folder.save(state)


@dataclass(frozen=True, eq=False)
class ResumedRun:
    """A run to go on with.

    Attributes:
        folder: where it is kept, locked for this process.
        corpus: its text.
        path: where the text was read from.
        state: its newest good checkpoint.
    """

    folder: RunFolder
    corpus: Corpus
    path: Path
    state: dict[str, Any]


def resume(name: str | None, corpus_path: str | None = None) -> ResumedRun:
    """Open a run, by name or the newest, with its text.

    Args:
        name: of the run's folder, or None for the newest.
        corpus_path: where the text is now, if it has moved.

    Raises:
        RunError: there is no such run, it has no good checkpoint, another process trains it, or
            the text is not the one it was trained on.
        CorpusError: the text cannot be read.
    """
    folder = find_run(name)
    state = folder.load()
    path = Path(corpus_path or folder.configuration.corpus_path)
    if not path.exists():
        raise RunError(
            f"The text of {folder.path.name}, {folder.configuration.corpus_name}, is no longer at "
            f"{path}: name it as CORPUS."
        )
    corpus = Corpus.from_file(path)
    if fingerprint(corpus) != folder.configuration.fingerprint:
        raise RunError(
            f"{path.name} has changed since {folder.path.name} was trained on it: a run goes on "
            "only with its own text. Bring back the old text, or start a new run."
        )
    folder.lock()
    return ResumedRun(folder, corpus, path, state)
