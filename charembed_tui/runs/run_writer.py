"""Keeping a run: its losses and parameters every second, a checkpoint every five."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from charembed_tui.runs.folder import RunFolder
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.loss_log import Measurement

if TYPE_CHECKING:
    from charembed_tui.training.trainer import Trainer  # with scipy: not before the first picture

_SECONDS_BETWEEN_LOGS = 1.0
_SECONDS_BETWEEN_CHECKPOINTS = 5.0
_MOST_PARAMETERS_TO_LOG = 100_000  # beyond, writing them every second costs too much
_MOST_CHARACTERS_TO_COPY = 16 << 20  # a longer text has to stay where it is
_GROWTH = 1.01  # of the step from one loss to the next: early ones, where much happens, are dense


class RunWriter:
    """Writes what a run leaves into a folder, which it makes when there is something to write.

    Training calls `write` on its thread; samples may come from another one.

    Args:
        path: where the run's text was read from.
        folder: of a run that goes on.
        saved_step: the step of the checkpoint that it goes on from.
        copy_text: put a copy of the text into the folder.
    """

    def __init__(
        self,
        path: Path,
        folder: RunFolder | None = None,
        saved_step: int = 0,
        *,
        copy_text: bool = False,
    ) -> None:
        self._path, self._copy_text = path, copy_text
        self.folder = folder
        self._cut_at = saved_step if folder else None
        self._logged = saved_step
        self._saved: tuple[int, float | None] = (saved_step, None)
        self._measured = saved_step if folder else -1
        self._log_at = self._checkpoint_at = 0.0
        self._lock = Lock()  # guards the folder's making, and samples that wait for it
        self._samples: list[GeneratedText] = []

    @property
    def saved_as(self) -> Path | None:
        """The run's folder, None while it has none."""
        return self.folder.path if self.folder else None

    def write(self, trainer: Trainer, *, everything: bool = False) -> None:
        """Write what is due, or all there is.

        Raises:
            OSError: something cannot be written. What was written before is good all the same, and
                the next call tries again when it is due.
        """
        now = time.monotonic()
        if everything or now >= self._checkpoint_at:
            self._log_at = now + _SECONDS_BETWEEN_LOGS
            self._checkpoint_at = now + _SECONDS_BETWEEN_CHECKPOINTS
            self._log(trainer, parameters=True)
            self._checkpoint(trainer)
        elif now >= self._log_at:
            self._log_at = now + _SECONDS_BETWEEN_LOGS
            small = trainer.model.parameter_count <= _MOST_PARAMETERS_TO_LOG
            self._log(trainer, parameters=small)

    def add_sample(self, sample: GeneratedText) -> None:
        """Keep a text, as soon as there is a folder. Raises OSError."""
        with self._lock:
            if self.folder is None:
                self._samples.append(sample)
            else:
                self.folder.samples.append(sample)

    def close(self) -> None:
        """Let others write into the folder."""
        if self.folder is not None:
            self.folder.unlock()

    def _log(self, trainer: Trainer, *, parameters: bool) -> None:
        rows = trainer.measurements(after=self._measured)
        if not trainer.steps or (trainer.steps == self._logged and not rows):
            return
        folder = self._ready(trainer)
        folder.lock()
        folder.metrics.append(_thinned(rows, self._measured), trainer.blocks)
        self._measured = rows[-1].step if rows else self._measured
        if parameters:
            folder.recording.append(trainer.trajectory.frames())
        self._logged = trainer.steps

    def _checkpoint(self, trainer: Trainer) -> None:
        state = trainer.steps, trainer.ensemble_loss
        if not trainer.steps or state == self._saved:
            return
        assert self.folder is not None
        self.folder.save(trainer.state_dict())
        self._saved = state

    def _copies(self, trainer: Trainer) -> bool:
        """Whether the text is to be with the run: where it writes with counts, it needs it."""
        source = trainer.dataset.source
        if source.counted is not None:
            return False  # there is no text here to copy
        is_short = len(source) <= _MOST_CHARACTERS_TO_COPY
        return self._copy_text or (trainer.settings.needs_text and is_short)

    def _ready(self, trainer: Trainer) -> RunFolder:
        """The folder, with nothing in it that the run has not come to."""
        with self._lock:
            if self.folder is None:
                self.folder = RunFolder.create(
                    trainer.dataset, self._path, trainer.settings, copy_text=self._copies(trainer)
                )
            while self._samples:
                self.folder.samples.append(self._samples[0])
                del self._samples[0]
        configuration = self.folder.configuration
        if (configuration.settings, configuration.switches) != (trainer.settings, trainer.switches):
            self.folder.configure(trainer.settings, trainer.switches)
        if self._cut_at is not None:
            self.folder.metrics.cut(self._cut_at, trainer.blocks)
            self.folder.recording.cut(self._cut_at)
            self._cut_at = None
        return self.folder


def _thinned(rows: Sequence[Measurement], step: int) -> list[Measurement]:
    """Those that are further from the one before, the first from a step, and the last."""
    retained = []
    for row in rows:
        if row.step >= _GROWTH * step or row is rows[-1]:
            retained.append(row)
            step = row.step
    return retained
