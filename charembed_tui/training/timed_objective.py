"""An objective whose evaluations are noted: how long they took, how much text they went through."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.families.base import SumObjective

Array = NDArray[np.float64]


class TimedObjective:
    """A sum objective that reports each evaluation of a gradient.

    Args:
        objective: what is evaluated.
        note: called with the seconds of an evaluation, and the share of the text it went through.
    """

    def __init__(self, objective: SumObjective, note: Callable[[float, float], None]) -> None:
        self._objective, self._note = objective, note

    @property
    def positions(self) -> float:
        """Those of the objective."""
        return self._objective.positions

    def __len__(self) -> int:
        return len(self._objective)

    def part(self, theta: Array, index: int) -> tuple[float, Array]:
        """One part's share of the value and of the gradient, (D,)."""
        began = time.perf_counter()
        result = self._objective.part(theta, index)
        self._note(time.perf_counter() - began, 1 / len(self))
        return result

    def value(self, theta: Array) -> float:
        """The value of the whole."""
        return self._objective.value(theta)

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The value of the whole and its gradient, (D,)."""
        began = time.perf_counter()
        result = self._objective.value_and_gradient(theta)
        self._note(time.perf_counter() - began, 1.0)
        return result

    def state_dict(self) -> dict[str, int]:
        """Of the objective."""
        return self._objective.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`. Raises OptimizerError if it does not fit."""
        self._objective.load_state_dict(state)
