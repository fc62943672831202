"""Adam: steps scaled by running moments of the gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import OptimizerError, SettingsError
from model.families.base import SumObjective
from model.optimizers.first_order import FirstOrder, Floats, arguments, first_order_bytes
from model.optimizers.problem import Options, Problem

Array = NDArray[np.float64]

_LEARNING_RATE = 0.03
_OF_WHOLE, _OF_BATCHES = (0.9, 0.999), (0.9, 0.99)  # decay of the moments


class Adam(FirstOrder):
    """Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015, algorithm 1.

    With weight decay it is AdamW (Loshchilov and Hutter, Decoupled weight decay regularization,
    ICLR 2019, algorithm 2).

    Args:
        learning_rate: about the longest step of a single parameter.
        decay: of the running means of the gradient and of its square, each from 0 to below 1.
        epsilon: keeps the division finite where gradients vanish.

    The other arguments are those of every first-order optimizer, see `FirstOrder`.

    Raises:
        SettingsError: an argument is out of range.
    """

    moments = ("_mean", "_square")
    _mean: Floats
    _square: Floats

    def __init__(
        self,
        objective: SumObjective,
        theta0: Array,
        *,
        learning_rate: float = _LEARNING_RATE,
        decay: tuple[float, float] = _OF_WHOLE,
        epsilon: float = 1e-8,
        **others: Any,
    ) -> None:
        if not all(0 <= d < 1 for d in decay):
            raise SettingsError(f"The decay rates are {decay}: both must be from 0 to below 1.")
        super().__init__(objective, theta0, learning_rate=learning_rate, **others)
        self._decay, self._epsilon = decay, epsilon

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`. Raises OptimizerError if it does not fit."""
        super().load_state_dict(state)
        if (self._square < 0).any():
            raise OptimizerError("The saved state has squares below 0: it is damaged.")

    def _change(self, gradient: Floats, block: slice, rate: float) -> Floats:
        first, second = self._decay
        mean, square = self._mean[block], self._square[block]
        mean *= first
        mean += (1 - first) * gradient
        gradient *= gradient
        gradient *= 1 - second
        square *= second
        square += gradient
        size = np.sqrt(square, out=gradient)
        size *= 1 / math.sqrt(1 - second**self._steps)
        size += self._epsilon
        change = np.divide(mean, size, out=size)
        change *= -rate / (1 - first**self._steps)
        return change


def make(problem: Problem) -> Adam:
    """Adam on mini-batches, or on the whole text at every step, as suits the model's family.

    Options: learning_rate, weight_decay, clip; what is annealed is the caller's plan.
    """
    return Adam(
        problem.mini_batches(),
        problem.theta0,
        learning_rate=problem.learning_rate or _LEARNING_RATE,
        decay=_OF_BATCHES if problem.advice.batch else _OF_WHOLE,
        **arguments(problem),
    )


def state_bytes(parameter_count: int, contexts: int, options: Options) -> int:
    """Of the parameters and both moments."""
    return first_order_bytes(parameter_count, len(Adam.moments), options)
