"""What the first-order optimizers share: one part a step, in random order each pass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.families.base import SumObjective
from model.optimizers.base import (
    State,
    StepResult,
    as_parameters,
    check_state,
    read_only,
    require_finite,
)

Array = NDArray[np.float64]


class FirstOrder(ABC):
    """An optimizer that turns one gradient into one step.

    Args:
        objective: a sum of N parts; with one part, every step takes the gradient of the whole.
        theta0: (D,) starting point.
        seed: of the order in which the parts are visited.
    """

    moments: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        objective: SumObjective,
        theta0: Array,
        *,
        seed: int | None = None,
    ) -> None:
        if len(objective) < 1:
            raise SettingsError("The objective is a sum of no parts: at least 1 is needed.")
        self._objective = objective
        self._theta = as_parameters(theta0)
        self._rng = np.random.default_rng(seed)
        self._order = np.arange(len(objective))
        self._steps = 0
        for name in self.moments:
            setattr(self, name, np.zeros_like(self._theta))

    @abstractmethod
    def _change(self, gradient: Array) -> Array:
        """What to add to theta, from a gradient of the whole sum or an estimate of it."""

    @property
    def theta(self) -> Array:
        """Current parameters, (D,), read-only."""
        return read_only(self._theta)

    def step(self) -> StepResult:
        """Evaluate the next part and move. Raises OptimizerError if it is not finite."""
        turn = self._steps % len(self._order)
        if turn == 0:
            self._order = self._rng.permutation(len(self._order))
        i = int(self._order[turn])
        if len(self._order) == 1:
            value, gradient = self._objective.value_and_gradient(self._theta.copy())
        else:
            value, gradient = self._objective.part(self._theta.copy(), i)
        require_finite(value, gradient)
        self._steps += 1
        with np.errstate(over="ignore"):  # the next evaluation tells
            change = self._change(gradient * len(self._order))
            self._theta = self._theta + change
            length = float(np.linalg.norm(change))
        return StepResult(self._steps, float(value), i, 1, length)

    def state_dict(self) -> State:
        """Parameters, moments, and the place in the random order."""
        return {
            "theta": self._theta.copy(),
            "steps": self._steps,
            "order": self._order.copy(),
            "rng": self._rng.bit_generator.state,
            **{name: getattr(self, name).copy() for name in self.moments},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`. Raises OptimizerError if it does not fit."""
        check_state(state, self.state_dict())
        self._theta = state["theta"].copy()
        self._steps = int(state["steps"])
        self._order = state["order"].copy()
        self._rng.bit_generator.state = state["rng"]
        for name in self.moments:
            setattr(self, name, state[name].copy())
