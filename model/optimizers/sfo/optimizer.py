"""SFO's step: evaluate one subfunction, update its model, take a Newton step on the sum."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model import validity
from model.errors import Cancelled, OptimizerError, SettingsError
from model.families.base import SumObjective
from model.interruption import interruptible, may_be_given_up
from model.optimizers.base import (
    State,
    StepResult,
    as_parameters,
    check_state,
    is_finite,
    read_only,
    restore_generator,
)
from model.optimizers.sfo.hessian import HessianAlgorithm
from model.optimizers.sfo.quadratics import Cholesky, Quadratics
from model.optimizers.sfo.runaway import Runaway
from model.optimizers.sfo.selection import ByRule, Policy, Selection
from model.optimizers.sfo.subspace import Subspace
from model.parallel import one_blas_thread

Array = NDArray[np.float64]

_FIRST_HESSIAN = 1e5
_FIRST_ACTIVE = 2
_LEAST_STEP_SCALE = 1e-5
_LEAST_STEP = 1e-8
_LONGEST_STEP_RATIO = 10.0  # to the mean step
_UNUSUAL = 3.0  # standard deviations above the mean of the others
_BACK_OFFS = 10
_BACK_OFF = 0.01  # how much of the failed step each leaves
_TOLERATED_EXCESS = 10.0  # times the predicted change
_TINY = 1e-12
_NO_PROGRESS = 1e-9  # a predicted improvement, relative to the objective
_QUIET_PASSES = 2
_ROUNDING = 1e-3  # that a basis may have on top of length 1


class SFO:
    """Minimise a sum of N functions, evaluating one of them a step.

    >>> targets = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 0.0]])
    >>> def value_and_gradient(theta, i):
    ...     away = theta - targets[i]
    ...     return 0.5 * away @ away, away
    >>> from model.parts import FunctionSum
    >>> optimizer = SFO(FunctionSum(value_and_gradient, 3), np.zeros(2), seed=0)
    >>> for _ in range(60):
    ...     result = optimizer.step()
    >>> optimizer.theta.round(3).tolist()  # the sum is least at the targets' mean
    [3.0, 2.0]

    A step reports convergence when for two passes no step has promised to improve the objective
    by a billionth of its value.

    Args:
        objective: a sum of N parts, the subfunctions. Non-finite results count as failed steps.
        theta0: (D,) starting point.
        max_history_terms: pairs of step and gradient change kept for each subfunction.
        hessian_algorithm: 'bfgs' or 'rank1'.
        subfunction_selection: see `ByRule`.
        max_gradient_noise: the active set grows when the gradient's standard error over it
            exceeds this multiple of the gradient's length (in the metric of the inverse Hessian).
        seed: of all random choices.
        selection: replaces the random choices, by a `Replay` of a recording for instance;
            `subfunction_selection` then has no meaning.
        begins_anew: whether a run that has lost half of what it gained begins anew where it was
            best, see `Runaway`. That is not in the paper.

    Raises:
        SettingsError: an argument is out of range.
        OptimizerError: theta0 is no vector of finite numbers.

    References:
        Sohl-Dickstein, Poole and Ganguli, ICML 2014, and its author's implementation, whose
        constants and treatment of failed steps this follows.
    """

    undoes_steps = True

    def __init__(
        self,
        objective: SumObjective,
        theta0: Array,
        *,
        max_history_terms: int = 10,
        hessian_algorithm: HessianAlgorithm = "bfgs",
        subfunction_selection: Policy = "distance both",
        max_gradient_noise: float = 1.0,
        seed: int | None = None,
        selection: Selection | None = None,
        begins_anew: bool = False,
    ) -> None:
        subfunctions = len(objective)
        if subfunctions < 1:
            raise SettingsError(f"SFO got {subfunctions} subfunctions: it needs at least 1.")
        if max_history_terms < 1:
            raise SettingsError(f"SFO got {max_history_terms} history terms: it needs at least 1.")
        if hessian_algorithm not in ("bfgs", "rank1"):
            raise SettingsError(
                f"The Hessian algorithm is {hessian_algorithm!r}: choose 'bfgs' or 'rank1'."
            )
        self._objective = objective
        self._algorithm = hessian_algorithm
        self._noise = max_gradient_noise
        self._selection: Selection = selection or ByRule(subfunction_selection, seed)
        # Fills up the subspace after a collapse; no choice depends on it.
        self._filler = np.random.default_rng(0)

        self._history_terms, self._begins_anew = max_history_terms, begins_anew
        self._begin(as_parameters(theta0))
        self._runaway = Runaway(self._theta)
        self._steps = 0
        self._evaluations = 0

    def _begin(self, theta: Array) -> None:
        """Know nothing of any subfunction, at parameters (D,)."""
        subfunctions = len(self._objective)
        self._theta = self._before_step = theta
        self._space = Subspace(theta, subfunctions)
        self.models = Quadratics(subfunctions, self._space.capacity, self._history_terms)
        self._position = self._space.coordinates(theta)
        first = self._selection.start(subfunctions, _FIRST_ACTIVE)
        self.models.start(self._position, first, _FIRST_HESSIAN)
        self.step_scale = 1.0
        self._predicted_improvement = 0.0
        self._distance = 0.0
        self._steps_since_growth = 0
        self._quiet_steps = 0

    @property
    def theta(self) -> Array:
        """Current parameters, (D,), read-only."""
        return read_only(self._theta)

    @one_blas_thread
    def step(self) -> StepResult:
        """Evaluate one subfunction (more on failure) and move on the sum of all models.

        Raises:
            OptimizerError: it is not finite where the last step began.
            Cancelled: the first evaluation was given up; nothing has changed. Later ones are not
                given up: to go back behind a collapse would take a second basis.
        """
        models, evaluated_before = self.models, self._evaluations
        start = self._theta
        choices = self._selection.state_dict() if may_be_given_up() else None
        i = self._selection.choose(models, self._position)
        was_active, models.active[i] = models.active[i], True
        try:
            value, gradient, coordinates = self._evaluate(self._theta, i)
        except Cancelled:
            models.active[i] = was_active
            if choices is not None:
                self._selection.load_state_dict(choices)
            raise
        failed = self._is_failure(i, value)
        if failed:
            with interruptible(None):
                value, gradient = self._recover(i, value, gradient)
            coordinates = self._space.coordinates(gradient)
        else:
            share = 1.0 / len(models.active)
            self.step_scale = share + (1.0 - share) * self.step_scale

        models.record(i, self._position, value, coordinates)
        self._distance += _length(self._theta - self._before_step)
        self._steps += 1
        if self._has_run_away():
            failed = True
            self._begin(self._runaway.theta)
            models = self.models
        else:
            models.update_hessian(i, self._algorithm)
            self._before_step = self._theta
            factored = self._move()
            self._grow(factored, failed)
        little = _NO_PROGRESS * abs(sum(models.values.tolist()))
        quiet = self._predicted_improvement <= little and models.all_active()
        self._quiet_steps = self._quiet_steps + 1 if quiet else 0
        return StepResult(
            step=self._steps,
            value=value,
            subfunction=i,
            evaluations=self._evaluations - evaluated_before,
            step_length=_length(self._theta - start),
            failed=failed,
            converged=self._quiet_steps >= _QUIET_PASSES * len(models.active),
        )

    def replace_subfunction(self, i: int) -> None:
        """Note that subfunction i has become another one: new data of a stream, say.

        Its old model serves until the new one is evaluated, which happens next. Its history is
        forgotten, since old and new gradients say nothing about curvature.

        Raises:
            SettingsError: there is no such subfunction.
        """
        if not 0 <= i < len(self.models.active):
            raise SettingsError(
                f"There is no subfunction {i}: they run from 0 to {len(self.models.active) - 1}."
            )
        self.models.forget(i)
        self._runaway = Runaway(self._theta)
        self._quiet_steps = 0

    def _has_run_away(self) -> bool:
        """Whether the subfunctions' newest values say so, where there is one of each."""
        models = self.models
        if not (self._begins_anew and models.all_active() and models.least_evaluations()):
            return False
        return self._runaway.note(float(models.values.sum()), self._theta)

    def _evaluate(self, theta: Array, i: int) -> tuple[float, Array, Array]:
        """Value, gradient, (D,), and its coordinates in a subspace that has grown to contain it."""
        value, gradient = self._objective.part(read_only(theta), i)
        if gradient.shape != theta.shape:
            raise OptimizerError(
                f"Subfunction {i} returned a gradient of shape {gradient.shape} for parameters "
                f"of shape {theta.shape}: return one number for each parameter."
            )
        self._evaluations += 1
        self.models.evaluations[i] += 1
        if not is_finite(gradient):
            return np.nan, gradient, gradient[:0]
        coordinates = self._space.include(gradient)
        grown = self._space.size - self.models.size
        if grown:
            self.models.size = self._space.size
            self._position = np.concatenate([self._position, np.zeros(grown)])
        if self._space.is_full:
            coordinates = self._collapse(coordinates)
        return float(value), gradient, coordinates

    def _collapse(self, gradient: Array) -> Array:
        """Keep what the active models' last positions and gradients span, and what is new.

        Args:
            gradient: (size,) coordinates of what is new.

        Returns:
            Its coordinates in what remains of the subspace.
        """
        active, k = self.models.active, self._space.size
        keep = np.vstack(
            [
                self.models.gradients[active, :k],
                self.models.positions[active, :k],
                gradient,
                self._position,
            ]
        )
        matrix = self._space.collapse(keep, self._filler)
        self.models.transform(matrix)
        self._position = self._position @ matrix
        return gradient @ matrix

    def _is_failure(self, i: int, value: float) -> bool:
        """Whether the last step led to a place much worse than the models said."""
        models = self.models
        if not math.isfinite(value):
            return True
        if models.evaluations[i] == 1:
            known = models.values[models.evaluations > 1]
            return bool(len(known) and value > known.mean() + _UNUSUAL * known.std())
        previous = models.values[i]
        if not value > previous:
            return False
        predicted = models.predict(i, self._position)
        others = self._predicted_improvement - (previous - predicted)
        return bool(value - predicted > others)

    def _recover(self, i: int, value: float, gradient: Array) -> tuple[float, Array]:
        """Look at the previous position too, go back part of the way, keep the better one."""
        models = self.models
        self.step_scale = max(self.step_scale / 2.0, _LEAST_STEP_SCALE)
        value_before, gradient_before, _ = self._evaluate(self._before_step, i)
        if not np.isfinite(value_before):
            raise OptimizerError(
                f"Subfunction {i} is not finite where the last step began: "
                "start closer to zero, or check its gradient."
            )
        previous = models.values[i]
        change = value - value_before
        if np.isfinite(previous):
            change = models.predict(i, self._position) - previous
        change = max(abs(change), _TINY) if np.isfinite(change) else _TINY
        for _ in range(_BACK_OFFS):
            if value - value_before < _TOLERATED_EXCESS * change:
                break
            self._go_to((1.0 - _BACK_OFF) * self._before_step + _BACK_OFF * self._theta)
            value, gradient, _ = self._evaluate(self._theta, i)
        if value < value_before:
            before = self._space.coordinates(self._before_step)
            models.record(i, before, value_before, self._space.coordinates(gradient_before))
            return value, gradient
        if np.isfinite(value):
            models.record(i, self._position, value, self._space.coordinates(gradient))
        self._go_to(self._before_step)
        return value_before, gradient_before

    def _go_to(self, theta: Array) -> None:
        self._theta = theta
        self._position = self._space.coordinates(theta)

    def _move(self) -> Cholesky:
        """The Newton step on the sum of the models, within limits; the factored Hessian."""
        models = self.models
        factored, gradient = models.factored(), models.gradient(self._position)
        newton = factored.solve(gradient)
        scale = self.step_scale
        length = scale * _length(newton)
        if length < _LEAST_STEP:
            scale = scale * (_LEAST_STEP / length) if length > 0 else scale
            length = _LEAST_STEP
        evaluations = sum(models.evaluations.tolist())
        if evaluations > len(models.active):
            longest = _LONGEST_STEP_RATIO * self._distance / evaluations
            if length > longest:
                scale *= longest / length
        step = -scale * newton
        self._position = self._position + step
        self._theta = self._theta + self._space.vector(step)
        # Half of step' H step, where H step is a multiple of the gradient.
        self._predicted_improvement = -0.5 * scale * float(step.dot(gradient))
        return factored

    def _grow(self, factored: Cholesky, failed: bool) -> None:
        """Activate one more subfunction when the active ones have told what they can."""
        models = self.models
        wanted = False
        if not models.all_active():
            gradients = models.gradients[models.active, : models.size]
            count = len(gradients)
            wanted = (
                failed
                or self._steps_since_growth > count
                or (count > 1 and _noise_ratio(factored, gradients) >= self._noise)
            ) and int(models.evaluations[models.active].min()) >= 2
        self._steps_since_growth += 1
        newcomer = self._selection.grow(wanted, models)
        if newcomer is not None:
            models.active[newcomer] = True
            self._steps_since_growth = 0

    def state_dict(self) -> State:
        """Everything that later steps depend on."""
        return {
            **{name: getattr(self, f"_{name}") for name in _COUNTERS},
            "theta": read_only(self._theta),  # replaced by steps, never written to
            "before_step": read_only(self._before_step),
            "position": self._position.copy(),
            "basis": self._space.lend(),
            "size": self._space.size,
            "step_scale": self.step_scale,
            "models": self.models.state_dict(),
            "selection": self._selection.state_dict(),
            "filler": self._filler.bit_generator.state,
            "runaway": self._runaway.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`. Raises OptimizerError if it does not fit."""
        space, largest = self._space, 1 + _ROUNDING

        def require_size(size: Any) -> None:
            # It is all parameters where coordinates are the parameters themselves.
            least = space.size if space.is_identity else 0
            validity.whole(size, "size", least, space.size if least else space.capacity)
            validity.array(state["position"], "position", (size,))

        def require_basis(basis: Any) -> None:
            validity.array(basis, "basis", (None, space.rows.shape[1]), most=largest)
            # In states of earlier versions it has all rows that there will be.
            if len(basis) not in ({0} if space.is_identity else {state["size"], space.capacity}):
                raise ValueError(f"its basis has {len(basis)} rows")

        runaway = Runaway(self._theta)
        earlier = {"runaway": runaway.state_dict(), **state}  # versions before it was noted
        check_state(
            earlier,
            self.state_dict(),
            runaway=runaway.load_state_dict,
            position=lambda _: None,  # with the size
            basis=require_basis,
            size=require_size,
        )
        self.models.load_state_dict(state["models"])
        if self.models.size != state["size"]:
            raise OptimizerError("The saved state is of two subspaces: it is damaged.")
        for name in _COUNTERS:
            setattr(self, f"_{name}", state[name])
        self._theta = state["theta"].copy()
        self._before_step = state["before_step"].copy()
        self._position = state["position"].copy()
        space.restore(state["basis"], state["size"])
        self.step_scale = state["step_scale"]
        self._selection.load_state_dict(state["selection"])
        restore_generator(self._filler, state["filler"])
        self._runaway = runaway


_COUNTERS = (
    "predicted_improvement",
    "distance",
    "steps",
    "steps_since_growth",
    "quiet_steps",
    "evaluations",
)


def _length(vector: Array) -> float:
    """Euclidean; numpy's norm takes five times as long for vectors of this size."""
    return math.sqrt(vector.dot(vector))


def _noise_ratio(factored: Cholesky, gradients: Array) -> float:
    """Squared standard error of the mean gradient to its squared length, metric H^-1."""
    mean = gradients.mean(axis=0)
    power = float(factored.inverse_norms(mean[None])[0])
    count = len(gradients)
    error = float(factored.inverse_norms(gradients - mean).sum()) / (count * (count - 1))
    return error / power if power > 0 else np.inf
