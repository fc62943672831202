"""A run's folder: configuration, checkpoints, what came as it came, and who is writing it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from charembed_tui.runs.checkpoint import from_bytes, to_pieces
from charembed_tui.runs.configuration import Configuration
from charembed_tui.runs.errors import CheckpointError, RunError
from charembed_tui.runs.generated_texts import GeneratedTexts
from charembed_tui.runs.metrics import Metrics
from charembed_tui.runs.run_lock import RunLock
from charembed_tui.runs.text_copies import write_copies
from charembed_tui.runs.trajectory_file import TrajectoryFile
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.atomic import write_whole
from charembed_tui.storage.locations import new_run_folder
from charembed_tui.storage.regular import open_regular, read_regular
from charembed_tui.training.best import Best
from charembed_tui.training.memory import MOST_CHECKPOINT_BYTES
from charembed_tui.training.snapshot import Switch
from charembed_tui.training.valid_state import require_valid
from model.dataset import Dataset

_CONFIGURATION = "run.json"
_SLOTS = ("checkpoint-a.bin", "checkpoint-b.bin")
_LOCK = "in-use"
_NAME = "name.txt"
_MOST_NAME = 240  # bytes that are read of a name


class RunFolder:
    """The files of a run.

    Checkpoints take turns in two of them, each written beside and moved into place, so that a good
    one is there at every moment.

    Args:
        path: of the folder.
        configuration: of the run.

    Attributes:
        metrics: the losses as they came.
        recording: the parameters as they came.
        samples: the texts it wrote.
    """

    def __init__(self, path: Path, configuration: Configuration) -> None:
        self.path, self.configuration = path, configuration
        self.metrics = Metrics(path / "metrics.csv")
        self.recording = TrajectoryFile(path / "recording.bin", configuration.model.parameter_count)
        self.samples = GeneratedTexts(path / "samples.jsonl")
        self._turn = 0
        self._lock = RunLock(path / _LOCK)

    @classmethod
    def create(
        cls, dataset: Dataset, path: Path, settings: TrainingSettings, *, copy_text: bool = False
    ) -> Self:
        """A new folder for a run that begins, locked for this process. Raises OSError."""
        now = datetime.now()
        configuration = Configuration.of(dataset, path, settings, now)
        folder = cls(new_run_folder(dataset.source.name, now), configuration)
        try:
            folder._begin(dataset, copy_text)
        except OSError:
            folder.unlock()
            shutil.rmtree(folder.path, ignore_errors=True)  # it was made a moment ago
            raise
        return folder

    @property
    def was_emptied(self) -> bool:
        """Whether the folder is there, but not what it began with."""
        return self.path.is_dir() and not (self.path / _CONFIGURATION).exists()

    def begin_again(self, dataset: Dataset, *, copy_text: bool = False) -> None:
        """Write what a folder begins with into one that was emptied. Raises OSError."""
        self.unlock()  # of a file that is no longer there
        self.recording = TrajectoryFile(
            self.recording.path, self.configuration.model.parameter_count
        )
        self._begin(dataset, copy_text)

    def _begin(self, dataset: Dataset, copy_text: bool) -> None:
        self.lock()
        if copy_text:
            write_copies(self.path, dataset.source)
        self.configuration.write(self.path / _CONFIGURATION)

    @classmethod
    def open(cls, path: Path) -> Self:
        """An existing folder.

        Raises:
            RunError: there is none, or its configuration cannot be read.
        """
        return cls(path, Configuration.read(path / _CONFIGURATION))

    @property
    def name(self) -> str:
        """What a person called the run, empty where nobody did."""
        with suppress(OSError), open_regular(self.path / _NAME) as file:
            return file.read(_MOST_NAME).decode("utf-8", "replace").strip()
        return ""

    def rename(self, name: str) -> None:
        """Call the run something, or (empty) nothing; its folder stays where it is.

        The name has a file of its own, so that it can be changed while a process trains the run.
        Raises OSError.
        """
        if name:
            write_whole(self.path / _NAME, name.encode("utf-8", "replace"))
        else:
            (self.path / _NAME).unlink(missing_ok=True)

    def delete(self) -> None:
        """Remove the folder with everything in it.

        Raises:
            RunError: a process trains the run, this one included.
            OSError: something in it cannot be removed.
        """
        self.lock()
        try:
            shutil.rmtree(self.path)
        finally:
            self.unlock()

    def reread(self) -> bool:
        """Take the configuration as the process that trains has written it; whether it is new."""
        with suppress(RunError):  # what was read before holds
            found, before = Configuration.read(self.path / _CONFIGURATION), self.configuration
            # Nothing but the optimizer changes in a run that goes on.
            if found.is_of_the_run(before):
                self.configuration = found
                return found != before
        return False

    def configure(self, settings: TrainingSettings, switches: Sequence[Switch]) -> None:
        """Write the configuration with other settings, after a switch. Raises OSError."""
        configuration = replace(self.configuration, settings=settings, switches=tuple(switches))
        configuration.write(self.path / _CONFIGURATION)
        self.configuration = configuration

    def save(self, state: Mapping[str, Any]) -> None:
        """Write a checkpoint. Raises OSError; the one before is good all the same."""
        write_whole(self.path / _SLOTS[self._turn], *to_pieces(state))
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
                if file.stat().st_size > MOST_CHECKPOINT_BYTES:
                    raise CheckpointError("it is too large.")
                state = from_bytes(read_regular(file))
                require_valid(state, self.configuration.model)
                settings = TrainingSettings.from_saved(state["settings"])
                if not self.configuration.has_but_for_the_optimizer(settings):
                    raise CheckpointError("its settings are not those of run.json.")
                found.append((state["steps"], slot, state))
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:  # as a CheckpointError is
                problems.append(f"{name}: {error}")
        if not found:
            problem_text = "; ".join(problems) or "nothing was saved yet"
            raise RunError(f"{self.path.name} has no good checkpoint ({problem_text}).")
        _, slot, state = max(found, key=lambda entry: entry[:2])
        self._turn = 1 - slot  # the other one is overwritten first
        return state

    def parameters(self, at: str | int = "last") -> NDArray[np.float64]:
        """Those of the newest good checkpoint, or of another step, (D,).

        Args:
            at: "last"; "best" for the step with the lowest held-out loss; or a step that is in the
                recording.

        Raises:
            RunError: there is none.
        """
        if isinstance(at, int):
            return self._recorded(at)
        state = self.load()
        best = state.get("best") if at == "best" else None  # not in runs of earlier versions
        theta: NDArray[np.float64] = (best or state)["theta"]
        return theta

    def best(self) -> Best | None:
        """The best step of the newest good checkpoint; None in runs of earlier versions.

        Raises:
            RunError: there is no good checkpoint.
        """
        saved = self.load().get("best")
        return Best.of(saved) if saved else None

    def _recorded(self, step: int) -> NDArray[np.float64]:
        """The parameters after a recorded step. Raises RunError."""
        try:
            frames = self.recording.read()[0]
        except OSError as error:
            raise RunError(f"The recording of {self.path.name} cannot be read ({error}).") from None
        found = [frame.theta for frame in frames if frame.step == step]
        if not found:
            near = sorted((frame.step for frame in frames), key=lambda s: abs(s - step))[:2]
            nearest = " and ".join(f"{s:,}" for s in sorted(near)) or "none"
            raise RunError(
                f"Step {step:,} of {self.path.name} is not in its recording: nearest are {nearest}."
            )
        return found[0]

    @property
    def has_checkpoint(self) -> bool:
        """Whether there is one, good or not."""
        return any((self.path / slot).exists() for slot in _SLOTS)

    @property
    def checkpoint_times(self) -> tuple[int, ...]:
        """When there were checkpoints, in nanoseconds: this differs as soon as there is another."""
        files = [self.path / slot for slot in _SLOTS]
        return tuple(file.stat().st_mtime_ns for file in files if file.exists())

    @property
    def is_in_use(self) -> bool:
        """Whether a process trains it now; never where locks do not exist."""
        return self._lock.is_taken

    def lock(self) -> None:
        """Keep other processes from writing here, until this one ends or unlocks.

        Raises:
            RunError: another one does, or what stands for the lock is none.
        """
        self._lock.take()

    def unlock(self) -> None:
        """Let others write here again."""
        self._lock.release()
