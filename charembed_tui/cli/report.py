"""Progress of a training: a bar on a terminal, lines when piped, objects for machines."""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from charembed_tui.text.glyphs import visible
from charembed_tui.training.loss_log import Measurement
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.trainer import Trainer

_SECONDS_BETWEEN_LINES = 2.0
_SECONDS_BETWEEN_BARS = 0.1


class Report:
    """A line now and then on standard error; at the end the run's name on standard output."""

    def __init__(self) -> None:
        self._reported_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def progress(self, trainer: Trainer, part: float | None) -> None:
        """A line, every other second."""
        if time.monotonic() - self._reported_at >= _SECONDS_BETWEEN_LINES:
            self._reported_at = time.monotonic()
            self._tell(trainer)

    def end(self, trainer: Trainer, run: str) -> None:
        """The last line, what was reached, and the name."""
        self._tell(trainer)
        self._conclude(trainer)
        _print_name(run)

    def _conclude(self, trainer: Trainer) -> None:
        """What was reached when, and what is wrong with the end, if anything is."""
        self._tell_of_ensemble(trainer)
        snapshot = trainer.snapshot(SessionState.FINISHED)
        for line in filter(None, (snapshot.conclusion, snapshot.warning)):
            print(line, file=sys.stderr, flush=True)

    def _tell_of_ensemble(self, trainer: Trainer) -> None:
        if trainer.fits and trainer.best and trainer.ensemble_loss is not None:
            print(
                f"with {trainer.fits.ensemble.settings.names}: held out "
                f"{trainer.ensemble_loss:.4f} at step {trainer.best.step:,}",
                file=sys.stderr,
            )

    def _tell(self, trainer: Trainer) -> None:
        print(f"step {trainer.steps:,}: {_losses(trainer.measured)}", file=sys.stderr, flush=True)


class _Objects(Report):
    """The same as JSON on standard output."""

    def end(self, trainer: Trainer, run: str) -> None:
        """The last object, with the run's name."""
        best, fits = trainer.best, trainer.fits
        last = trainer.measured.held_out
        of_best = best.loss if best and last is not None else None
        facts: dict[str, Any] = {
            "run": run,
            "converged": trainer.converged,
            "best_held_out": of_best,
            "best_step": best.step if best else None,
            "seconds": round(trainer.elapsed, 3),
            "warning": trainer.snapshot(SessionState.FINISHED).warning or None,
        }
        if fits is not None and best is not None:
            # What the run writes with comes first; the family alone is named as such.
            facts |= {
                "with": fits.ensemble.settings.names,
                "held_out": fits.loss(trainer.steps),
                "best_held_out": fits.loss(best.step),
                "held_out_alone": last,
                "best_held_out_alone": of_best,
            }
        self._print(trainer, facts)

    def _tell(self, trainer: Trainer) -> None:
        self._print(trainer, {})

    def _print(self, trainer: Trainer, more: dict[str, Any]) -> None:
        measured = trainer.measured
        facts = {
            "step": trainer.steps,
            "seconds": round(trainer.seconds, 3),
            "training": measured.training,
            "held_out": measured.held_out,
        }
        print(json.dumps({**facts, **more}), flush=True)


class _Bar(Report):
    """A bar with the losses."""

    def __init__(self) -> None:
        super().__init__()
        self._bar = Progress(
            TextColumn("step {task.fields[step]:,}"),
            BarColumn(),
            TextColumn("{task.fields[losses]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            auto_refresh=False,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def progress(self, trainer: Trainer, part: float | None) -> None:
        """Move the bar, ten times a second."""
        if time.monotonic() - self._reported_at >= _SECONDS_BETWEEN_BARS:
            self._reported_at = time.monotonic()
            self._move(trainer, part)

    def end(self, trainer: Trainer, run: str) -> None:
        """The bar is full, the name below it."""
        self._move(trainer, 1.0)
        self._bar.stop()
        self._conclude(trainer)
        _print_name(run)

    def _move(self, trainer: Trainer, part: float | None) -> None:
        total = None if part is None else 1.0
        fields: dict[str, Any] = {"step": trainer.steps, "losses": _losses(trainer.measured)}
        if self._task is None:
            self._task = self._bar.add_task("", total=total, **fields)
        self._bar.update(self._task, completed=part or 0.0, total=total, refresh=True, **fields)


def report(as_json: bool) -> Report:
    """The one that fits where the output goes."""
    if as_json:
        return _Objects()
    return _Bar() if sys.stderr.isatty() else Report()


def _losses(measured: Measurement) -> str:
    other = "" if measured.held_out is None else f", held out {measured.held_out:.4f}"
    return f"{measured.training:.4f} nats per character{other}"


def _print_name(run: str) -> None:
    """The run's name: for scripts as it is, on a terminal so that it cannot disturb it."""
    print(visible(run) if sys.stdout.isatty() else run)
