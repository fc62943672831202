"""A Gaussian prior on the parameters: what a text says little about stays near zero.

It adds strength / 2 * |theta|^2 to the summed loss. Without it the parameters of rare characters
grow for ever, since nothing that was counted speaks against them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.parts import SumObjective, WrappedSum

Array = NDArray[np.float64]


class WithPrior(WrappedSum):
    """An objective with a Gaussian prior; each of its parts has an equal share of it.

    Args:
        objective: the mean loss of a text.
        strength: of the prior, in nats of the whole text: the inverse of its variance.
    """

    def __init__(self, objective: SumObjective, strength: float) -> None:
        super().__init__(objective)
        self._strength = strength / objective.positions  # of the mean

    def part(self, theta: Array, index: int) -> tuple[float, Array]:
        """One part's share of the loss and of the prior, and its gradient, (D,)."""
        return self._added(theta, self._objective.part(theta, index), self._strength / len(self))

    def value(self, theta: Array) -> float:
        """The mean loss and the prior."""
        return self._objective.value(theta) + self._strength / 2 * _squared(theta)

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The mean loss with the prior, and its gradient, (D,)."""
        return self._added(theta, self._objective.value_and_gradient(theta), self._strength)

    def _added(
        self, theta: Array, found: tuple[float, Array], strength: float
    ) -> tuple[float, Array]:
        value, gradient = found
        with np.errstate(over="ignore"):  # as the loss itself
            gradient += strength * theta
        return value + strength / 2 * _squared(theta), gradient


def _squared(theta: Array) -> float:
    """Its squared length, infinite where that overflows."""
    with np.errstate(over="ignore"):
        return float(theta @ theta)
