"""In place of an optimizer where there are no parameters: one step, and it is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.optimizers.base import State, StepResult, check_state, read_only

NAME = "counting"  # what did the work, in place of an optimizer's name


class NothingToTrain:
    """An optimizer of no parameters.

    Args:
        value: the loss, which no step changes.
    """

    def __init__(self, value: float) -> None:
        self._value, self._steps = value, 0
        self._theta = np.empty(0)

    @property
    def theta(self) -> NDArray[np.float64]:
        """No parameters, (0,)."""
        return read_only(self._theta)

    def step(self) -> StepResult:
        """Nothing is done, and nothing is left to do."""
        self._steps += 1
        return StepResult(self._steps, self._value, 0, 0, 0.0, converged=True)

    def state_dict(self) -> State:
        """How many steps were taken."""
        return {"theta": self._theta.copy(), "steps": self._steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`. Raises OptimizerError if it does not fit."""
        check_state(state, self.state_dict())
        self._steps = state["steps"]
