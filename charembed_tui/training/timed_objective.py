"""An objective whose evaluations are noted: how long they took, and what they found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charembed_tui.training.running_clock import running_time
from model.families.base import SumObjective
from model.parts import WrappedSum

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """One evaluation of a gradient.

    Attributes:
        seconds: that it took.
        share: of the text that it went through, above 0 to 1.
        gradient: (D,) what was found, of this share; only valid while it is noted, since whoever
            asked for it may overwrite it.
    """

    seconds: float
    share: float
    gradient: Array

    @property
    def gradient_norm(self) -> float:
        """Euclidean length of the gradient of the whole, as far as this share can tell."""
        with np.errstate(over="ignore"):
            return float(np.sqrt(self.gradient @ self.gradient)) / self.share


class TimedObjective(WrappedSum):
    """A sum objective that reports each evaluation of a gradient.

    Args:
        objective: what is evaluated.
        note: called with each evaluation.
    """

    def __init__(self, objective: SumObjective, note: Callable[[Evaluation], None]) -> None:
        super().__init__(objective)
        self._note = note

    def part(self, theta: Array, index: int) -> tuple[float, Array]:
        """One part's share of the value and of the gradient, (D,)."""
        began = running_time()
        value, gradient = super().part(theta, index)
        self._note(Evaluation(running_time() - began, 1 / len(self), gradient))
        return value, gradient

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The value of the whole and its gradient, (D,)."""
        began = running_time()
        value, gradient = super().value_and_gradient(theta)
        self._note(Evaluation(running_time() - began, 1.0, gradient))
        return value, gradient
