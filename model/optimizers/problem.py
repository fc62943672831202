"""What an optimizer is made for: a model, a text, a place to begin, and what a person chose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.families.base import Model, SumObjective

if TYPE_CHECKING:
    from model.ngrams import NgramTable

Options = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Problem:
    """A loss to lower.

    Attributes:
        model: the model's shape.
        table: the counted text.
        theta0: (D,) parameters to begin with.
        sum_objective: the loss as a sum of this many parts, from 1 to the number of contexts.
            Where and how they are computed is the caller's business.
        seed: of all the optimizer's choices.
        options: of the settings by which the optimizer is registered, those that were chosen; 0
            leaves a choice to the optimizer.
    """

    model: Model
    table: NgramTable
    theta0: NDArray[np.float64]
    sum_objective: Callable[[int], SumObjective]
    seed: int = 0
    options: Options = field(default_factory=dict)
