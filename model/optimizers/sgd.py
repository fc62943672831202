"""Stochastic gradient descent with momentum: the plainest optimizer of all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.families.base import SumObjective
from model.optimizers.first_order import FirstOrder
from model.optimizers.problem import Options, Problem

Array = NDArray[np.float64]

_LEARNING_RATE = 1.0


class SGD(FirstOrder):
    """Robbins and Monro (1951), with Polyak's heavy ball (1964).

    Args:
        learning_rate: multiple of the gradient that a step goes; in units of parameters squared
            per unit of the objective.
        momentum: how much of the last step is repeated, from 0 to below 1.

    The other arguments are those of every first-order optimizer, see `FirstOrder`.

    Raises:
        SettingsError: an argument is out of range.
    """

    moments = ("_velocity",)
    _velocity: Array

    def __init__(
        self,
        objective: SumObjective,
        theta0: Array,
        *,
        learning_rate: float = _LEARNING_RATE,
        momentum: float = 0.9,
        seed: int | None = None,
    ) -> None:
        if not 0 < learning_rate < np.inf:
            raise SettingsError(f"The learning rate is {learning_rate}: it must be positive.")
        if not 0 <= momentum < 1:
            raise SettingsError(f"The momentum is {momentum}: it must be from 0 to below 1.")
        super().__init__(objective, theta0, seed=seed)
        self.learning_rate, self.momentum = learning_rate, momentum

    def _change(self, gradient: Array) -> Array:
        self._velocity = self.momentum * self._velocity - self.learning_rate * gradient
        return self._velocity


def make(problem: Problem) -> SGD:
    """SGD on the whole text at every step. Option: learning_rate."""
    rate = problem.options.get("learning_rate") or _LEARNING_RATE
    objective = problem.sum_objective(1)
    return SGD(objective, problem.theta0, learning_rate=rate, seed=problem.seed)


def state_bytes(parameter_count: int, contexts: int, options: Options) -> int:
    """Of the parameters and the velocity."""
    return 8 * parameter_count * (1 + len(SGD.moments))
