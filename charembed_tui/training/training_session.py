"""Training on a thread of its own: a state machine that others steer and watch, never enter."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Condition, Thread
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from charembed_tui.exhaustion import is_exhaustion
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.memory import reason
from charembed_tui.training.pace import Pace, likely_loss
from charembed_tui.training.run_log import RunLog, SavedState
from charembed_tui.training.running_clock import running_time
from charembed_tui.training.session import Activity, has_ended
from charembed_tui.training.snapshot import Between, SessionState, Snapshot
from charembed_tui.training.trajectory import Trajectory
from model.dataset import Dataset
from model.errors import Cancelled, CharembedError
from model.families import registry as families
from model.interruption import resting

if TYPE_CHECKING:
    from charembed_tui.training.fits import Fits
    from charembed_tui.training.trainer import Trainer
    from model.ngrams import NgramTable

Array = NDArray[np.float64]

_SECONDS_BETWEEN_SNAPSHOTS = 0.1
_LEAST_WAIT = 0.005  # seconds: what is shorter is waited for later, together


class TrainingSession:
    """One run on one text and the thread it happens on.

    Steering (`start`, `pause`, `step_once`, `close`) only notes a wish and returns at once; the
    thread fulfils it between two steps. Watching is reading `snapshot`: the latest wins.

    Args:
        dataset: what to learn from, as the settings have it.
        settings: how.
        run: number of the run.
        begin: start the thread at once, rather than with `begin`.
        run_log: writes what is due after every step, and everything whenever training stands still.
            What it cannot write is told once.
        resumed: where the run to go on with stood.
        start: (D,) parameters to begin with, in place of random ones.
        is_paced: train no faster than can be watched, rather than at full speed.

    Attributes:
        dataset: what is learned from.
        corpus: the text as it is learned, rare characters merged.
        snapshot: the newest snapshot, replaced as a whole.
        trajectory: the recording of the run.
        run_log: writes the run, None for one that is forgotten.
        problem: what there is to tell about the run, until somebody has read it.
        table: the counted n-grams of the training text, None until they are counted.
        fits: what goes with the family, fitted to some steps; None where nothing does, or until
            it is counted.
        followed: None, since this session trains.
        is_saving: whether the run is being written to disk.
    """

    def __init__(
        self,
        dataset: Dataset,
        settings: TrainingSettings,
        run: int = 1,
        *,
        begin: bool = True,
        run_log: RunLog | None = None,
        resumed: SavedState | None = None,
        start: Array | None = None,
        is_paced: bool = False,
    ) -> None:
        self.dataset = dataset
        self.corpus = dataset.corpus
        self.settings = settings
        self.trajectory = Trajectory()
        self.table: NgramTable | None = None
        self.fits: Fits | None = None
        self.problem: str | None = None
        model = settings.make_model(len(dataset.vocabulary))
        self.snapshot = Snapshot(run, SessionState.IDLE, model)
        self._resume_at = 0.0
        self._may_rest = True
        self._step_began: float | None = None  # by `running_time`; None between steps
        self._pace: Pace | None = None
        self._going: float | None = None  # where the loss goes, once it is needed
        self.run_log = run_log
        self._resumed, self._start = resumed, start
        self._samples: Sequence[GeneratedText] = resumed.samples if resumed else ()
        self.followed: str | None = None
        self._is_saved = True  # as far as it was tried
        self.is_saving = False
        self._wishes = Condition()  # guards the five below
        self._running = False
        self._is_paced = is_paced
        self._single_steps = 0
        self._closing = False
        self._switch: TrainingSettings | None = None
        self._thread = Thread(target=self._work, name=f"training-{self.snapshot.run}", daemon=True)
        if begin:
            self.begin()

    @property
    def saved_as(self) -> Path | None:
        """The run's folder, None while it has none."""
        return self.run_log.saved_as if self.run_log else None

    def begin(self) -> None:
        """Start the thread, which counts the text and waits for wishes."""
        self._thread.start()

    def start(self) -> None:
        """Train until `pause`."""
        self._wish(running=True)

    def pause(self) -> None:
        """Stop after the step that is being taken."""
        self._wish(running=False)

    def toggle(self) -> None:
        """Start when nothing moves, pause when something does."""
        self._wish(running=not self._running)

    def step_once(self) -> None:
        """Take one step, then pause."""
        self._wish(running=False, single_steps=self._single_steps + 1)

    def set_pace(self, *, is_paced: bool) -> None:
        """Train no faster than can be watched, or at full speed, from now on."""
        with self._wishes:
            self._is_paced = is_paced
            self._wishes.notify()

    def activity(self) -> Activity:
        """What the session is about at this moment."""
        began = self._step_began
        return Activity(
            is_wanted=self._running or self._single_steps > 0,
            is_paced=self._is_paced,
            step_seconds=0.0 if began is None else running_time() - began,
        )

    def switch_optimizer(self, settings: TrainingSettings) -> None:
        """Continue from the current parameters with the optimizer of these settings."""
        self.settings = settings
        with self._wishes:
            self._switch = settings
            self._wishes.notify()

    def give_way(self, seconds: float) -> None:
        """Let the interface have the interpreter for a moment: taking turns slows both down.

        May be called on any thread. A step under way rests, too, and takes so much longer.
        """
        self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    def take_samples(self) -> Sequence[GeneratedText]:
        """Texts kept with a run that goes on, the first time."""
        taken, self._samples = self._samples, ()
        return taken

    def add_sample(self, sample: GeneratedText) -> None:
        """Keep a text with the run. Raises OSError."""
        if self.run_log is not None:
            self.run_log.add_sample(sample)

    def close(self) -> None:
        """End the thread after the step that is being taken."""
        self._wish(running=False, closing=True)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread of a closed session to end; whether it has."""
        return has_ended(self._thread, timeout)

    def _wish(self, *, running: bool, single_steps: int = 0, closing: bool = False) -> None:
        with self._wishes:
            self._running = running
            self._single_steps = single_steps
            self._closing |= closing
            self._wishes.notify()

    # What follows runs on the thread.

    def _work(self) -> None:
        trainer: Trainer | None = None
        try:
            from charembed_tui.training.trainer import (
                Trainer,  # with scipy: not before the first picture
            )

            trainer = Trainer(
                self.snapshot.run,
                self.dataset,
                self.settings,
                self.trajectory,
                start=self._start,
                threads=self._resumed.threads if self._resumed else None,
                blas_threads=self._resumed.blas_threads if self._resumed else None,
                progress=self._counted,
                is_cancelled=lambda: self._closing,
            )
            self.table, self.fits = trainer.table, trainer.fits
            if self._resumed is not None:
                trainer.load_state_dict(self._resumed.state, self._resumed.frames)
                self._resumed = None
                self.problem = self.problem or trainer.note or None
            self.snapshot = trainer.snapshot(SessionState.IDLE)
            with resting(self._rest):  # a step may take longer than an answer
                self._train(trainer)
            self._save(trainer, everything=True)
        except Cancelled:  # closed while counting, measuring, or in a step that takes long
            if trainer is not None:
                self._save(trainer, everything=True)
        except CharembedError as error:
            if trainer is not None:
                self._save_if_good(trainer)
            self._fail(str(error))
        except Exception as error:
            # Whatever it is must reach the screen: the thread has no other reader. A step that was
            # left for want of memory may have left any state: what was saved before is good.
            known = is_exhaustion(error)
            self._fail(reason(error) if known else f"{type(error).__name__}: {error}")
        finally:
            if self.run_log is not None:
                self.run_log.close()

    def _train(self, trainer: Trainer) -> None:
        """Take steps while they are wanted, and publish them, until the session is closing.

        What is done here at every step takes 4 microseconds, where a step may take 500.
        """
        published = 0.0
        while self._await_turn(trainer):
            if self._switch:
                self._change_optimizer(trainer)
                continue
            if self.snapshot.state is not SessionState.RUNNING:
                self.snapshot = trainer.snapshot(SessionState.RUNNING)
            self._may_rest = True
            self._rest()
            pace = self._pace_of(trainer)
            before = trainer.optimizer.theta.copy() if pace else None
            self._step_began, began = running_time(), time.monotonic()
            trainer.step()
            self._step_began = None
            self._save(trainer)
            if pace is not None and before is not None:
                self._keep(pace, trainer, before, began)
            if trainer.converged:
                self._stand_still(trainer, SessionState.FINISHED)
            elif time.monotonic() - published >= _SECONDS_BETWEEN_SNAPSHOTS:
                self.snapshot = trainer.snapshot(SessionState.RUNNING)
                published = time.monotonic()

    def _rest(self) -> None:
        """Leave the interpreter to others, where `give_way` asks for it; once a step.

        More would be as many rests as a held key has repetitions, and no training at all.
        """
        if self._may_rest and (wait := self._resume_at - time.monotonic()) > 0:
            time.sleep(wait)
            self._may_rest = False

    def _counted(self, done: int, total: int) -> None:
        self.snapshot = replace(self.snapshot, counted=done / total)

    def _await_turn(self, trainer: Trainer) -> bool:
        """Wait until a step is wanted; False once the session is closing."""
        if self._running and not self._closing and self._switch is None:
            return True  # a wish that comes now is heard after this step
        moved = trainer.steps != self.snapshot.step or self.snapshot.state is SessionState.RUNNING
        if moved and not self._is_wanted():
            self._stand_still(trainer, SessionState.PAUSED)
        with self._wishes:
            self._wishes.wait_for(self._is_wanted)
            if self._switch is None:
                self._single_steps = max(0, self._single_steps - 1)
            return not self._closing

    def _is_wanted(self) -> bool:
        return self._running or self._single_steps > 0 or self._closing or self._switch is not None

    def _pace_of(self, trainer: Trainer) -> Pace | None:
        """The pace to keep in the next step; None for full speed, and where one step is all."""
        is_wanted = self._is_paced and self._running
        if not is_wanted or families.find(self.settings.model).counts:
            self._pace = None
        elif self._pace is None:
            if self._going is None:
                self._going = likely_loss(trainer.table)
            measured = trainer.measured
            self._pace = Pace(
                trainer.measurements.first_loss, self._going, measured.step, measured.training
            )
        return self._pace

    def _keep(self, pace: Pace, trainer: Trainer, before: Array, began: float) -> None:
        """Wait until the next step may begin, and let the picture flow to where this one led.

        Args:
            pace: to be kept.
            trainer: which has taken a step.
            before: (D,) parameters before it.
            began: when it began.
        """
        if trainer.measured.step != trainer.steps and pace.wants_loss(trainer.steps):
            trainer.measure()
        if trainer.measured.step != trainer.steps:
            return
        ready_at = pace.note(trainer.steps, trainer.measured.training, began)
        wait = ready_at - time.monotonic()
        if wait < _LEAST_WAIT:
            return
        curves = self.snapshot.curve, self.snapshot.held_out_curve  # the new loss is not yet there
        snapshot = replace(
            trainer.snapshot(SessionState.RUNNING), curve=curves[0], held_out_curve=curves[1]
        )
        after = trainer.optimizer.theta.copy()
        while (left := ready_at - time.monotonic()) > 0:
            between = after - left / wait * (after - before)
            between.flags.writeable = False
            losses = trainer.losses(between)
            self.snapshot = replace(snapshot, between=Between(between, *losses))
            with self._wishes:
                if self._wishes.wait_for(self._is_hurried, min(left, _SECONDS_BETWEEN_SNAPSHOTS)):
                    return

    def _is_hurried(self) -> bool:
        """Whether something is wanted that does not wait for the pace."""
        keeps_on = self._running and self._is_paced and not self._single_steps
        return not keeps_on or self._closing or self._switch is not None

    def _change_optimizer(self, trainer: Trainer) -> None:
        with self._wishes:
            settings, self._switch = self._switch, None
        if settings:
            trainer.switch(settings)
            state = self.snapshot.state
            if state is SessionState.FINISHED:
                state = SessionState.PAUSED
            self.snapshot = trainer.snapshot(state)

    def _stand_still(self, trainer: Trainer, state: SessionState) -> None:
        """Show exactly where the run stands before it stands still."""
        with self._wishes:
            if state is SessionState.FINISHED:
                self._running = False
        trainer.measure()
        if state is SessionState.FINISHED:
            trainer.conclude()
        trainer.rest()
        self._save(trainer, everything=True)
        self.snapshot = trainer.snapshot(state)

    def _save(self, trainer: Trainer, *, everything: bool = False) -> None:
        """Write what a later visit needs to go on."""
        if self.run_log is None:
            return
        self.is_saving = True
        try:
            self.run_log.write(trainer, everything=everything)
        except (OSError, CharembedError) as error:
            if self._is_saved:
                self.problem = f"Not saved: {error}\nTraining goes on; saving is tried again."
            self._is_saved = False
        else:
            self._is_saved = True
        finally:
            self.is_saving = False

    def _save_if_good(self, trainer: Trainer) -> None:
        """Keep the state before a failure, unless it is the failure: then that before it stays."""
        with suppress(CharembedError, MemoryError):
            trainer.measure()
            self._save(trainer, everything=True)
            self.snapshot = trainer.snapshot(SessionState.FAILED)

    def _fail(self, message: str) -> None:
        self._step_began = None
        with self._wishes:
            self._running = False
        self.snapshot = replace(
            self.snapshot, state=SessionState.FAILED, error=message, steps_per_second=0.0
        )
