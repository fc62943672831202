"""Following a run that another process trains: its files are read as they grow, none is written."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from charembed_tui.runs.append_only import Place
from charembed_tui.runs.errors import RunError
from charembed_tui.runs.folder import RunFolder
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.best import Best
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.loss_log import LossCurve, Measurement
from charembed_tui.training.memory import reason
from charembed_tui.training.norms import NormLog, names_of
from charembed_tui.training.session import Activity, has_ended
from charembed_tui.training.snapshot import SessionState, Snapshot
from charembed_tui.training.trajectory import Trajectory
from model.dataset import Dataset
from model.errors import Cancelled, CharembedError
from model.families.base import on_text
from model.ngrams import NgramTable

if TYPE_CHECKING:
    from charembed_tui.training.fits import Fits

_SECONDS_BETWEEN_LOOKS = 0.3
_SECONDS_UNTIL_PAUSED = 5.0  # without anything new


class FollowingSession:
    """A session that only watches. What steers a training session does nothing here.

    Args:
        folder: of the run.
        dataset: its text, as its settings have it.
        run: number of the run.
    """

    def __init__(self, folder: RunFolder, dataset: Dataset, run: int = 1) -> None:
        self.settings: TrainingSettings = folder.configuration.settings
        self.dataset, self.corpus = dataset, dataset.corpus
        self.trajectory = Trajectory()
        self.table: NgramTable | None = None
        self.fits: Fits | None = None
        self.problem: str | None = None
        self.is_saving = False
        self.followed: str | None = folder.path.name
        self.snapshot = Snapshot(run, SessionState.IDLE, folder.configuration.model)
        self._folder = folder
        self._places: dict[str, Place] = {}
        self._saved: tuple[int, ...] = ()  # when the checkpoints were that were last read
        self._forget_measurements()
        self._samples: deque[GeneratedText] = deque()  # filled by one thread, emptied by another
        self._changed_at = -_SECONDS_UNTIL_PAUSED
        self._closing = Event()
        self._thread = Thread(target=self._work, name=f"following-{run}", daemon=True)

    def _forget_measurements(self) -> None:
        self._training, self._held_out = LossCurve(), LossCurve()
        self._norms = NormLog(names_of(self.snapshot.model))
        self._last: Measurement | None = None

    @property
    def saved_as(self) -> Path | None:
        """The run's folder."""
        return self._folder.path

    def begin(self) -> None:
        """Start the thread, which counts the text and then looks again and again."""
        self._thread.start()

    def start(self) -> None:
        """Nothing: the other process trains."""

    pause = toggle = step_once = start

    def set_pace(self, *, is_paced: bool) -> None:
        """Nothing: the pace is the other process's."""

    def activity(self) -> Activity:
        """It trains for as long as the other process does."""
        return Activity(is_wanted=self.snapshot.state is SessionState.RUNNING)

    def switch_optimizer(self, settings: TrainingSettings) -> None:
        """Nothing: the settings are the other process's."""

    def give_way(self, seconds: float) -> None:
        """Nothing: a look is short."""

    def take_samples(self) -> Sequence[GeneratedText]:
        """Texts that the other process wrote since the last time."""
        return [self._samples.popleft() for _ in range(len(self._samples))]

    def add_sample(self, sample: GeneratedText) -> None:
        """Nothing: the folder is the other process's."""

    def close(self) -> None:
        """End the thread."""
        self._closing.set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread of a closed session to end; whether it has."""
        return has_ended(self._thread, timeout)

    # What follows runs on the thread.

    def _work(self) -> None:
        try:
            self._count()
            while not self._closing.is_set():
                self._poll()
                self._closing.wait(_SECONDS_BETWEEN_LOOKS)
        except Cancelled:
            return
        except (CharembedError, OSError, MemoryError) as error:
            self.snapshot = replace(self.snapshot, state=SessionState.FAILED, error=reason(error))

    def _count(self) -> None:
        # With scipy: not before the first picture.
        from charembed_tui.text.corpus_facts import describe
        from charembed_tui.training.fits import Fits

        model = self.snapshot.model
        if self.settings.needs_text:
            model = on_text(model, self.dataset.running_text(model.context_length))
        length = model.context_length
        table = self.dataset.count(length, self._counted, self._closing.is_set).training
        self.table = table
        self.fits = Fits.of(model, self.dataset, self.settings.ensemble)
        self.snapshot = replace(
            self.snapshot,
            model=model,
            facts=describe(self.corpus, table),
            optimizer=self._optimizer(),
            counted=1.0,
        )

    def _optimizer(self) -> str:
        """The name of the optimizer that is at work."""
        contexts = 0 if self.table is None else len(self.table.contexts)
        return self.settings.chosen_optimizer(contexts, len(self.corpus.vocabulary))

    def _counted(self, done: int, total: int) -> None:
        self.snapshot = replace(self.snapshot, counted=done / total)

    def _poll(self) -> None:
        """Read what is new, and show it."""
        frames, self._places["recording"], again = self._folder.recording.read(
            self._places.get("recording")
        )
        if again:
            self.trajectory.restart(frames)
        else:
            for frame in frames:
                self.trajectory.record(frame.step, frame.theta)
        rows, self._places["metrics"], again = self._folder.metrics.read(
            self._places.get("metrics")
        )
        if again:
            self._forget_measurements()
        speed = self._speed(rows)
        for row in rows:
            place = row.step, row.seconds, row.passes
            self._training.add(*place, row.training)
            if row.held_out is not None:
                self._held_out.add(*place, row.held_out)
            self._norms.add(*place, row.norms)
        samples, self._places["samples"], _ = self._folder.samples.read(self._places.get("samples"))
        self._samples.extend(samples)
        if self._folder.reread():
            self.settings = self._folder.configuration.settings
        now = time.monotonic()
        if rows or frames:
            self._changed_at = now
        running = now - self._changed_at < _SECONDS_UNTIL_PAUSED
        state = SessionState.RUNNING if running else SessionState.PAUSED
        best = self._best()
        if rows or frames or state is not self.snapshot.state or best is not self.snapshot.best:
            self._show(state, speed if running else 0.0, best)

    def _best(self) -> Best | None:
        """The best step as the newest checkpoint has it."""
        saved, self._saved = self._saved, self._folder.checkpoint_times
        if saved != self._saved:
            with suppress(RunError):  # the one before holds
                return self._folder.best() or self.snapshot.best
        return self.snapshot.best

    def _speed(self, rows: Sequence[Measurement]) -> float:
        """Steps a second between the newest measurements."""
        before, self._last = self._last, rows[-1] if rows else self._last
        if before is None or self._last is None or self._last.seconds <= before.seconds:
            return self.snapshot.steps_per_second
        return (self._last.step - before.step) / (self._last.seconds - before.seconds)

    def _show(self, state: SessionState, speed: float, best: Best | None) -> None:
        frames = self.trajectory.frames()
        if not frames or self._last is None:
            return  # nothing to see yet
        self.snapshot = replace(
            self.snapshot,
            state=state,
            step=frames[-1].step,
            seconds=self._last.seconds,
            theta=frames[-1].theta,
            loss=self._last.training,
            curve=self._training.curve(),
            held_out=self._last.held_out,
            held_out_curve=self._held_out.curve(),
            norms=self._norms.norms(),
            best=best,
            optimizer=self._optimizer(),
            switches=self._folder.configuration.switches,
            steps_per_second=speed,
        )
