"""Keeping a run: its losses and parameters every second, a checkpoint every five."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Sequence
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
_MOST_NGRAMS_TO_COPY = 20_000_000  # some hundred MB; more are counted again
_FULL = (errno.ENOSPC, errno.EDQUOT)
_LEAST_FRAMES = 64  # that a recording is not thinned below for its own growth
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
        # What was written after the checkpoint goes before more is added.
        self._metrics_cut_at = self._recording_cut_at = saved_step if folder else None
        self._recorded = saved_step
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
            OSError: something cannot be written. Each file fails alone, the checkpoint comes
                first, what was written before is good all the same, and the next call tries again
                when it is due.
        """
        now = time.monotonic()
        if everything or now >= self._checkpoint_at:
            self._log_at = now + _SECONDS_BETWEEN_LOGS
            self._checkpoint_at = now + _SECONDS_BETWEEN_CHECKPOINTS
            self._write(trainer, self._checkpoint, self._log, self._record)
        elif now >= self._log_at:
            self._log_at = now + _SECONDS_BETWEEN_LOGS
            small = trainer.model.parameter_count <= _MOST_PARAMETERS_TO_LOG
            self._write(trainer, self._log, *[self._record] * small)

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

    def _write(self, trainer: Trainer, *parts: Callable[[RunFolder, Trainer], None]) -> None:
        """Write files one after the other: where one does not fit, the next may."""
        state = trainer.steps, trainer.ensemble_loss
        written = self._saved == state and self._recorded == trainer.steps
        written = written and not trainer.measurements.count_after(self._measured)
        if not trainer.steps or (written and self.folder and not self.folder.was_emptied):
            return
        folder = self._ready(trainer)
        problems = []
        for part in (*parts, self._configure, self._add_samples):
            try:
                self._write_part(part, folder, trainer)
            except OSError as error:
                problems.append(error)
        if problems:
            raise problems[0]

    def _write_part(
        self, part: Callable[[RunFolder, Trainer], None], folder: RunFolder, trainer: Trainer
    ) -> None:
        """Write a file; where the disk is full, once more after the recording has made room."""
        try:
            part(folder, trainer)
        except OSError as error:
            # A checkpoint is worth more than any number of frames.
            least = 0 if part == self._checkpoint else _LEAST_FRAMES
            if error.errno not in _FULL or not folder.recording.thin(least):
                raise
            part(folder, trainer)

    def _checkpoint(self, folder: RunFolder, trainer: Trainer) -> None:
        state = trainer.steps, trainer.ensemble_loss
        if state != self._saved:
            folder.save(trainer.state_dict())
            self._saved = state

    def _log(self, folder: RunFolder, trainer: Trainer) -> None:
        if self._metrics_cut_at is not None:
            folder.metrics.cut(self._metrics_cut_at, trainer.measurements.blocks)
            self._metrics_cut_at = None
        rows = trainer.measurements.after(self._measured)
        folder.metrics.append(_thinned(rows, self._measured), trainer.measurements.blocks)
        self._measured = rows[-1].step if rows else self._measured

    def _record(self, folder: RunFolder, trainer: Trainer) -> None:
        if self._recording_cut_at is not None:
            folder.recording.cut(self._recording_cut_at)
            self._recording_cut_at = None
        if trainer.steps != self._recorded:
            folder.recording.append(trainer.trajectory.frames())
            self._recorded = trainer.steps

    def _configure(self, folder: RunFolder, trainer: Trainer) -> None:
        configuration = folder.configuration
        if (configuration.settings, configuration.switches) != (trainer.settings, trainer.switches):
            folder.configure(trainer.settings, trainer.switches)

    def _add_samples(self, folder: RunFolder, trainer: Trainer) -> None:
        with self._lock:
            while self._samples:
                folder.samples.append(self._samples[0])
                del self._samples[0]

    def _copies(self, trainer: Trainer) -> bool:
        """Whether the text is to be with the run: where it writes with counts, it needs it."""
        source = trainer.dataset.source
        if source.was_streamed and source.counted is not None:
            # Counting takes longer than all else that going on with a run needs.
            return source.counted.training.ngram_count <= _MOST_NGRAMS_TO_COPY
        if source.counted is not None:
            return False  # there is no text here to copy
        is_short = len(source) <= _MOST_CHARACTERS_TO_COPY
        return self._copy_text or (trainer.settings.needs_text and is_short)

    def _ready(self, trainer: Trainer) -> RunFolder:
        """The folder, locked, and made where there is none. Raises OSError."""
        with self._lock:
            if self.folder is None:
                self.folder = RunFolder.create(
                    trainer.dataset, self._path, trainer.settings, copy_text=self._copies(trainer)
                )
        if self.folder.was_emptied:
            # Somebody has deleted it, and made it again: what is written from now on is a run only
            # with everything that it began with.
            self._metrics_cut_at = self._recording_cut_at = None
            self._saved, self._measured, self._recorded = (0, None), -1, 0
            self.folder.begin_again(trainer.dataset, copy_text=self._copies(trainer))
        self.folder.lock()
        return self.folder


def _thinned(rows: Sequence[Measurement], step: int) -> list[Measurement]:
    """Those that are further from the one before, the first from a step, and the last."""
    retained = []
    for row in rows:
        if row.step >= _GROWTH * step or row is rows[-1]:
            retained.append(row)
            step = row.step
    return retained
