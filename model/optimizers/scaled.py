"""Any optimizer in better units: each parameter divided by a fixed scale of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import OptimizerError
from model.families.log_bilinear.shape import LogBilinear
from model.ngrams import NgramTable
from model.optimizers.base import (
    Optimizer,
    State,
    StepResult,
    SubfunctionObjective,
    as_parameters,
    check_state,
    read_only,
)

Array = NDArray[np.float64]
Maker = Callable[[SubfunctionObjective, Array], Optimizer]

_POWER = -0.25


class Scaled:
    """An optimizer of phi = theta / scales, seen from outside as one of theta.

    Args:
        make: builds the optimizer from an objective of phi and a starting point.
        value_and_gradient: (theta, subfunction) -> (value, gradient).
        theta0: (D,) starting point.
        scales: (D,) positive, see `frequency_scales`.

    Raises:
        OptimizerError: the scales do not fit the starting point, or are not positive.
    """

    def __init__(
        self, make: Maker, value_and_gradient: SubfunctionObjective, theta0: Array, scales: Array
    ) -> None:
        theta0 = as_parameters(theta0)
        if scales.shape != theta0.shape or not (np.isfinite(scales) & (scales > 0)).all():
            raise OptimizerError(
                f"The scales have shape {scales.shape} for {theta0.size} parameters, or are not "
                "all positive: pass one positive number for each parameter."
            )
        self._scales = scales.copy()

        def scaled(phi: Array, i: int) -> tuple[float, Array]:
            value, gradient = value_and_gradient(phi * self._scales, i)
            return value, gradient * self._scales

        self._inner = make(scaled, theta0 / scales)

    @property
    def theta(self) -> Array:
        """Current parameters, (D,), read-only."""
        return read_only(self._inner.theta * self._scales)

    def step(self) -> StepResult:
        """One step of the scaled optimizer; its length is told in theta."""
        before = self._inner.theta
        result = self._inner.step()
        moved = (self._inner.theta - before) * self._scales
        return replace(result, step_length=float(np.linalg.norm(moved)))

    def state_dict(self) -> State:
        """The scales and the state of the optimizer."""
        return {"scales": self._scales.copy(), "inner": self._inner.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`. Raises OptimizerError if it does not fit."""
        check_state(state, {"scales": self._scales, "inner": None})
        self._inner.load_state_dict(state["inner"])
        self._scales = state["scales"].copy()


def frequency_scales(model: LogBilinear, table: NgramTable) -> Array:
    """Longer units for the parameters of rarer characters; (D,).

    The curvature of the loss along a row of W is in proportion to how often its target occurs,
    and along a row of E to how often its character stands in a context. In the units given here,
    frequency to the power -1/4, the curvatures differ by the square root of what they differ by
    in theta. Power -1/2 would make them equal near an optimum, but from a random start it leads
    astray: of 0, -1/4 and -1/2, measured on two texts and two model sizes, -1/4 came first
    everywhere, with a third of the steps that L-BFGS needs in theta itself.
    """
    size = model.vocabulary_size
    ngrams, counts = table.ngrams()

    def frequency(column: NDArray[np.int32]) -> Array:
        occurrences = np.bincount(column, weights=counts, minlength=size)
        return np.maximum(occurrences, 1.0) / table.positions

    scales = np.empty(model.parameter_count)
    embeddings, outputs = model.unpack(scales)
    in_contexts = np.mean([frequency(column) for column in ngrams[:, :-1].T], axis=0)
    embeddings[:] = in_contexts[:, None] ** _POWER
    outputs[:] = frequency(ngrams[:, -1])[:, None, None] ** _POWER
    return scales
