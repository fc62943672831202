"""Any optimizer in better units: each parameter divided by a fixed scale of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import OptimizerError
from model.families.base import Model, SumObjective
from model.ngrams import NgramTable
from model.optimizers.base import (
    Optimizer,
    State,
    StepResult,
    as_parameters,
    check_state,
    read_only,
)
from model.parts import WrappedSum

Array = NDArray[np.float64]

_POWER = -0.25


class ScaledObjective(WrappedSum):
    """A sum of functions of theta as one of phi = theta / scales.

    Args:
        objective: of theta.
        scales: (D,) positive.
    """

    def __init__(self, objective: SumObjective, scales: Array) -> None:
        super().__init__(objective)
        self._scales = scales

    def part(self, phi: Array, index: int) -> tuple[float, Array]:
        """One part's value and its gradient with respect to phi, (D,)."""
        value, gradient = self._objective.part(phi * self._scales, index)
        return value, gradient * self._scales

    def value(self, phi: Array) -> float:
        """The value of the whole."""
        return self._objective.value(phi * self._scales)

    def value_and_gradient(self, phi: Array) -> tuple[float, Array]:
        """The value of the whole and its gradient with respect to phi, (D,)."""
        value, gradient = self._objective.value_and_gradient(phi * self._scales)
        return value, gradient * self._scales


class Scaled:
    """An optimizer of phi = theta / scales, seen from outside as one of theta.

    Args:
        inner: an optimizer of a `ScaledObjective` of the same scales.
        scales: (D,) positive, see `frequency_scales`; kept, so the caller must not change them.

    Raises:
        OptimizerError: the scales do not fit the parameters, or are not positive.
    """

    def __init__(self, inner: Optimizer, scales: Array) -> None:
        _require_scales(scales, inner.theta)
        self._inner, self._scales = inner, read_only(scales)

    @classmethod
    def of(
        cls,
        make: Callable[[SumObjective, Array], Optimizer],
        objective: SumObjective,
        theta0: Array,
        scales: Array,
    ) -> Scaled:
        """An optimizer, built from an objective of phi and a starting point, in other units.

        Args:
            make: builds it.
            objective: of theta.
            theta0: (D,) starting point.
            scales: (D,) positive.

        Raises:
            OptimizerError: the scales do not fit the starting point, or are not positive.
        """
        theta0 = as_parameters(theta0)
        _require_scales(scales, theta0)
        return cls(make(ScaledObjective(objective, scales), theta0 / scales), scales)

    @property
    def theta(self) -> Array:
        """Current parameters, (D,), read-only."""
        return read_only(self._inner.theta * self._scales)

    @property
    def undoes_steps(self) -> bool:
        """See `Optimizer.step`."""
        return getattr(self._inner, "undoes_steps", False)

    def step(self) -> StepResult:
        """One step of the scaled optimizer; its length is told in theta."""
        before = self._inner.theta
        result = self._inner.step()
        moved = (self._inner.theta - before) * self._scales
        return replace(result, step_length=float(np.linalg.norm(moved)))

    def state_dict(self) -> State:
        """The scales and the state of the optimizer."""
        return {"scales": self._scales, "inner": self._inner.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`. Raises OptimizerError if it does not fit."""
        check_state(state, {"scales": self._scales, "inner": {}})
        _require_scales(state["scales"], self._scales)
        if not np.allclose(state["scales"], self._scales, rtol=1e-6, atol=0.0):
            raise OptimizerError("The saved state's scales are those of another text.")
        self._inner.load_state_dict(state["inner"])
        self._scales = state["scales"].copy()


def _require_scales(scales: Array, theta: Array) -> None:
    if scales.shape != theta.shape or not (np.isfinite(scales) & (scales > 0)).all():
        raise OptimizerError(
            f"The scales have shape {scales.shape} for {theta.size} parameters, or are not "
            "all positive: pass one positive number for each parameter."
        )


def frequency_scales(model: Model, table: NgramTable) -> Array:
    """Longer units for the parameters of rarer characters; (D,).

    The curvature of the loss along the parameters of a target is in proportion to how often that
    occurs, and along those of a character in contexts to how often it stands in one. In the units
    given here, frequency to the power -1/4, the curvatures differ by the square root of what they
    differ by in theta. Power -1/2 would make them equal near an optimum, but from a random start
    it leads astray: of 0, -1/4 and -1/2, measured with the log-bilinear family on two texts and two
    sizes, -1/4 came first everywhere, with a third of the steps that L-BFGS needs in theta itself.
    Parameters that belong to no character keep their unit.
    """
    size = model.vocabulary_size

    def frequency(column: NDArray[np.int32], weights: NDArray[np.number]) -> Array:
        occurrences = np.bincount(column, weights=weights, minlength=size)
        return np.maximum(occurrences, 1.0) / table.positions

    in_contexts = np.mean(
        [frequency(column, table.context_positions) for column in table.contexts.T], axis=0
    )
    targets = frequency(table.counts.indices, table.counts.data)
    units = {"context": in_contexts**_POWER, "target": targets**_POWER}
    scales = np.ones(model.parameter_count)
    for block in model.blocks(scales):
        if block.role != "shared":
            across = (slice(None), *[np.newaxis] * (block.values.ndim - 1))
            block.values[...] = units[block.role][across]
    return scales
