"""Run folders: the configuration of a run, its checkpoints, and who is writing them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Self

from charembed_tui import __version__
from charembed_tui.checkpoint import CheckpointError, from_bytes, to_bytes
from charembed_tui.files import new_run_folder, runs_directory, write_whole
from charembed_tui.settings import TrainingSettings
from model.corpus import Corpus
from model.errors import CharembedError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_CONFIGURATION = "run.json"
_SLOTS = ("checkpoint-a.bin", "checkpoint-b.bin")
_LOCK = "in-use"
_MOST_BYTES = 4 << 30
_MOST_CONFIGURATION = 1 << 20


class RunError(CharembedError):
    """A run folder cannot be used."""


@dataclass(frozen=True)
class Configuration:
    """What a run is made of.

    Attributes:
        corpus_name: of the text.
        corpus_path: where it was read from; it may have moved since.
        fingerprint: SHA-256 of the text as it was trained on.
        vocabulary: the characters of the model, in the order of their codes.
        settings: of the training.
        started: when, ISO 8601.
    """

    corpus_name: str
    corpus_path: str
    fingerprint: str
    vocabulary: tuple[str, ...]
    settings: TrainingSettings
    started: str


def fingerprint(corpus: Corpus) -> str:
    """SHA-256 of a text's characters, the same whatever the file's encoding marks."""
    digest = hashlib.sha256("\x00".join(corpus.vocabulary).encode("utf-8", "surrogatepass"))
    digest.update(corpus.codes.astype("<i4", copy=False).tobytes())
    return digest.hexdigest()


class RunFolder:
    """A folder with the configuration and the last two checkpoints of a run.

    Checkpoints take turns in two files, each written beside and moved into place, so that a good
    one is there at every moment.

    Args:
        path: of the folder.
        configuration: of the run.
    """

    def __init__(self, path: Path, configuration: Configuration) -> None:
        self.path, self.configuration = path, configuration
        self._turn = 0
        self._lock: IO[str] | None = None

    @classmethod
    def create(cls, corpus: Corpus, path: str | Path, settings: TrainingSettings) -> Self:
        """A new folder for a run that begins. Raises OSError."""
        now = datetime.now()
        configuration = Configuration(
            corpus.name,
            str(Path(path).absolute()),
            fingerprint(corpus),
            corpus.merge_rare(settings.minimum_count).vocabulary,
            settings,
            now.isoformat(timespec="seconds"),
        )
        folder = cls(new_run_folder(corpus.name, now), configuration)
        folder.configure(settings)
        folder.lock()
        return folder

    def configure(self, settings: TrainingSettings) -> None:
        """Write the configuration, with these settings. Raises OSError."""
        self.configuration = replace(self.configuration, settings=settings)
        saved = {**asdict(self.configuration), "charembed_tui": __version__}
        text = json.dumps(saved, indent=2)
        write_whole(self.path / _CONFIGURATION, text.encode() + b"\n")

    @classmethod
    def open(cls, path: Path) -> Self:
        """An existing folder.

        Raises:
            RunError: there is none, or its configuration cannot be read.
        """
        file = path / _CONFIGURATION
        try:
            if file.stat().st_size > _MOST_CONFIGURATION * 4:
                raise RunError(f"{file} is too large to be a run's configuration.")
            saved = json.loads(file.read_text(encoding="utf-8"))
            configuration = Configuration(
                str(saved["corpus_name"]),
                str(saved["corpus_path"]),
                str(saved["fingerprint"]),
                tuple(str(c) for c in saved["vocabulary"]),
                TrainingSettings.from_mapping(saved["settings"]),
                str(saved["started"]),
            )
        except FileNotFoundError:
            raise RunError(f"{path} is no run: 'charembed runs' lists those there are.") from None
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise RunError(f"{file} cannot be read ({error}).") from None
        return cls(path, configuration)

    def save(self, state: Mapping[str, Any]) -> None:
        """Write a checkpoint. Raises OSError; the one before is good all the same."""
        write_whole(self.path / _SLOTS[self._turn], to_bytes(state))
        self._turn = 1 - self._turn

    def load(self) -> dict[str, Any]:
        """The newest good checkpoint.

        Raises:
            RunError: there is none.
        """
        found: list[tuple[int, int, dict[str, Any]]] = []
        problems = []
        for slot, name in enumerate(_SLOTS):
            file = self.path / name
            try:
                if file.stat().st_size > _MOST_BYTES:
                    raise CheckpointError("it is too large.")
                state = from_bytes(file.read_bytes())
                found.append((int(state["steps"]), slot, state))
            except FileNotFoundError:
                continue
            except (OSError, CheckpointError, KeyError, TypeError, ValueError) as error:
                problems.append(f"{name}: {error}")
        if not found:
            told = "; ".join(problems) or "nothing was saved yet"
            raise RunError(f"{self.path.name} has no good checkpoint ({told}).")
        _, slot, state = max(found, key=lambda entry: entry[:2])
        self._turn = 1 - slot  # the other one is overwritten first
        return state

    def lock(self) -> None:
        """Keep other processes from writing here, until this one ends or unlocks.

        Raises:
            RunError: another one does.
        """
        if fcntl is None or self._lock is not None:
            return
        try:
            self._lock = (self.path / _LOCK).open("a")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.unlock()
            raise RunError(
                f"{self.path.name} is being trained by another process: stop that one first."
            ) from None
        except OSError:
            self.unlock()  # a file system without locks, or a folder that cannot be written to

    def unlock(self) -> None:
        """Let others write here again."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def all_runs() -> list[RunFolder]:
    """Every run folder that can be read, the oldest first."""
    parent = runs_directory()
    found = []
    for path in sorted(parent.iterdir()) if parent.is_dir() else []:
        with suppress(RunError):
            found.append(RunFolder.open(path))
    return found


def find_run(name: str | None) -> RunFolder:
    """A run by its folder's name or path; without one, the newest that has a checkpoint.

    Raises:
        RunError: there is none.
    """
    if name is None:
        for folder in reversed(all_runs()):
            if any((folder.path / slot).exists() for slot in _SLOTS):
                return folder
        raise RunError(f"There is no run in {runs_directory()} yet.")
    path = Path(name)
    if not path.is_dir():
        # A name, never a path out of the folder.
        path = runs_directory() / Path(name).name
    return RunFolder.open(path)
