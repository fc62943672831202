"""What the interface needs of a session, whether it trains or follows another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Protocol

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.snapshot import Snapshot
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
from model.dataset import Dataset

if TYPE_CHECKING:
    from charembed_tui.training.fits import Fits
    from model.ngrams import NgramTable


@dataclass(frozen=True)
class Activity:
    """What a session is about at a moment, which no snapshot can say: those come after a step.

    Attributes:
        is_wanted: whether somebody wants it to train, which it does as soon as it can.
        is_paced: whether it trains no faster than can be watched, or at full speed; None where
            that is not ours to say.
        step_seconds: for how long the step under way has taken; 0 between steps.
    """

    is_wanted: bool = False
    is_paced: bool | None = None
    step_seconds: float = 0.0

    @property
    def is_at_full_speed(self) -> bool:
        """Whether pictures follow each other faster than anybody reads what is beside them."""
        return self.is_paced is False


class Session(Protocol):
    """A run and the thread that looks after it.

    Attributes:
        dataset: what is learned from.
        corpus: the text as it is learned, rare characters merged.
        settings: of the run.
        snapshot: the newest snapshot, replaced as a whole.
        trajectory: the recording of the run.
        table: the counted n-grams of the training text, None until they are counted.
        problem: what there is to tell about the run, until somebody has read it.
        fits: what goes with the family, fitted to some steps; None where nothing does, or until
            it is counted.
        followed: name of the run that is looked at while another process trains it, or None.
        is_saving: whether the run is being written to disk.
    """

    dataset: Dataset
    corpus: Corpus
    settings: TrainingSettings
    snapshot: Snapshot
    trajectory: Trajectory
    table: NgramTable | None
    fits: Fits | None
    problem: str | None
    followed: str | None
    is_saving: bool

    @property
    def saved_as(self) -> Path | None:
        """The run's folder, None while it has none."""

    def begin(self) -> None:
        """Start the thread."""

    def start(self) -> None:
        """Train until `pause`."""

    def pause(self) -> None:
        """Stop after the step that is being taken."""

    def toggle(self) -> None:
        """Start when nothing moves, pause when something does."""

    def step_once(self) -> None:
        """Take one step, then pause."""

    def set_pace(self, *, is_paced: bool) -> None:
        """Train no faster than can be watched, or at full speed, from now on."""

    def activity(self) -> Activity:
        """What the session is about at this moment."""

    def switch_optimizer(self, settings: TrainingSettings) -> None:
        """Continue from the current parameters with the optimizer of these settings."""

    def give_way(self, seconds: float) -> None:
        """Let the interface have the interpreter for a moment."""

    def take_samples(self) -> Sequence[GeneratedText]:
        """Texts kept with the run that were not taken before, the oldest first."""

    def add_sample(self, sample: GeneratedText) -> None:
        """Keep a text with the run. Raises OSError."""

    def close(self) -> None:
        """End the thread soon."""

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread of a closed session to end; whether it has."""


def has_ended(thread: Thread, timeout: float | None) -> bool:
    """Wait for a session's thread; whether it has ended, or never begun."""
    if thread.ident is None:
        return True
    thread.join(timeout)
    return not thread.is_alive()
