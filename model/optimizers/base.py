"""What all optimizers share: the protocol, the result of a step, and the checks of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from model.errors import OptimizerError

Array = NDArray[np.float64]
State = dict[str, Any]  # arrays, and what JSON can hold


@dataclass(frozen=True)
class StepResult:
    """What one step did.

    Attributes:
        step: how many steps were taken, this one included.
        value: the objective's value where it was last evaluated, in the objective's unit: of one
            subfunction for optimizers of sums.
        subfunction: which subfunction was evaluated; 0 for optimizers of one function.
        evaluations: how often the objective was evaluated in this step.
        step_length: Euclidean length of the change of theta.
        failed: the step was taken back, wholly or in part.
        converged: further steps will not improve the objective.
    """

    step: int
    value: float
    subfunction: int
    evaluations: int
    step_length: float
    failed: bool = False
    converged: bool = False


class Optimizer(Protocol):
    """An object that improves `theta` one step at a time; pausing is not calling `step`."""

    @property
    def theta(self) -> Array:
        """Current parameters, (D,). A read-only view: copy it to keep it."""
        ...

    def step(self) -> StepResult:
        """Take one step. Raises OptimizerError where none is possible."""
        ...

    def state_dict(self) -> State:
        """Everything a later `load_state_dict` needs to continue the identical trajectory."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict` of an optimizer built with the same arguments.

        Raises:
            OptimizerError: the state does not fit.
        """
        ...


def as_parameters(theta: Array) -> Array:
    """A copy of a starting point as float64, (D,). Raises OptimizerError if it is not usable."""
    theta = np.array(theta, dtype=np.float64)
    if theta.ndim != 1 or not theta.size or not np.isfinite(theta).all():
        raise OptimizerError(
            f"The starting point has shape {theta.shape} or non-finite entries: "
            "pass a vector of finite numbers."
        )
    return theta


def read_only(theta: Array) -> Array:
    """A view that cannot be written through."""
    view = theta.view()
    view.flags.writeable = False
    return view


def require_finite(value: float, gradient: Array) -> None:
    """Refuse an evaluation that is not finite. Raises OptimizerError."""
    if not (np.isfinite(value) and np.isfinite(gradient).all()):
        raise OptimizerError(
            f"The objective became non-finite (value {value}): "
            "use a smaller learning rate or start closer to zero."
        )


def copy_state(values: Mapping[str, Any]) -> State:
    """A snapshot of an optimizer's attributes that later steps do not touch."""
    return {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in values.items()}


def check_state(state: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Check that a state has the entries, and its arrays the shapes, of another.

    Raises:
        OptimizerError: naming the first entry that does not fit.
    """
    for key, value in expected.items():
        if key not in state:
            raise OptimizerError(f"The saved state lacks {key!r}: it is of another optimizer.")
        if isinstance(value, np.ndarray) and np.shape(state[key]) != value.shape:
            raise OptimizerError(
                f"The saved state's {key!r} has shape {np.shape(state[key])}, expected "
                f"{value.shape}: it is of another problem or was made with other settings."
            )
