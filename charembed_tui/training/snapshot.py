"""What the interface sees of a training session: immutable snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from charembed_tui.text.corpus_facts import CorpusFacts
from charembed_tui.training.best import Best, Return
from charembed_tui.training.loss_log import NO_CURVE, Curve, in_words
from charembed_tui.training.norms import NO_NORMS, Norms
from model.families.base import Model, Predictor

if TYPE_CHECKING:
    from charembed_tui.training.fits import Fits  # with scipy: not before the first picture

Array = NDArray[np.float64]

NOTICEABLE = 0.005  # nats per character


class SessionState(Enum):
    """Where a session stands."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"


class Switch(NamedTuple):
    """After which step the optimizer was changed, and the new one's name."""

    step: int
    optimizer: str


@dataclass(frozen=True, eq=False)
class Between:
    """A place on the way from one step to the next, where a picture flows while training waits.

    Attributes:
        theta: (D,) parameters, read-only.
        loss: of the training text at them, nats per character.
        held_out: of the held-out text; None where there is none.
    """

    theta: Array
    loss: float
    held_out: float | None


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A session at one moment. Arrays are read-only.

    Attributes:
        run: number of the run; snapshots of an older one are out of date.
        state: where the session stands.
        model: the model's shape.
        step: steps taken.
        seconds: spent on them, pauses left out.
        facts: of the text; None until it is counted.
        theta: (D,) parameters, None until they are made.
        loss: of the training text in nats per character, when it was last measured.
        curve: the losses measured so far.
        held_out: the loss of the held-out text; None where there is none.
        held_out_curve: its losses measured so far.
        norms: of gradient and parameters, measured so far.
        counted: part of the text that is counted, from 0 to 1.
        optimizer: its name.
        switches: of the optimizer, in the order they were made.
        best: the step with the lowest held-out loss so far, None before there is one.
        went_back: from where the run went back to its best step when it ended; None if it did not.
        ensemble_loss: the held-out loss there of the family with n-grams and cache, in nats per
            character; None where nothing goes with it, or it has not been measured.
        objective_share: part of a step's time spent in the objective, lately; the rest is the
            optimizer's.
        steps_per_second: lately; 0 when nothing moves.
        step_seconds: how long the last step took; 0 before the first.
        between: where the picture is on its way from the step before to `theta`; None where it
            has arrived.
        error: why the session failed.
    """

    run: int
    state: SessionState
    model: Model
    step: int = 0
    seconds: float = 0.0
    facts: CorpusFacts | None = None
    theta: Array | None = None
    loss: float | None = None
    curve: Curve = NO_CURVE
    held_out: float | None = None
    held_out_curve: Curve = NO_CURVE
    norms: Norms = NO_NORMS
    counted: float = 0.0
    optimizer: str = ""
    switches: tuple[Switch, ...] = ()
    best: Best | None = None
    went_back: Return | None = None
    ensemble_loss: float | None = None
    objective_share: float = 0.0
    steps_per_second: float = 0.0
    step_seconds: float = 0.0
    between: Between | None = None
    error: str | None = None

    @property
    def is_running(self) -> bool:
        """Whether training goes on."""
        return self.state is SessionState.RUNNING

    @property
    def has_begun(self) -> bool:
        """Whether there is training to watch, or there was."""
        return self.step > 0 or self.is_running

    @property
    def conclusion(self) -> str:
        """What was reached, and when; empty where nothing was measured."""
        if self.best is None:
            return ""
        text = f"best {self.best.loss:.4f} at step {self.best.step:,}"
        if self.ensemble_loss is not None:
            text += f", {self.ensemble_loss:.4f} with all parts"
        if self._has_gone_back is not None:
            end = self._has_gone_back
            text += f"; {self._afterwards(end.step)} ({in_words(end.loss)}), and went back there"
        elif self.held_out is not None and self.held_out - self.best.loss > NOTICEABLE:
            text += f"; {self._afterwards(self.step)}"
        return text

    @property
    def _has_gone_back(self) -> Return | None:
        """From where the run went back with its last step; None if it did not."""
        is_last = self.went_back is not None and self.went_back.step == self.step - 1
        return self.went_back if is_last else None

    def _afterwards(self, end: int) -> str:
        """Say what came between the best step and another one."""
        at_best, at_end = 0.0, 0.0
        if self.best is not None and len(self.curve):
            steps = [self.best.step, max(end, self.best.step)]
            at_best, at_end = np.interp(steps, self.curve.steps, self.curve.losses)
        if at_end > at_best:
            return "after that it only got worse"
        return "after that it only learned the text by heart"

    @property
    def warning(self) -> str:
        """What is wrong with where it stands, though nothing failed; empty for nothing.

        That is a training loss above the one before the first step, or no step better than that.
        """
        back = self._has_gone_back
        if back is not None and self.best is not None and not self.best.step:
            return (
                f"The loss rose to {in_words(back.loss)}, and the run went back to where it began: "
                "try a smaller learning rate or another optimizer."
            )
        if self.loss is None or not len(self.curve) or self.loss <= self.curve.losses[0]:
            return ""
        first = float(self.curve.losses[0])
        return (
            f"The loss is {in_words(self.loss)}, above the {first:.4f} it began with: "
            "try a smaller learning rate or another optimizer."
        )


@dataclass(frozen=True, eq=False)
class View:
    """The parameters on show: the newest, or those of a recorded step.

    Attributes:
        model: the model's shape.
        step: the step they belong to.
        theta: (D,), read-only.
        live: whether they are the newest.
        fits: what goes with the family; None where nothing does.
    """

    model: Model
    step: int
    theta: Array
    live: bool
    fits: Fits | None = None

    @property
    def embeddings(self) -> Array:
        """(V, H)."""
        return self.model.embeddings(self.theta)

    @property
    def predictor(self) -> Predictor:
        """The model at these parameters, with what goes with it where that was fitted before."""
        if self.fits is not None and self.fits.at(self.step) is not None:
            return self.fits.predictor(self.step, self.theta)
        return self.model.predictor(self.theta)

    def following_predictor(self) -> Predictor:
        """As `fitted_predictor`, for text that follows training: see `Fits.following_predictor`."""
        if self.fits is None:
            return self.predictor
        return self.fits.following_predictor(self.step, self.theta)

    def fitted_predictor(self) -> Predictor:
        """The model with all that goes with it, which is fitted now where it was not before.

        Raises:
            SettingsError: a part does not fit the text.
        """
        if self.fits is None:
            return self.predictor
        return self.fits.predictor(self.step, self.theta)
