"""Training on a thread of its own: a state machine that others steer and watch, never enter."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import count
from threading import Condition, Thread

from charembed_tui.settings import TrainingSettings
from charembed_tui.snapshot import SessionState, Snapshot
from charembed_tui.timeline import Timeline
from charembed_tui.trainer import Trainer
from model.corpus import Corpus
from model.errors import Cancelled, CharembedError

_SECONDS_BETWEEN_SNAPSHOTS = 0.1
_run_numbers = count(1)


class TrainingSession:
    """One run on one text and the thread it happens on.

    Steering (`start`, `pause`, `step_once`, `close`) only notes a wish and returns at once; the
    thread fulfils it between two steps. Watching is reading `snapshot`: the latest wins.

    Args:
        corpus: what to learn from.
        settings: how.

    Attributes:
        snapshot: the newest snapshot, replaced as a whole.
        timeline: the recording of the run.
    """

    def __init__(self, corpus: Corpus, settings: TrainingSettings) -> None:
        self.corpus = corpus
        self.settings = settings
        self.timeline = Timeline()
        model = settings.model(len(corpus.vocabulary))
        self.snapshot = Snapshot(next(_run_numbers), SessionState.IDLE, model)
        self._wishes = Condition()  # guards the four below
        self._running = False
        self._single_steps = 0
        self._closing = False
        self._switch: TrainingSettings | None = None
        self._thread = Thread(target=self._work, name=f"training-{self.snapshot.run}", daemon=True)
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

    def switch_optimizer(self, settings: TrainingSettings) -> None:
        """Continue from the current parameters with the optimizer of these settings."""
        self.settings = settings
        with self._wishes:
            self._switch = settings
            self._wishes.notify()

    def close(self) -> None:
        """End the thread after the step that is being taken."""
        self._wish(running=False, closing=True)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread of a closed session to end; whether it has."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _wish(self, *, running: bool, single_steps: int = 0, closing: bool = False) -> None:
        with self._wishes:
            self._running = running
            self._single_steps = single_steps
            self._closing |= closing
            self._wishes.notify()

    # What follows runs on the thread.

    def _work(self) -> None:
        try:
            trainer = Trainer(
                self.snapshot.run,
                self.corpus,
                self.settings,
                self.timeline,
                progress=self._counted,
                is_cancelled=lambda: self._closing,
            )
            self.snapshot = trainer.snapshot(SessionState.IDLE)
            published = 0.0
            while self._await_turn(trainer):
                if self._switch:
                    self._change_optimizer(trainer)
                    continue
                trainer.step()
                if trainer.converged:
                    self._rest(trainer, SessionState.FINISHED)
                elif time.monotonic() - published >= _SECONDS_BETWEEN_SNAPSHOTS:
                    self.snapshot = trainer.snapshot(SessionState.RUNNING)
                    published = time.monotonic()
        except Cancelled:
            return  # closed while counting
        except (CharembedError, MemoryError) as error:
            self._fail(str(error) or "The memory is used up: choose smaller settings.")
        except Exception as error:
            # Whatever it is must reach the screen: the thread has no other reader.
            self._fail(f"{type(error).__name__}: {error}")

    def _counted(self, done: int, total: int) -> None:
        self.snapshot = replace(self.snapshot, counted=done / total)

    def _await_turn(self, trainer: Trainer) -> bool:
        """Wait until a step is wanted; False once the session is closing."""
        moved = trainer.steps != self.snapshot.step or self.snapshot.state is SessionState.RUNNING
        if moved and not self._is_wanted():
            self._rest(trainer, SessionState.PAUSED)
        with self._wishes:
            self._wishes.wait_for(self._is_wanted)
            if self._switch is None:
                self._single_steps = max(0, self._single_steps - 1)
            return not self._closing

    def _is_wanted(self) -> bool:
        return self._running or self._single_steps > 0 or self._closing or self._switch is not None

    def _change_optimizer(self, trainer: Trainer) -> None:
        with self._wishes:
            settings, self._switch = self._switch, None
        if settings:
            trainer.switch(settings)
            state = self.snapshot.state
            if state is SessionState.FINISHED:
                state = SessionState.PAUSED
            self.snapshot = trainer.snapshot(state)

    def _rest(self, trainer: Trainer, state: SessionState) -> None:
        """Show exactly where the run stands before it stands still."""
        with self._wishes:
            if state is SessionState.FINISHED:
                self._running = False
        trainer.measure()
        trainer.rest()
        self.snapshot = trainer.snapshot(state)

    def _fail(self, message: str) -> None:
        with self._wishes:
            self._running = False
        self.snapshot = replace(
            self.snapshot, state=SessionState.FAILED, error=message, steps_per_second=0.0
        )
