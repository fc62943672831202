"""Adam: steps scaled by running moments of the gradient."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.families.base import SumObjective
from model.optimizers.first_order import FirstOrder
from model.optimizers.problem import Options, Problem

Array = NDArray[np.float64]

_LEARNING_RATE = 0.03


class Adam(FirstOrder):
    """Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015, algorithm 1.

    Args:
        learning_rate: about the longest step of a single parameter.
        decay: of the running means of the gradient and of its square, each from 0 to below 1.
        epsilon: keeps the division finite where gradients vanish.

    The other arguments are those of every first-order optimizer, see `FirstOrder`.

    Raises:
        SettingsError: an argument is out of range.
    """

    moments = ("_mean", "_square")
    _mean: Array
    _square: Array

    def __init__(
        self,
        objective: SumObjective,
        theta0: Array,
        *,
        learning_rate: float = _LEARNING_RATE,
        decay: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        seed: int | None = None,
    ) -> None:
        if not 0 < learning_rate < np.inf:
            raise SettingsError(f"The learning rate is {learning_rate}: it must be positive.")
        if not all(0 <= d < 1 for d in decay):
            raise SettingsError(f"The decay rates are {decay}: both must be from 0 to below 1.")
        super().__init__(objective, theta0, seed=seed)
        self.learning_rate, self._decay, self._epsilon = learning_rate, decay, epsilon

    def _change(self, gradient: Array) -> Array:
        first, second = self._decay
        self._mean = first * self._mean + (1 - first) * gradient
        self._square = second * self._square + (1 - second) * gradient**2
        mean = self._mean / (1 - first**self._steps)
        square = self._square / (1 - second**self._steps)
        return -self.learning_rate * mean / (np.sqrt(square) + self._epsilon)


def make(problem: Problem) -> Adam:
    """Adam on the whole text at every step. Option: learning_rate."""
    rate = problem.options.get("learning_rate") or _LEARNING_RATE
    objective = problem.sum_objective(1)
    return Adam(objective, problem.theta0, learning_rate=rate, seed=problem.seed)


def state_bytes(parameter_count: int, contexts: int, options: Options) -> int:
    """Of the parameters and both moments."""
    return 8 * parameter_count * (1 + len(Adam.moments))
