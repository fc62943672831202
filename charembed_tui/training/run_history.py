"""The runs of this session, kept to be compared with the one that goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from charembed_tui.settings.training_settings import TrainingSettings, changed
from charembed_tui.training.loss_log import Curve
from charembed_tui.training.snapshot import Snapshot
from model.families import registry as families

_MOST_RUNS = 50


@dataclass(frozen=True, eq=False)
class Run:
    """A run as it stood when it was last looked at.

    Attributes:
        number: of the run.
        corpus: name of the text.
        settings: with which it was made.
        snapshot: its newest, or last one.
        is_visible: whether its curve is drawn beside the current one.
    """

    number: int
    corpus: str
    settings: TrainingSettings
    snapshot: Snapshot
    is_visible: bool = True

    @property
    def name(self) -> str:
        """What tells it from other runs."""
        s = self.settings
        own = changed(s, TrainingSettings.to_watch())
        extra = [f"{s.FIELDS[k].label} {v}" for k, v in own.items() if k not in _IN_NAME]
        kind = [s.optimizer, f"M={s.context_length} H={s.embedding_size}"]
        parts = [f"{self.number}", *([] if families.find(s.model).counts else kind)]
        return " · ".join([*parts, *extra])

    @property
    def score(self) -> float:
        """The best held-out loss, or training loss where nothing is held out; less is better."""
        snapshot = self.snapshot
        if snapshot.ensemble_loss is not None:
            return snapshot.ensemble_loss
        if snapshot.best is not None:
            return snapshot.best.loss
        loss = snapshot.loss if snapshot.held_out is None else snapshot.held_out
        return float("inf") if loss is None else loss

    @property
    def curve(self) -> Curve:
        """Of the held-out loss, or the training loss where nothing is held out."""
        snapshot = self.snapshot
        return snapshot.held_out_curve if len(snapshot.held_out_curve) else snapshot.curve


_IN_NAME = ("context_length", "embedding_size", "optimizer")


class RunHistory:
    """Owner of the runs; each is replaced as a whole."""

    def __init__(self) -> None:
        self._runs: dict[int, Run] = {}

    def note(self, corpus: str, settings: TrainingSettings, snapshot: Snapshot) -> None:
        """Keep the newest snapshot of a run that has taken a step."""
        if not snapshot.step:
            return
        before = self._runs.get(snapshot.run)
        is_visible = before.is_visible if before else True
        self._runs[snapshot.run] = Run(snapshot.run, corpus, settings, snapshot, is_visible)
        while len(self._runs) > _MOST_RUNS:
            worst = max(self._runs.values(), key=lambda run: (run.score, -run.number))
            del self._runs[worst.number]

    def toggle(self, number: int) -> None:
        """Show a run's curve, or hide it."""
        self._runs[number] = replace(
            self._runs[number], is_visible=not self._runs[number].is_visible
        )

    def ranked(self) -> list[Run]:
        """All runs, the best first."""
        return sorted(self._runs.values(), key=lambda run: (run.score, run.number))

    def overlaid(self, current: int, corpus: str) -> list[Run]:
        """The visible runs on a text beside the current one, in the order they were made."""
        return [
            run
            for run in self._runs.values()
            if run.is_visible and run.number != current and run.corpus == corpus
        ]
