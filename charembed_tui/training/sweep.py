"""A sweep: several settings, run one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.snapshot import SessionState, Snapshot
from model.errors import SettingsError

_MOST_RUNS = 200
_OVER = (SessionState.FINISHED, SessionState.FAILED)


@dataclass(frozen=True)
class Sweep:
    """What is still to be run.

    Attributes:
        waiting: settings of the runs to come.
        total: how many runs there are in all.
        seconds: of training that each may take.
    """

    waiting: tuple[TrainingSettings, ...]
    total: int
    seconds: float

    @property
    def number(self) -> int:
        """Which run goes on, from 1."""
        return self.total - len(self.waiting)

    def next(self) -> tuple[TrainingSettings, Sweep]:
        """The settings of the next run, and the sweep without it."""
        return self.waiting[0], replace(self, waiting=self.waiting[1:])

    def is_due(self, snapshot: Snapshot) -> bool:
        """Whether the run of a snapshot has had its time."""
        return snapshot.state in _OVER or snapshot.seconds >= self.seconds


def plan(base: TrainingSettings, grid: Sequence[tuple[str, str]], seconds: float) -> Sweep:
    """Every combination of values.

    Args:
        base: everything that is not swept.
        grid: names of settings, and their values separated by commas, as typed.
        seconds: of training for each run.

    Raises:
        SettingsError: a value is not valid, nothing is swept, or there are too many runs.
    """
    names = [name for name, values in grid if values.strip()]
    if not names:
        raise SettingsError("Write values separated by commas: 2, 5, 16 for instance.")
    if len(set(names)) < len(names):
        raise SettingsError("The two settings are the same: choose different ones.")
    columns = [
        [base.FIELDS[name].check(value.strip()) for value in values.split(",") if value.strip()]
        for name, values in grid
        if values.strip()
    ]
    runs = [replace(base, **dict(zip(names, row, strict=True))) for row in product(*columns)]
    if len(runs) > _MOST_RUNS:
        raise SettingsError(f"These are {len(runs):,} runs: choose at most {_MOST_RUNS}.")
    return Sweep(tuple(runs), len(runs), seconds)
