"""L-BFGS on the whole sum, one iteration a step."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LbfgsInvHessProduct, line_search

from model import validity
from model.errors import SettingsError
from model.families.base import Objective
from model.optimizers.base import (
    State,
    StepResult,
    as_parameters,
    check_state,
    copy_state,
    read_only,
    require_finite,
)
from model.optimizers.problem import Options, Problem
from model.parallel import one_blas_thread

Array = NDArray[np.float64]

_LONGEST_STEP_RATIO = 10.0  # to the step before
_PATIENCE = 100  # steps
_HISTORY_TERMS = 10
_TOLERANCE = 5e-5  # of the loss in a hundred steps: less than that nobody can see
_CURVATURE = 1e-10  # pairs with a weaker correlation would spoil the inverse Hessian


class LBFGS:
    """Limited-memory BFGS (Nocedal and Wright, Numerical Optimization, 2006, algorithm 7.5).

    The inverse Hessian and the strong-Wolfe line search are scipy's; iterations are taken one at
    a time, so that pausing and resuming need nothing special.

    >>> from model.parts import FunctionSum
    >>> objective = FunctionSum(lambda theta, _: (float((theta**2).sum()), 2 * theta))
    >>> optimizer = LBFGS(objective, np.array([3.0, -4.0]))
    >>> while not optimizer.step().converged:
    ...     pass
    >>> bool(np.abs(optimizer.theta).max() < 1e-6)
    True

    Args:
        objective: every evaluation is one of the whole of it.
        theta0: (D,) starting point.
        max_history_terms: pairs of step and gradient change kept.
        tolerance: see below.

    A step reports convergence where no descent is found, or when the last hundred steps together
    lowered the value by less than `tolerance` of itself; going on is possible all the same.

    Raises:
        SettingsError: an argument is out of range.
        OptimizerError: the objective is not finite at the starting point.
    """

    def __init__(
        self,
        objective: Objective,
        theta0: Array,
        *,
        max_history_terms: int = _HISTORY_TERMS,
        tolerance: float = 1e-9,
    ) -> None:
        if max_history_terms < 1:
            raise SettingsError(
                f"L-BFGS got {max_history_terms} history terms: it needs at least 1."
            )
        self._objective = objective
        self._history = max_history_terms
        self._theta = as_parameters(theta0)
        self._pairs = np.zeros((2, 0, len(self._theta)))
        self._value = np.nan
        self._gradient = np.zeros(0)
        self._tolerance = tolerance
        self._recent = np.zeros(0)  # values since convergence was last judged, oldest first
        self._steps = 0
        self._evaluations = 0
        self._last: tuple[Array, float, Array] | None = None

    @property
    def theta(self) -> Array:
        """Current parameters, (D,), read-only."""
        return read_only(self._theta)

    @one_blas_thread
    def step(self) -> StepResult:
        """One line search along the quasi-Newton direction; none where the gradient vanishes."""
        before = self._evaluations
        if not self._gradient.size:
            self._value, self._gradient = self._evaluate(self._theta)
            require_finite(self._value, self._gradient)
        self._last = (self._theta, self._value, self._gradient)
        moved = self._search(self._direction())
        if moved is None and self._pairs.shape[1]:
            # The curvature misled us: start again from steepest descent.
            self._pairs = self._pairs[:, :0]
            moved = self._search(self._direction())
        self._steps += 1
        length = 0.0
        if moved is not None:
            theta, value, gradient = moved
            step = theta - self._theta
            self._remember(step, gradient - self._gradient)
            self._theta, self._value, self._gradient = theta, value, gradient
            length = float(np.linalg.norm(step))
        return StepResult(
            step=self._steps,
            value=self._value,
            subfunction=0,
            evaluations=self._evaluations - before,
            step_length=length,
            failed=moved is None,
            converged=moved is None or self._stands_still(),
        )

    def _stands_still(self) -> bool:
        self._recent = np.append(self._recent, self._value)[-_PATIENCE - 1 :]
        if len(self._recent) <= _PATIENCE:
            return False
        still = bool(self._recent[0] - self._value < self._tolerance * abs(self._value))
        if still:
            self._recent = self._recent[:0]
        return still

    def _direction(self) -> Array:
        if self._pairs.shape[1]:
            direction = -LbfgsInvHessProduct(*self._pairs).matvec(self._gradient)
            # Early curvature can promise far too much, and far away the objective is expensive.
            longest = _LONGEST_STEP_RATIO * float(np.linalg.norm(self._pairs[0, -1]))
            length = float(np.linalg.norm(direction))
            return direction * (longest / length) if length > longest else direction
        # Without curvature: a step of length 1 at the most.
        return -self._gradient / max(1.0, float(np.linalg.norm(self._gradient)))

    def _search(self, direction: Array) -> tuple[Array, float, Array] | None:
        """The end of a line search, its value and gradient; None where there is no descent."""
        if not direction.any():
            return None
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # a search without success says so by its result
            scale, *_, value, _, slope = line_search(
                self._value_at,
                self._gradient_at,
                self._theta,
                direction,
                gfk=self._gradient,
                old_fval=self._value,
                maxiter=20,
            )
        if scale is None or value is None or slope is None or not value < self._value:
            return None
        theta = self._theta + scale * direction
        value, gradient = self._at(theta)
        return theta, value, gradient

    def _at(self, theta: Array) -> tuple[float, Array]:
        """Value and gradient, evaluated once for the two questions the line search asks."""
        if self._last is None or not np.array_equal(self._last[0], theta):
            self._last = (theta.copy(), *self._evaluate(theta))
        return self._last[1], self._last[2]

    def _value_at(self, theta: Array) -> float:
        return self._at(theta)[0]

    def _gradient_at(self, theta: Array) -> Array:
        return self._at(theta)[1]

    def _evaluate(self, theta: Array) -> tuple[float, Array]:
        self._evaluations += 1
        value, gradient = self._objective.value_and_gradient(theta.copy())
        return float(value), gradient

    def _remember(self, step: Array, change: Array) -> None:
        least = _CURVATURE * np.linalg.norm(step) * np.linalg.norm(change)
        if step @ change > max(least, np.finfo(float).tiny):  # scipy divides by it
            if self._pairs.shape[1] < self._history:
                pair = np.stack([step, change])[:, None]
                self._pairs = np.concatenate([self._pairs, pair], axis=1)
                return
            for place in range(1, self._history):  # in place: a history may be gigabytes
                self._pairs[:, place - 1] = self._pairs[:, place]
            self._pairs[0, -1], self._pairs[1, -1] = step, change

    def state_dict(self) -> State:
        """Everything that later steps depend on."""
        return copy_state(
            {
                "theta": self._theta,
                "pairs": self._pairs,
                "value": self._value,
                "gradient": self._gradient,
                "recent": self._recent,
                "steps": self._steps,
                "evaluations": self._evaluations,
            }
        )

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`. Raises OptimizerError if it does not fit."""
        size, most = len(self._theta), validity.LARGEST_IN_STATES

        def require_pairs(pairs: Any) -> None:
            validity.array(pairs, "pairs", (2, None, size))
            products = np.einsum("nd,nd->n", pairs[0], pairs[1])  # scipy divides by them
            if len(products) > self._history or not (products > np.finfo(float).tiny).all():
                raise ValueError("its pairs are none of L-BFGS")

        def require_gradient(gradient: Any) -> None:
            # Before the first step nothing has been evaluated.
            is_evaluated = not (isinstance(gradient, np.ndarray) and gradient.shape == (0,))
            validity.array(gradient, "gradient", (size if is_evaluated else 0,))
            if is_evaluated:
                validity.number(state["value"], "value", -most, most)

        check_state(
            state,
            self.state_dict(),
            pairs=require_pairs,
            gradient=require_gradient,
            value=lambda value: np.isnan(value) or validity.number(value, "value", -most, most),
            recent=lambda recent: validity.array(recent, "recent values", (None,)),
        )
        state = copy_state(state)
        self._theta, self._pairs = state["theta"], state["pairs"]
        self._value, self._gradient = state["value"], state["gradient"]
        self._recent = state["recent"]
        self._steps, self._evaluations = state["steps"], state["evaluations"]
        self._last = None


def make(problem: Problem) -> LBFGS:
    """L-BFGS that has converged when a person sees nothing move. Option: history_terms."""
    return LBFGS(
        problem.sum_objective(1),
        problem.theta0,
        max_history_terms=problem.options.get("history_terms") or _HISTORY_TERMS,
        tolerance=_TOLERANCE,
    )


def state_bytes(parameter_count: int, contexts: int, options: Options) -> int:
    """Of the parameters, the gradient, all pairs of the history, and the recent values."""
    history = options.get("history_terms") or _HISTORY_TERMS
    return 8 * (parameter_count * (2 + 2 * history) + _PATIENCE + 1)
