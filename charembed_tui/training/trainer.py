"""One training run, a step at a time: counts the text, takes steps, measures, records."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.corpus_facts import describe
from charembed_tui.training.best import Best, Return
from charembed_tui.training.fits import Fits
from charembed_tui.training.loss_log import Measurement
from charembed_tui.training.measurements import Measurements
from charembed_tui.training.measuring_schedule import MeasuringSchedule
from charembed_tui.training.memory import require_memory
from charembed_tui.training.running_clock import running_time
from charembed_tui.training.snapshot import NOTICEABLE, SessionState, Snapshot, Switch
from charembed_tui.training.step_times import StepTimes
from charembed_tui.training.timed_objective import Evaluation, TimedObjective
from charembed_tui.training.trajectory import Frame, Trajectory
from charembed_tui.training.valid_state import require_valid
from model import parallel, validity
from model.dataset import Dataset
from model.errors import Cancelled, OptimizerError
from model.families import registry as families
from model.families.base import Model, Objective, SumObjective, on_text
from model.interruption import interruptible
from model.ngrams import NgramTable
from model.optimizers import registry as optimizers
from model.optimizers.base import Optimizer, StepResult
from model.optimizers.nothing import NAME as COUNTING
from model.optimizers.nothing import NothingToTrain
from model.optimizers.problem import Problem
from model.parts import WeightedSum
from model.prior import WithPrior

Array = NDArray[np.float64]

# A step that may take longer can be given up, for which the state before it is copied: that takes
# less than a hundredth of the time.
_SECONDS_TO_GIVE_UP = 0.2
_LEAST_IN_VAIN = 10  # losses measured without a lower one, before a run is finished
_MEASURED_CONTEXTS = 1 << 15  # for a training loss that is right to about 0.007
# Beyond, the length of a gradient takes 1 % of a step, and is taken of those that are measured.
_FEW_PARAMETERS = 1 << 17


class Trainer:
    """Owner of a run's settings, parameters, optimizer and trajectory. It knows no thread.

    Args:
        run: number of the run, for its snapshots.
        dataset: what to learn from, as the settings have it.
        settings: how.
        trajectory: where the parameters of every step are recorded.
        start: (D,) parameters to begin with, in place of random ones.
        distribute: makes the objective of a model and a number of parts somewhere else, on a
            cluster for instance; parts are computed here without it.
        threads: how many share the work; None for as many as are worth having on this machine. A
            run goes on exactly only with as many as it began with.
        blas_threads: the same of BLAS; None for what it has by itself.
        progress: called with characters counted and characters in all.
        is_cancelled: asked now and then while counting, and in steps that take long.

    Attributes:
        settings: those of the optimizer that is at work, which `state_dict` belongs to.
        model: the family's, complete.
        fits: what goes with the family, fitted to some steps; None where nothing does.
        note: why a run that goes on here will not go exactly where it would have gone; empty where
            it will, as far as that can be known.

    Raises:
        CharembedError: text and settings do not go together.
        Cancelled: `is_cancelled` said so.
    """

    def __init__(
        self,
        run: int,
        dataset: Dataset,
        settings: TrainingSettings,
        trajectory: Trajectory,
        *,
        start: Array | None = None,
        distribute: Callable[[Model, int], SumObjective] | None = None,
        threads: int | None = None,
        blas_threads: int | None = None,
        progress: Callable[[int, int], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.run, self.note = run, ""
        self._distribute = distribute
        self.dataset = dataset
        self.settings = settings
        began = running_time()
        self.trajectory = trajectory
        self._batch = families.find(settings.model).advice.batch
        self.threads = threads or parallel.worthwhile_threads()
        parallel.use_threads(self.threads, blas_threads, or_fewer=True)
        dataset.require_context_length(settings.context_length)
        if settings.needs_text:
            dataset.require_running_text()
        require_memory(dataset.corpus, settings, trajectory)
        self._is_cancelled = is_cancelled
        with interruptible(is_cancelled):
            self.model = settings.make_model(len(dataset.vocabulary))
            if settings.needs_text:
                self.model = on_text(self.model, dataset.running_text(self.model.context_length))
            self.fits = Fits.of(self.model, dataset, settings.ensemble)
            aside = self.fits.ensemble.aside if self.fits else None
            counted = dataset.count(self.model.context_length, progress, is_cancelled, aside)
            self.table = counted.training
            self.facts = describe(dataset.corpus, self.table)
            if self.fits:
                self.fits.ensemble.prepare(is_cancelled)
            self._objective: Objective = self.model.objective(self._measured_part())
            self._held_out_objective: Objective | None = None
            if counted.held_out is not None:
                self._held_out_objective = self.model.objective(counted.held_out)
        self._inside = 0.0
        self._times = StepTimes()
        self.switches: tuple[Switch, ...] = ()
        self.steps = 0
        self.seconds = 0.0
        self._other_seconds = 0.0
        self._seconds_to_prepare = 0.0
        self._passes = 0.0
        self._gradient_norm = math.nan
        self._is_gradient_wanted = False
        self._last_step_seconds = np.inf  # nothing is known of the first
        self.measurements = Measurements(self.model)
        self.went_back: Return | None = None
        if start is None:
            start = self.model.initial(np.random.default_rng(settings.seed))
        self.optimizer: Optimizer = self._make_optimizer(start)
        self.converged = False
        self._schedule = MeasuringSchedule(bool(self._batch))
        trajectory.record(0, self.optimizer.theta)
        self.measure()
        self._other_seconds = self._seconds_to_prepare = running_time() - began

    def step(self) -> None:
        """Take a step and record it; measure the loss if there is time for that.

        Raises:
            OptimizerError: the optimizer cannot go on, or loss or parameters became non-finite; the
                message says what to try.
            Cancelled: `is_cancelled` said so; the run stands where it stood before.
        """
        try:
            self._step()
        except (OptimizerError, ArithmeticError, np.linalg.LinAlgError) as error:
            raise OptimizerError(f"{error}\n{self._advice()}") from None

    def _step(self) -> None:
        began = running_time()
        self._inside = 0.0
        self._gradient_norm, self._is_gradient_wanted = math.nan, self._is_gradient_due()
        result = self._optimizer_step()
        if not validity.are_parameters(self.optimizer.theta):
            raise OptimizerError(
                f"The parameters became non-finite, or too large, after step {self.steps:,}."
            )
        self.steps += 1
        self.converged = result.converged or self._progress() >= 1
        self.trajectory.record(self.steps, self.optimizer.theta)
        ended = running_time()
        self._times.note(began, ended, self._inside)
        self._last_step_seconds = ended - began
        self._schedule.note_step(ended - began)
        self.seconds += ended - began
        if self._schedule.is_due():
            self.measure()
            self.converged |= self._is_out_of_patience()

    def _is_gradient_due(self) -> bool:
        """Whether the length of the gradient of the next step should be taken."""
        few = self.model.parameter_count <= _FEW_PARAMETERS
        return few or self._schedule.is_due(self._times.last)

    def _optimizer_step(self) -> StepResult:
        """A step that can be given up where it may take long: then it is as if it never began."""
        if self._is_cancelled is None or self._last_step_seconds < _SECONDS_TO_GIVE_UP:
            return self.optimizer.step()
        passes, objective = self._passes, self._sum_objective.state_dict()
        before: dict[str, Any] | None = None
        try:
            if not getattr(self.optimizer, "undoes_steps", False):
                before = self.optimizer.state_dict()
        except MemoryError:
            return self.optimizer.step()
        try:
            with interruptible(self._is_cancelled):
                return self.optimizer.step()
        except Cancelled:
            if before is not None:
                self.optimizer.load_state_dict(before)
            self._sum_objective.load_state_dict(objective)
            self._passes = passes
            raise

    def _progress(self) -> float:
        """How much of what was planned for this run is over; 0 where nothing was."""
        settings = self.settings
        if not self._is_annealed:
            return 0.0
        if settings.anneal_steps:
            return self.steps / settings.anneal_steps
        if not settings.anneal_seconds:
            return 0.0
        return self.elapsed / max(settings.anneal_seconds - self._seconds_to_conclude(), 1e-9)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began, with counting and measuring, without pauses and stops."""
        return self.seconds + self._other_seconds

    def _seconds_to_conclude(self) -> float:
        """About how long `conclude` will take, which is left of the planned time for it."""
        if self.fits is None:
            return 0.0
        # Both go over text that is held out or set aside, with the model and with counts; a busy
        # machine only ever makes measuring look longer, but then concluding takes longer, too.
        return 0.5 * self._seconds_to_prepare + 3.0 * self._schedule.seconds

    def conclude(self) -> None:
        """Go back to the best step if that is due, and measure with all that goes with the family.

        What goes with it is fitted at the best step and at the last.

        Raises:
            SettingsError: a part does not fit the text.
        """
        self._go_back_if_worse()
        if self.fits is None:
            return
        began = running_time()
        if self.best is not None:
            self.fits.measure(self.best.step, self.best.theta)
            if np.array_equal(self.best.theta, self.optimizer.theta):
                self.fits.repeat(self.best.step, self.steps)
        self.fits.measure(self.steps, self.optimizer.theta)
        self._other_seconds += running_time() - began

    def _go_back_if_worse(self) -> None:
        """Where a run ended by itself, worse than at its best, go back there as one more step.

        The optimizer begins anew then, should the run go on.
        """
        best, now = self.best, self.measured.held_out
        if not (self.converged and self.settings.patience) or best is None or now is None:
            return
        if now - best.loss <= NOTICEABLE:
            return
        self.went_back = Return(self.steps, self.seconds, now)
        self.optimizer = self._make_optimizer(best.theta)
        self._gradient_norm = math.nan
        self.steps += 1
        self.trajectory.record(self.steps, self.optimizer.theta)
        self.measure()

    @property
    def ensemble_loss(self) -> float | None:
        """The held-out loss of the family and what goes with it at the best step.

        None where nothing goes with it, nothing is held out, or the run has not been concluded.
        """
        return self.fits.loss(self.best.step) if self.fits and self.best else None

    def _measured_part(self) -> NgramTable:
        """What the training loss is measured on: of many contexts, evenly chosen ones.

        Where a step is a small part of the text, going through all of it takes the time of
        hundreds of steps.
        """
        contexts = len(self.table.contexts)
        if not self._batch or contexts <= _MEASURED_CONTEXTS:
            return self.table
        return self.table.select(np.linspace(0, contexts - 1, _MEASURED_CONTEXTS).astype(np.intp))

    def _is_out_of_patience(self) -> bool:
        patience, best = self.settings.patience, self.best
        if not patience or best is None or not self.dataset.has_held_out:
            return False
        step, seconds = best.step, best.seconds
        if self.went_back is not None:  # patience begins anew for who goes on from there
            step, seconds = max(step, self.went_back.step), max(seconds, self.went_back.seconds)
        # Where measuring takes long, one that is no better is soon that many seconds ago.
        in_vain = self.measurements.count_after(step)
        return in_vain >= _LEAST_IN_VAIN and self.seconds - seconds > patience

    def _advice(self) -> str:
        rate = getattr(self.optimizer, "learning_rate", None)
        if rate is not None:
            return f"Its learning rate was {rate:g}: try {rate / 10:g}."
        return "Start again with another seed, or go on with Adam, which nothing upsets."

    def switch(self, settings: TrainingSettings) -> None:
        """Go on from the current parameters with the optimizer of these settings."""
        self.settings = settings
        self.optimizer = self._make_optimizer(self.optimizer.theta)
        self._times.forget()
        self.converged = False
        if self.steps:
            self.switches = (*self.switches, Switch(self.steps, self._optimizer_name))

    def _make_optimizer(self, theta: Array) -> Optimizer:
        settings, size = self.settings, self.model.vocabulary_size
        if not len(theta):
            self._optimizer_name, self._is_annealed = COUNTING, False
            self._sum_objective = TimedObjective(
                WeightedSum([self._objective]), self._note_evaluation
            )
            return NothingToTrain(self._objective.value(theta))
        self._optimizer_name = settings.chosen_optimizer(len(self.table.contexts), size)

        family = families.find(settings.model)
        self._is_annealed = bool(family.advice.batch) and "anneal_seconds" in (
            optimizers.own_settings(self._optimizer_name)
        )

        def sum_objective(parts: int, *, noise: bool = False) -> SumObjective:
            objective: SumObjective
            if self._distribute is not None:
                objective = self._distribute(self.model, parts)
            elif parts == 1 and not family.advice.batch:
                objective = WeightedSum([self._objective])
            else:
                objective = self.model.sum_objective(self.table, parts, settings.seed, noise=noise)
            if settings.prior and "prior" in family.others:
                objective = WithPrior(objective, settings.prior)
            self._sum_objective = TimedObjective(objective, self._note_evaluation)
            return self._sum_objective

        problem = Problem(
            self.model,
            self.table,
            theta,
            sum_objective,
            settings.seed,
            settings.optimizer_options(),
            family.advice,
            self._progress,
        )
        return optimizers.make(self._optimizer_name, problem)

    def _note_evaluation(self, evaluation: Evaluation) -> None:
        self._inside += evaluation.seconds
        self._passes += evaluation.share
        if self._is_gradient_wanted:
            norm = evaluation.gradient_norm
            self._gradient_norm = norm if validity.is_in_range(norm) else math.nan

    def measure(self) -> None:
        """Put the losses at the current parameters on their curves.

        Raises:
            OptimizerError: one of them is non-finite; the curves stay as they are.
            Cancelled: `is_cancelled` said so; the curves stay as they are.
        """
        began = running_time()
        with interruptible(self._is_cancelled):
            loss, held_out = self.losses(self.optimizer.theta)
        seconds = running_time() - began
        self._schedule.note_measuring(seconds)
        self._other_seconds += seconds
        if not (validity.is_in_range(loss) and validity.is_in_range(held_out or 0.0)):
            raise OptimizerError(
                f"The loss became non-finite, or too large, at step {self.steps:,}."
            )
        measured = Measurement(self.steps, self.seconds, self._passes, loss, held_out)
        self.measurements.add(measured, self.optimizer.theta, self._gradient_norm)

    def losses(self, theta: Array) -> tuple[float, float | None]:
        """The losses of the training and of the held-out text at parameters (D,), in nats."""
        held_out = self._held_out_objective
        return self._objective.value(theta), held_out.value(theta) if held_out else None

    @property
    def measured(self) -> Measurement:
        """The newest losses."""
        return self.measurements.last

    @property
    def best(self) -> Best | None:
        """The step with the lowest held-out loss so far, as far as losses were measured."""
        return self.measurements.best

    def state_dict(self) -> dict[str, Any]:
        """Everything that continues the identical trajectory; see `load_state_dict`."""
        return {
            "steps": self.steps,
            "seconds": self.seconds,
            "other_seconds": self._other_seconds,
            "passes": self._passes,
            "settings": asdict(self.settings),
            "switches": [switch.step for switch in self.switches],
            "switched_to": [switch.optimizer for switch in self.switches],
            "theta": self.optimizer.theta.copy(),
            "went_back": list(self.went_back) if self.went_back else None,
            "fits": self.fits.state_dict() if self.fits else {},
            "threads": self.threads,
            "blas_threads": parallel.blas_threads(),
            "blas": parallel.blas(),
            "objective": self._sum_objective.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "optimizer_name": self._optimizer_name,
            "gradient_norm": self._gradient_norm,
            **self.measurements.state_dict(),
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
            require_valid(state, self.model)
            if state["optimizer_name"] != self._optimizer_name:
                raise OptimizerError(
                    f"The saved state is of {state['optimizer_name']}, the run uses "
                    f"{self._optimizer_name}: resume with the same optimizer."
                )
            if (len(state["held_out_curve"]) > 0) != (self._held_out_objective is not None):
                raise OptimizerError(
                    "The saved state and its text disagree on whether anything is held out: "
                    "one of them is of another run."
                )
            self.optimizer.load_state_dict(state["optimizer"])
            self._sum_objective.load_state_dict(state.get("objective") or {})
            self.steps, self.seconds = state["steps"], float(state["seconds"])
            self._other_seconds = float(state.get("other_seconds") or 0.0)
            self._passes = float(state["passes"])
            self.switches = _switches(state)
            self.measurements.load_state_dict(state)
            # These two are not in runs of earlier versions.
            self._gradient_norm = float(state.get("gradient_norm", math.nan))
            went_back = state.get("went_back")
            self.went_back = Return(*went_back) if went_back else None
            if self.fits:
                self.fits.load_state_dict(state.get("fits") or {})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise OptimizerError(f"The saved state does not fit this run ({error}).") from None
        shape = self.optimizer.theta.shape
        before = [f for f in frames if f.step < self.steps and f.theta.shape == shape]
        theta = self.optimizer.theta
        if not validity.are_parameters(theta):
            raise OptimizerError("The saved state's parameters are too large: it is damaged.")
        self.trajectory.restart([*before, Frame(self.steps, theta)])
        self.measure()
        self.note = _difference(state.get("blas"))

    def rest(self) -> None:
        """Forget the speed measured so far: time will pass without steps."""
        self._times.rest()

    def snapshot(self, state: SessionState) -> Snapshot:
        """The run at this moment."""
        theta = self.optimizer.theta.copy()
        theta.flags.writeable = False
        measurements = self.measurements
        return Snapshot(
            run=self.run,
            state=state,
            model=self.model,
            step=self.steps,
            seconds=self.seconds,
            facts=self.facts,
            theta=theta,
            loss=self.measured.training,
            curve=measurements.training,
            held_out=self.measured.held_out,
            held_out_curve=measurements.held_out,
            norms=measurements.norms,
            counted=1.0,
            optimizer=self._optimizer_name,
            switches=self.switches,
            best=self.best,
            went_back=self.went_back,
            ensemble_loss=self.ensemble_loss,
            objective_share=self._times.objective_share,
            steps_per_second=self._times.steps_per_second,
            step_seconds=self._times.last,
        )


def _difference(trained_with: str | None) -> str:
    """Why sums are rounded otherwise than where a run was trained; empty where they are not."""
    here = parallel.blas()
    if trained_with in (None, here):  # earlier versions did not say
        return ""
    return (
        f"This run was trained with {trained_with}, and here is {here}: sums are rounded "
        "otherwise, and its trajectory will differ from the one it would have taken there."
    )


def _switches(state: Mapping[str, Any]) -> tuple[Switch, ...]:
    """The switches of a state; those of older ones did not say to which optimizer."""
    steps: list[int] = state["switches"]
    return tuple(map(Switch, steps, state.get("switched_to", [""] * len(steps))))
