"""One training run, a step at a time: counts the text, takes steps, measures, records."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.corpus_facts import describe
from charembed_tui.training.loss_log import Curve, LossCurve, Measurement
from charembed_tui.training.memory import require_memory
from charembed_tui.training.snapshot import SessionState, Snapshot
from charembed_tui.training.trajectory import Frame, Trajectory
from model.corpus import Corpus
from model.counting import Progress, count_pieces
from model.errors import OptimizerError
from model.families.base import Objective, SumObjective
from model.optimizers import registry
from model.optimizers.base import Optimizer
from model.optimizers.problem import Problem
from model.parts import WeightedSum

Array = NDArray[np.float64]

_LOSS_SHARE = 0.1  # of the time, spent on measuring the loss for the curve
_SPEED_STEPS = 200  # over which steps a second are measured


class Trainer:
    """Owner of a run's parameters, optimizer and recording. It knows no thread.

    Args:
        run: number of the run, for its snapshots.
        corpus: what to learn from.
        settings: how.
        timeline: where the parameters of every step are recorded.
        start: (D,) parameters to begin with, in place of random ones.
        progress: called with characters counted and characters in all.
        is_cancelled: asked now and then while counting.

    Raises:
        CharembedError: text and settings do not go together.
        Cancelled: `is_cancelled` said so.
    """

    def __init__(
        self,
        run: int,
        corpus: Corpus,
        settings: TrainingSettings,
        timeline: Trajectory,
        *,
        start: Array | None = None,
        progress: Progress | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.run = run
        self.model = settings.model(len(corpus.vocabulary))
        self.timeline = timeline
        training, held_out = split(corpus, settings)
        training.require_context_length(settings.context_length)
        require_memory(corpus, settings)
        size, m = len(corpus.vocabulary), settings.context_length
        table = count_pieces(training.codes, m, size, progress, is_cancelled)
        self.facts = describe(corpus, table)
        self._objective: Objective = self.model.objective(table)
        self._held_out_objective: Objective | None = None
        if held_out is not None:
            # Its first contexts reach back into the training text.
            codes = np.concatenate([training.codes[-m:], held_out.codes])
            self._held_out_objective = self.model.objective(
                count_pieces(codes, m, size, None, is_cancelled)
            )
        self.table = table
        self._inside = 0.0
        self._shares: deque[tuple[float, float]] = deque(maxlen=_SPEED_STEPS)
        self._switches: tuple[int, ...] = ()
        if start is None:
            start = self.model.initial(np.random.default_rng(settings.seed))
        self.optimizer: Optimizer = self._make_optimizer(settings, start)
        self.steps = 0
        self.seconds = 0.0
        self._passes = 0.0
        self.converged = False
        self._curve = LossCurve()
        self._held_out_curve = LossCurve()
        self._seconds_unmeasured = 0.0
        self._seconds_to_measure = np.inf
        self._ends: deque[float] = deque(maxlen=_SPEED_STEPS)
        timeline.record(0, self.optimizer.theta)
        self.measure()

    def step(self) -> None:
        """Take a step and record it; measure the loss if there is time for that.

        Raises:
            OptimizerError: the optimizer cannot go on, or loss or parameters became non-finite; the
                message says what to try.
        """
        try:
            self._step()
        except OptimizerError as error:
            raise OptimizerError(f"{error}\n{self._advice()}") from None

    def _step(self) -> None:
        began = time.perf_counter()
        self._inside = 0.0
        result = self.optimizer.step()
        if not np.isfinite(self.optimizer.theta).all():
            raise OptimizerError(f"The parameters became non-finite after step {self.steps:,}.")
        self.steps += 1
        self.converged = result.converged
        self.timeline.record(self.steps, self.optimizer.theta)
        ended = time.perf_counter()
        self._ends.append(ended)
        self._shares.append((self._inside, ended - began))
        self._seconds_unmeasured += ended - began
        self.seconds += ended - began
        if self._seconds_to_measure <= _LOSS_SHARE * self._seconds_unmeasured:
            self.measure()

    def _advice(self) -> str:
        rate = getattr(self.optimizer, "learning_rate", None)
        if rate is not None:
            return f"Its learning rate was {rate:g}: try {rate / 10:g}."
        return "Start again with another seed, or go on with Adam, which nothing upsets."

    def switch(self, settings: TrainingSettings) -> None:
        """Go on from the current parameters with another optimizer."""
        self.optimizer = self._make_optimizer(settings, self.optimizer.theta)
        self._shares.clear()
        self.converged = False
        if self.steps:
            self._switches = (*self._switches, self.steps)

    def _make_optimizer(self, settings: TrainingSettings, theta: Array) -> Optimizer:
        size = self.model.vocabulary_size
        self._optimizer_name = settings.chosen_optimizer(len(self.table.contexts), size)

        def sum_objective(parts: int) -> SumObjective:
            if parts == 1:
                return _Timed(WeightedSum([self._objective]), self._note_evaluation)
            whole = self.model.sum_objective(self.table, parts, settings.seed)
            return _Timed(whole, self._note_evaluation)

        problem = Problem(
            self.model,
            self.table,
            theta,
            sum_objective,
            settings.seed,
            settings.optimizer_options(),
        )
        return registry.make(self._optimizer_name, problem)

    def _note_evaluation(self, seconds: float, passes: float) -> None:
        self._inside += seconds
        self._passes += passes

    def measure(self) -> None:
        """Put the losses at the current parameters on their curves.

        Raises:
            OptimizerError: one of them is non-finite; the curves stay as they are.
        """
        began = time.perf_counter()
        held_out: float | None = None
        loss = self._objective.value(self.optimizer.theta)
        if self._held_out_objective is not None:
            held_out = self._held_out_objective.value(self.optimizer.theta)
        # The least, since a busy machine only ever makes it look longer.
        self._seconds_to_measure = min(self._seconds_to_measure, time.perf_counter() - began)
        self._seconds_unmeasured = 0.0
        if not (math.isfinite(loss) and math.isfinite(held_out or 0.0)):
            raise OptimizerError(f"The loss became non-finite at step {self.steps:,}.")
        self.measured = Measurement(self.steps, self.seconds, self._passes, loss, held_out)
        self._curve.add(self.steps, self.seconds, self._passes, loss)
        if held_out is not None:
            self._held_out_curve.add(self.steps, self.seconds, self._passes, held_out)

    def measurements(self, after: int) -> list[Measurement]:
        """The losses measured after a step, in ascending order."""
        training, held_out = self._curve.after(after), self._held_out_curve.after(after)
        others: list[float | None] = [row[3] for row in held_out]
        others = others or [None] * len(training)
        return [
            Measurement(int(step), seconds, passes, loss, other)
            for (step, seconds, passes, loss), other in zip(training, others, strict=True)
        ]

    def state_dict(self) -> dict[str, Any]:
        """Everything that continues the identical trajectory; see `load_state_dict`."""
        return {
            "steps": self.steps,
            "seconds": self.seconds,
            "passes": self._passes,
            "switches": list(self._switches),
            "theta": self.optimizer.theta.copy(),
            "optimizer": self.optimizer.state_dict(),
            "optimizer_name": self._optimizer_name,
            "curve": self._curve.curve().rows(),
            "held_out_curve": self._held_out_curve.curve().rows(),
        }

    def load_state_dict(self, state: Mapping[str, Any], frames: Sequence[Frame] = ()) -> None:
        """Continue from a `state_dict` of a trainer of the same text and settings.

        Args:
            state: of the other trainer.
            frames: its recording up to there.

        Raises:
            OptimizerError: the state does not fit.
        """
        try:
            if state["optimizer_name"] != self._optimizer_name:
                raise OptimizerError(
                    f"The saved state is of {state['optimizer_name']}, the run uses "
                    f"{self._optimizer_name}: resume with the same optimizer."
                )
            self.optimizer.load_state_dict(state["optimizer"])
            self.steps, self.seconds = int(state["steps"]), float(state["seconds"])
            self._passes = float(state["passes"])
            self._switches = tuple(int(step) for step in state["switches"])
            curve, held_out = Curve.of(state["curve"]), Curve.of(state["held_out_curve"])
            if len(held_out) not in (0, len(curve)):
                raise ValueError("its loss curves differ in length")
            self._curve.extend(curve)
            self._held_out_curve.extend(held_out)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise OptimizerError(f"The saved state does not fit this run ({error}).") from None
        shape = self.optimizer.theta.shape
        before = [f for f in frames if f.step < self.steps and f.theta.shape == shape]
        self.timeline.restart([*before, Frame(self.steps, self.optimizer.theta)])
        self.measure()

    def rest(self) -> None:
        """Forget the speed measured so far: time will pass without steps."""
        self._ends.clear()

    def _objective_share(self) -> float:
        total = sum(seconds for _, seconds in self._shares)
        return sum(inside for inside, _ in self._shares) / total if total else 0.0

    def snapshot(self, state: SessionState) -> Snapshot:
        """The run at this moment."""
        theta = self.optimizer.theta.copy()
        theta.flags.writeable = False
        speed = 0.0
        if len(self._ends) > 1:
            speed = (len(self._ends) - 1) / max(self._ends[-1] - self._ends[0], 1e-9)
        return Snapshot(
            run=self.run,
            state=state,
            model=self.model,
            step=self.steps,
            seconds=self.seconds,
            facts=self.facts,
            theta=theta,
            loss=self.measured.training,
            curve=self._curve.curve(),
            held_out=self.measured.held_out,
            held_out_curve=self._held_out_curve.curve(),
            counted=1.0,
            optimizer=self._optimizer_name,
            switches=self._switches,
            objective_share=self._objective_share(),
            steps_per_second=speed,
        )


class _Timed:
    """An objective whose evaluations are noted.

    Args:
        objective: what is evaluated.
        note: called with the seconds of an evaluation, and the part of the text it went through.
    """

    def __init__(self, objective: SumObjective, note: Callable[[float, float], None]) -> None:
        self._objective, self._note = objective, note

    @property
    def positions(self) -> float:
        return self._objective.positions

    def __len__(self) -> int:
        return len(self._objective)

    def part(self, theta: Array, index: int) -> tuple[float, Array]:
        began = time.perf_counter()
        result = self._objective.part(theta, index)
        self._note(time.perf_counter() - began, 1 / len(self))
        return result

    def value(self, theta: Array) -> float:
        return self._objective.value(theta)

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        began = time.perf_counter()
        result = self._objective.value_and_gradient(theta)
        self._note(time.perf_counter() - began, 1.0)
        return result


def split(corpus: Corpus, settings: TrainingSettings) -> tuple[Corpus, Corpus | None]:
    """Training and held-out text; all is for training where the text is too short to share."""
    share = settings.held_out / 100
    if int(share * len(corpus)) < 1 or int((1 - share) * len(corpus)) < settings.context_length + 2:
        return corpus, None
    return corpus.split(share)
