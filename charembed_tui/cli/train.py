"""`charembed train`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from charembed_tui.cli.exit_status import DONE, INTERRUPTED, UNSAVED
from charembed_tui.cli.options import require_no_settings, training_settings
from charembed_tui.cli.report import report
from charembed_tui.cli.warm_start import start_from
from charembed_tui.runs.opening import resume
from charembed_tui.runs.run_writer import RunWriter
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.glyphs import visible
from charembed_tui.text.sample_texts import default_sample
from charembed_tui.training.memory import reason
from charembed_tui.training.run_log import saved_threads
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
from model.errors import CharembedError, OptimizerError

_TRAJECTORY_BYTES = 24 << 20  # somewhat more than a run folder's recording takes


def run(options: argparse.Namespace) -> int:
    """Learn until the end that was set, convergence, or a signal; the exit status."""
    trainer, writer = _begin(options)
    end = _End(options.steps, options.seconds, trainer.steps, time.monotonic())
    saving = _Saving(writer, trainer)
    with _interruptible() as interrupted, report(options.json) as reporter:
        try:
            while not (interrupted or trainer.converged or end.part(trainer.steps) == 1.0):
                trainer.step()
                saving.save()
                reporter.progress(trainer, end.part(trainer.steps))
            trainer.measure()
            if not interrupted:
                trainer.conclude()
        except (OptimizerError, MemoryError) as error:
            raise saving.after(error) from None
        saving.save(everything=True)
        if writer.folder is None:
            raise CharembedError("No step was taken: there is nothing to save.")
        name = writer.folder.path.name
        reporter.end(trainer, name)
    if saving.problem:
        return UNSAVED
    if interrupted:
        again = f"interrupted at step {trainer.steps:,}: charembed train --resume {name} goes on"
        print(again, file=sys.stderr)
        return INTERRUPTED
    return DONE


def _begin(options: argparse.Namespace) -> tuple[Trainer, RunWriter]:
    trajectory = Trajectory(_TRAJECTORY_BYTES)
    if options.resume is not None:
        require_no_settings(options, TrainingSettings)
        resumed = resume(options.resume or None, options.corpus)
        settings = resumed.settings
        trainer = Trainer(
            1,
            settings.prepare(resumed.corpus),
            settings,
            trajectory,
            threads=saved_threads(resumed.state),
        )
        trainer.load_state_dict(resumed.state, resumed.frames)
        return trainer, RunWriter(resumed.path, resumed.folder, resumed.steps)
    path = Path(options.corpus or default_sample())
    corpus, start = Corpus.from_file(path), None
    settings = training_settings(TrainingSettings(), options, len(corpus))
    if options.start is not None:
        warm_start = start_from(options.start or None, corpus, options)
        settings, start = warm_start.settings, warm_start.theta
        print(f"charembed: {warm_start.note}", file=sys.stderr)
    trainer = Trainer(
        1,
        settings.prepare(corpus),
        settings,
        trajectory,
        start=start,
    )
    return trainer, RunWriter(path, copy_text=options.copy_text)


@dataclass(frozen=True)
class _End:
    """When to stop."""

    steps: int | None
    seconds: float | None
    first_step: int
    began: float

    def part(self, step: int) -> float | None:
        """How much is done, from 0 to 1; None where no end was set."""
        parts = []
        if self.steps is not None:
            to_do = self.steps - self.first_step
            parts.append((step - self.first_step) / to_do if to_do > 0 else 1.0)
        if self.seconds is not None:
            parts.append((time.monotonic() - self.began) / self.seconds)
        return min(1.0, max(parts)) if parts else None


class _Saving:
    """Keeps a run; what cannot be written once there is a folder is reported, and tried again."""

    def __init__(self, writer: RunWriter, trainer: Trainer) -> None:
        self._writer, self._trainer = writer, trainer
        self.problem = ""

    def save(self, *, everything: bool = False) -> None:
        """Write what is due. Raises OSError where the run has no folder yet."""
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

    def after(self, error: Exception) -> OptimizerError:
        """Keep the state before a failure, unless it is the failure; what to tell."""
        with suppress(CharembedError, MemoryError):
            self._trainer.measure()
            self.save(everything=True)
        message = reason(error)
        if self._writer.folder is not None:
            message += f"\nIts last good state is kept in {self._writer.folder.path.name}."
        return OptimizerError(message)


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """Signals that end the program become entries of a list."""
    received: list[int] = []
    names = [n for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
    before = {}
    for number in (getattr(signal, name) for name in names):
        before[number] = signal.signal(number, lambda n, _: received.append(n))
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
