"""Objectives, and such as are sums of parts: where those are computed is nobody else's business.

Parts are minibatches of contexts here; they could as well be workers of a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from model.errors import OptimizerError

Array = NDArray[np.float64]


class Objective(Protocol):
    """The mean negative log likelihood of counted positions, in nats per character."""

    @property
    def positions(self) -> float:
        """How many positions are counted: the sum of the table's counts or weights."""
        ...

    def value(self, theta: Array) -> float:
        """The loss at (D,) parameters; infinite where it overflows."""
        ...

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The loss at (D,) parameters and its gradient, (D,)."""
        ...


class SumObjective(Objective, Protocol):
    """An objective that can be evaluated part by part; the parts add up to the whole."""

    def __len__(self) -> int:
        """How many parts there are, N."""
        ...

    def part(self, theta: Array, index: int) -> tuple[float, Array]:
        """One part's share of the loss and of its gradient; the shares of all N sum to the whole.

        Args:
            theta: (D,) parameters.
            index: of the part, from 0 to N - 1.

        Returns:
            Nats per character of the whole text, and the gradient, (D,).
        """
        ...

    def state_dict(self) -> dict[str, int]:
        """What later evaluations depend on beside their arguments: where noise stands."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict` of an objective made with the same arguments.

        Raises:
            OptimizerError: the state does not fit.
        """
        ...


class WithoutState:
    """Base of sums whose parts depend on their arguments alone."""

    def state_dict(self) -> dict[str, int]:
        """Nothing."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from nothing. Raises OptimizerError where there is something."""
        if state:
            raise OptimizerError(
                "The saved state is of an objective with noise: resume with the same model."
            )


class WrappedSum:
    """Base of sums that change what another one gives: by itself it changes nothing.

    Args:
        objective: the other one.
    """

    def __init__(self, objective: SumObjective) -> None:
        self._objective = objective

    @property
    def positions(self) -> float:
        """Those of the objective."""
        return self._objective.positions

    def __len__(self) -> int:
        return len(self._objective)

    def part(self, theta: Array, index: int) -> tuple[float, Array]:
        """One part's share of the value and of the gradient, (D,)."""
        return self._objective.part(theta, index)

    def value(self, theta: Array) -> float:
        """The value of the whole."""
        return self._objective.value(theta)

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The value of the whole and its gradient, (D,)."""
        return self._objective.value_and_gradient(theta)

    def state_dict(self) -> dict[str, int]:
        """Of the objective."""
        return self._objective.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`. Raises OptimizerError if it does not fit."""
        self._objective.load_state_dict(state)


class FunctionSum(WithoutState):
    """A sum of any functions, for optimizing something else than a text.

    >>> sum_of_two = FunctionSum(lambda theta, i: (float(theta @ theta) + i, 2 * theta), 2)
    >>> sum_of_two.value(np.array([3.0]))
    19.0

    Args:
        part: (theta, index) -> (value, gradient) of one of them.
        count: N, how many there are, at least 1.
        positions: what the sum is the mean of, if anything.
    """

    def __init__(
        self,
        part: Callable[[Array, int], tuple[float, Array]],
        count: int = 1,
        positions: float = 1.0,
    ) -> None:
        self._part, self._count, self.positions = part, count, positions

    def __len__(self) -> int:
        return self._count

    def part(self, theta: Array, index: int) -> tuple[float, Array]:
        """Value and gradient, (D,), of one function."""
        return self._part(theta, index)

    def value(self, theta: Array) -> float:
        """The sum of all values."""
        return self.value_and_gradient(theta)[0]

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The sum of all values, and of all gradients, (D,)."""
        value, gradient = self._part(theta, 0)
        for index in range(1, self._count):
            more, other = self._part(theta, index)
            value, gradient = value + more, gradient + other
        return value, gradient


class WeightedSum(WithoutState):
    """Mean losses of disjoint parts of a text as the mean loss of the whole.

    Args:
        objectives: one a part, each the mean over its own positions.
    """

    def __init__(self, objectives: Sequence[Objective]) -> None:
        self._objectives = objectives
        self.positions = float(sum(objective.positions for objective in objectives))

    def __len__(self) -> int:
        return len(self._objectives)

    def part(self, theta: Array, index: int) -> tuple[float, Array]:
        """One part's share: see `SumObjective`."""
        objective = self._objectives[index]
        value, gradient = objective.value_and_gradient(theta)
        share = objective.positions / self.positions
        return value * share, gradient * share

    def value(self, theta: Array) -> float:
        """The loss of the whole, nats per character."""
        return sum(o.value(theta) * o.positions for o in self._objectives) / self.positions

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The loss of the whole and its gradient, (D,)."""
        if len(self) == 1:
            return self._objectives[0].value_and_gradient(theta)
        value, gradient = self.part(theta, 0)
        for index in range(1, len(self)):
            more, other = self.part(theta, index)
            value += more
            gradient += other
        return value, gradient
