"""Training on a thread of its own: a state machine that others steer and watch, never enter."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any

from charembed_tui.settings import TrainingSettings
from charembed_tui.snapshot import SessionState, Snapshot
from charembed_tui.timeline import Timeline
from model.corpus import Corpus
from model.errors import Cancelled, CharembedError

if TYPE_CHECKING:
    from charembed_tui.trainer import Trainer
    from model.ngrams import NgramTable

_SECONDS_BETWEEN_SNAPSHOTS = 0.1
_SECONDS_BETWEEN_CHECKPOINTS = 5.0

Keep = Callable[[TrainingSettings, dict[str, Any]], None]


class TrainingSession:
    """One run on one text and the thread it happens on.

    Steering (`start`, `pause`, `step_once`, `close`) only notes a wish and returns at once; the
    thread fulfils it between two steps. Watching is reading `snapshot`: the latest wins.

    Args:
        corpus: what to learn from.
        settings: how.
        run: number of the run.
        begin: start the thread at once, rather than with `begin`.
        keep: called on the thread with the settings and a trainer's `state_dict`, every few seconds
            while training and whenever it stands still. An OSError it raises is shown, once.
        state: a `state_dict` to continue from.

    Raises:
        CorpusError: the minimum count leaves too few characters.

    Attributes:
        corpus: the text as it is learned, rare characters merged.
        snapshot: the newest snapshot, replaced as a whole.
        timeline: the recording of the run.
        problem: why the run cannot be saved, None while it can.
        table: the counted n-grams of the training text, None until they are counted.
    """

    def __init__(
        self,
        corpus: Corpus,
        settings: TrainingSettings,
        run: int = 1,
        *,
        begin: bool = True,
        keep: Keep | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        corpus = corpus.merge_rare(settings.minimum_count)
        self.corpus = corpus
        self.settings = settings
        self.timeline = Timeline()
        self.table: NgramTable | None = None
        self.problem: str | None = None
        model = settings.model(len(corpus.vocabulary))
        self.snapshot = Snapshot(run, SessionState.IDLE, model)
        self._resume_at = 0.0
        self._keep, self._state = keep, state
        self._kept_step = -1
        self._kept_at = 0.0
        self._wishes = Condition()  # guards the four below
        self._running = False
        self._single_steps = 0
        self._closing = False
        self._switch: TrainingSettings | None = None
        self._thread = Thread(target=self._work, name=f"training-{self.snapshot.run}", daemon=True)
        if begin:
            self.begin()

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

    def switch_optimizer(self, settings: TrainingSettings) -> None:
        """Continue from the current parameters with the optimizer of these settings."""
        self.settings = settings
        with self._wishes:
            self._switch = settings
            self._wishes.notify()

    def give_way(self, seconds: float) -> None:
        """Let the interface have the interpreter for a moment: taking turns slows both down."""
        self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    def close(self) -> None:
        """End the thread after the step that is being taken."""
        self._wish(running=False, closing=True)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread of a closed session to end; whether it has."""
        if self._thread.ident is None:
            return True  # never begun
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
        trainer: Trainer | None = None
        try:
            from charembed_tui.trainer import Trainer  # with scipy: not before the first picture

            trainer = Trainer(
                self.snapshot.run,
                self.corpus,
                self.settings,
                self.timeline,
                progress=self._counted,
                is_cancelled=lambda: self._closing,
            )
            self.table = trainer.table
            if self._state is not None:
                trainer.load_state_dict(self._state)
                self._state, self._kept_step = None, trainer.steps
            self.snapshot = trainer.snapshot(SessionState.IDLE)
            published = 0.0
            while self._await_turn(trainer):
                if self._switch:
                    self._change_optimizer(trainer)
                    continue
                if (wait := self._resume_at - time.monotonic()) > 0:
                    time.sleep(wait)
                trainer.step()
                if time.monotonic() - self._kept_at >= _SECONDS_BETWEEN_CHECKPOINTS:
                    self._checkpoint(trainer)
                if trainer.converged:
                    self._rest(trainer, SessionState.FINISHED)
                elif time.monotonic() - published >= _SECONDS_BETWEEN_SNAPSHOTS:
                    self.snapshot = trainer.snapshot(SessionState.RUNNING)
                    published = time.monotonic()
            self._checkpoint(trainer)
        except Cancelled:
            return  # closed while counting
        except (CharembedError, MemoryError) as error:
            if trainer is not None:
                self._checkpoint(trainer)  # the last good state
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
        self._checkpoint(trainer)
        self.snapshot = trainer.snapshot(state)

    def _checkpoint(self, trainer: Trainer) -> None:
        """Keep what a later visit needs to go on."""
        self._kept_at = time.monotonic()
        if self._keep is None or trainer.steps in (0, self._kept_step):
            return
        try:
            self._keep(self.settings, trainer.state_dict())
            self._kept_step = trainer.steps
        except OSError as error:
            self._keep = None
            self.problem = f"{error}\nThe run goes on, but is not saved."

    def _fail(self, message: str) -> None:
        with self._wishes:
            self._running = False
        self.snapshot = replace(
            self.snapshot, state=SessionState.FAILED, error=message, steps_per_second=0.0
        )
