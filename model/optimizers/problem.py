"""What an optimizer is made for: a model, a text, a place to begin, and what a person chose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from model.families.base import FirstOrderAdvice, Model, SumObjective

if TYPE_CHECKING:
    from model.ngrams import NgramTable

Options = Mapping[str, Any]


class Parts(Protocol):
    """Makes the loss as a sum of parts. Where they are computed is the caller's business."""

    def __call__(self, parts: int, *, noise: bool = False) -> SumObjective:
        """The loss as a sum of so many parts; see `Model.sum_objective`."""
        ...


def _nothing_planned() -> float:
    return 0.0


@dataclass(frozen=True, eq=False)
class Problem:
    """A loss to lower.

    Attributes:
        model: the model's shape.
        table: the counted text.
        theta0: (D,) parameters to begin with.
        sum_objective: the loss as a sum of parts.
        seed: of all the optimizer's choices.
        options: of the settings by which the optimizer is registered, those that were chosen; 0
            leaves a choice to the optimizer.
        advice: what suits the model's family, where a choice is left to the optimizer.
        progress: how much of the time or steps that were planned is over, from 0 to 1.
    """

    model: Model
    table: NgramTable
    theta0: NDArray[np.float64]
    sum_objective: Parts
    seed: int = 0
    options: Options = field(default_factory=dict)
    advice: FirstOrderAdvice = field(default_factory=FirstOrderAdvice)
    progress: Callable[[], float] = _nothing_planned

    def mini_batches(self) -> SumObjective:
        """The loss in the parts that first-order optimizers take one after another, with noise."""
        return self.sum_objective(self._advice.parts(self.table.positions), noise=True)

    @property
    def _advice(self) -> FirstOrderAdvice:
        return self.advice.on(self.table.positions, self.options.get("batch", 0))

    @property
    def learning_rate(self) -> float | None:
        """The learning rate that was chosen, or suits the family; None for the optimizer's own."""
        return self.options.get("learning_rate") or self._advice.learning_rate or None

    def weight_decay(self, own_rate: float | None = None) -> float:
        """What is taken of the family's matrices each step, times the learning rate.

        Args:
            own_rate: the learning rate of an optimizer that does without the family's. What suits
                the family is meant beside its rate, and as much is taken beside this one.
        """
        chosen = self.options.get("weight_decay", _AUTOMATIC)
        if chosen != _AUTOMATIC:
            return float(chosen)
        share = 1.0 if own_rate is None else self.advice.learning_rate / own_rate
        return self.advice.weight_decay * share


_AUTOMATIC = -1.0  # a weight decay that is left to the family
