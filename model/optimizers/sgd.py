"""Stochastic gradient descent with momentum: the plainest optimizer of all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.families.base import SumObjective
from model.optimizers.first_order import FirstOrder, Floats, arguments, first_order_bytes
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
    _velocity: Floats

    def __init__(
        self,
        objective: SumObjective,
        theta0: Array,
        *,
        learning_rate: float = _LEARNING_RATE,
        momentum: float = 0.9,
        **others: Any,
    ) -> None:
        if not 0 <= momentum < 1:
            raise SettingsError(f"The momentum is {momentum}: it must be from 0 to below 1.")
        super().__init__(objective, theta0, learning_rate=learning_rate, **others)
        self.momentum = momentum

    def _change(self, gradient: Floats, block: slice, rate: float) -> Floats:
        velocity = self._velocity[block]
        velocity *= self.momentum
        gradient *= rate
        velocity -= gradient
        np.copyto(gradient, velocity)
        return gradient


def make(problem: Problem) -> SGD:
    """SGD on mini-batches, or on the whole text at every step, as suits the model's family.

    Options: learning_rate, weight_decay, clip; what is annealed is the caller's plan.
    """
    # The family's own rate is Adam's, which is about the length of a step; its decay is meant for
    # that rate: beside one of 1, 0.3 would take a third of all weights at each step.
    rate = problem.options.get("learning_rate") or _LEARNING_RATE
    return SGD(
        problem.mini_batches(),
        problem.theta0,
        learning_rate=rate,
        **arguments(problem, _LEARNING_RATE),
    )


def state_bytes(parameter_count: int, contexts: int, options: Options) -> int:
    """Of the parameters and the velocity."""
    return first_order_bytes(parameter_count, len(SGD.moments), options)
