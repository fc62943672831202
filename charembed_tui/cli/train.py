"""`charembed train`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from charembed_tui.cli.counting import read_texts
from charembed_tui.cli.distribution import distribution
from charembed_tui.cli.exit_status import DONE, INTERRUPTED, UNSAVED
from charembed_tui.cli.options import require_no_settings, training_settings
from charembed_tui.cli.report import report
from charembed_tui.cli.streams import patient_streams
from charembed_tui.cli.warm_start import start_from
from charembed_tui.ending import Ending, ending_signals
from charembed_tui.exhaustion import is_exhaustion
from charembed_tui.runs.opening import resume
from charembed_tui.runs.run_writer import RunWriter
from charembed_tui.settings.config import Config
from charembed_tui.settings.text_options import reading_changes
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.locations import config_file
from charembed_tui.text.glyphs import visible
from charembed_tui.text.reading_notes import reading_notes
from charembed_tui.text.sample_texts import default_sample
from charembed_tui.training.memory import reason
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.errors import Cancelled, CharembedError, OptimizerError, SettingsError
from model.streams.table_mark import is_table

_SHOW_CURSOR = b"\x1b[?25h"  # which the bar hides
_TRAJECTORY_BYTES = 24 << 20  # somewhat more than a run folder's recording takes


def run(options: argparse.Namespace) -> int:
    """Learn until the end that was set, convergence, or a signal; the exit status."""
    with ExitStack() as closing, patient_streams(), _Interruption() as interruption:
        try:
            trainer, writer = _begin(options, closing, interruption.is_wanted)
            closing.callback(writer.close)
        except Cancelled:
            print("interrupted before the first step: nothing to save", file=sys.stderr)
            return INTERRUPTED
        return _train(options, trainer, writer, interruption)


def _train(
    options: argparse.Namespace, trainer: Trainer, writer: RunWriter, interruption: _Interruption
) -> int:
    end = _End(options.steps, options.seconds, trainer.steps, trainer.elapsed)
    saving = interruption.saving = _Saving(writer, trainer)
    with report(options.json) as reporter:
        try:
            with suppress(Cancelled):
                while not (
                    interruption.is_wanted() or trainer.converged or end.part(trainer) == 1.0
                ):
                    trainer.step()
                    saving.save()
                    reporter.progress(trainer, end.part(trainer))
                trainer.measure()
                if not interruption.is_wanted():
                    trainer.conclude()
        except Exception as error:
            if not (isinstance(error, OptimizerError) or is_exhaustion(error)):
                raise
            raise saving.after(error) from None
        saving.save(everything=True)
        if writer.folder is None:
            raise CharembedError("No step was taken: there is nothing to save.")
        name = writer.folder.path.name
        reporter.end(trainer, name)
    if saving.problem:
        return UNSAVED
    if interruption.is_wanted():
        again = f"interrupted at step {trainer.steps:,}: charembed train --resume {name} goes on"
        print(visible(again), file=sys.stderr)
        return INTERRUPTED
    return DONE


def _begin(
    options: argparse.Namespace, closing: ExitStack, is_cancelled: Callable[[], bool]
) -> tuple[Trainer, RunWriter]:
    trajectory = Trajectory(_TRAJECTORY_BYTES)
    if options.resume is not None:
        require_no_settings(options, TrainingSettings)
        resumed = resume(options.resume or None, options.corpus, reading_changes(options))
        settings = resumed.settings
        trainer = Trainer(
            1,
            settings.prepare(resumed.corpus),
            settings,
            trajectory,
            threads=resumed.saved_state.threads,
            blas_threads=resumed.saved_state.blas_threads,
            is_cancelled=is_cancelled,
        )
        trainer.load_state_dict(resumed.state, resumed.frames)
        if trainer.note:
            print(f"charembed: {visible(trainer.note)}", file=sys.stderr)
        return trainer, RunWriter(resumed.path, resumed.folder, resumed.steps)
    if options.table is not None:
        _require_table_alone(options)
    names = [options.table] if options.table else options.corpus or [str(default_sample())]
    path = Path(names[0])
    settings, start = Config.load(config_file()).training(TrainingSettings()), None
    corpus = read_texts(names, options, settings, is_cancelled)
    for note in reading_notes(corpus):
        print(f"charembed: {visible(note)}", file=sys.stderr)
    settings = training_settings(settings, options, len(corpus))
    if options.start is not None:
        warm_start = start_from(options.start or None, corpus, options)
        settings, start = warm_start.settings, warm_start.theta
        print(f"charembed: {visible(warm_start.note)}", file=sys.stderr)
    distribute = None
    if options.cluster is not None:
        distribute = distribution(options, corpus, settings, closing)
    trainer = Trainer(
        1,
        settings.prepare(corpus),
        settings,
        trajectory,
        start=start,
        distribute=distribute,
        is_cancelled=is_cancelled,
    )
    return trainer, RunWriter(path, copy_text=options.copy_text)


def _require_table_alone(options: argparse.Namespace) -> None:
    """Refuse a table that is none, or that has texts beside it. Raises SettingsError."""
    if options.corpus:
        raise SettingsError(
            "A table goes alone: leave out the texts, or add them with charembed count."
        )
    if os.path.exists(options.table) and not is_table(options.table):
        raise SettingsError(
            f"{os.path.basename(options.table)} is no table: charembed count makes one. Without "
            "--table a text is learned from."
        )


@dataclass(frozen=True)
class _End:
    """When to stop."""

    steps: int | None
    seconds: float | None
    first_step: int
    first_second: float

    def part(self, trainer: Trainer) -> float | None:
        """How much is done, from 0 to 1; None where no end was set.

        Seconds are those of training: a process that was stopped for an hour has not trained.
        """
        parts = []
        if self.steps is not None:
            to_do = self.steps - self.first_step
            parts.append((trainer.steps - self.first_step) / to_do if to_do > 0 else 1.0)
        if self.seconds is not None:
            parts.append((trainer.elapsed - self.first_second) / self.seconds)
        return min(1.0, max(parts)) if parts else None


class _Saving:
    """Keeps a run; what cannot be written once there is a folder is reported, and tried again."""

    def __init__(self, writer: RunWriter, trainer: Trainer) -> None:
        self._writer, self._trainer = writer, trainer
        self.problem = ""
        self.is_at_work = False

    def save(self, *, everything: bool = False) -> None:
        """Write what is due. Raises OSError where the run has no folder yet."""
        self.is_at_work = True
        try:
            self._writer.write(self._trainer, everything=everything)
        except OSError as error:
            if self._writer.folder is None:
                raise
            if not self.problem or everything:
                reason_text = visible(str(error))
                print(f"charembed: not saved ({reason_text}); training goes on", file=sys.stderr)
            self.problem = str(error)
        else:
            self.problem = ""
        finally:
            self.is_at_work = False

    def after(self, error: Exception) -> OptimizerError:
        """Keep the state before a failure, unless it is the failure; what to say of both.

        A step that was left for want of memory may have left any state.
        """
        if not is_exhaustion(error):
            with suppress(CharembedError, OSError, MemoryError):
                self._trainer.measure()
                self.save(everything=True)
        message, folder = reason(error), self._writer.folder
        if folder is not None and folder.checkpoint_times:
            message += f"\nIts last good state is kept in {folder.path.name}."
        elif self._trainer.steps:
            message += "\nNothing of it could be saved."
        return OptimizerError(message)


class _Interruption:
    """Signals that end the program ask for a last checkpoint; the second one waits for nothing."""

    def __init__(self) -> None:
        self.saving: _Saving | None = None
        self._ending = Ending(
            lambda: None,
            lambda: self.saving is not None and self.saving.is_at_work,
            lambda: sys.__stderr__ and sys.__stderr__.isatty() and os.write(2, _SHOW_CURSOR),
        )
        self._before: dict[signal.Signals, Any] = {}

    def is_wanted(self) -> bool:
        """Whether a signal came."""
        return self._ending.has_begun

    def __enter__(self) -> Self:
        for number in ending_signals():
            self._before[number] = signal.signal(number, self._received)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _received(self, number: int, _: object) -> None:
        if not self._ending.has_begun:
            self._ending.begin(INTERRUPTED)
        elif number != getattr(signal, "SIGHUP", None):  # which shells pass on: not impatience
            self._ending.hurry()
