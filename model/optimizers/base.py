"""What all optimizers share: the protocol, the result of a step, and the checks of both."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from model import validity
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
        """Take one step.

        Raises:
            OptimizerError: none is possible.
            Cancelled: it was given up. An optimizer with a true attribute `undoes_steps` is then as
                it was; others are to be restored from their state before.
        """
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
    if not (np.isfinite(value) and is_finite(gradient)):
        raise OptimizerError(
            f"The objective became non-finite (value {value}): "
            "use a smaller learning rate or start closer to zero."
        )


def is_finite(vector: Array) -> bool:
    """Whether all numbers of a vector, (D,), are finite."""
    # The square tells in one pass, a tenth of the time, unless it overflows: then all are asked.
    # `vdot` warns of no overflow, as `dot` and `@` do.
    return math.isfinite(np.vdot(vector, vector)) or bool(np.isfinite(vector).all())


def copy_state(values: Mapping[str, Any]) -> State:
    """A snapshot of an optimizer's attributes that later steps do not touch."""
    return {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in values.items()}


def check_state(
    state: Mapping[str, Any], expected: Mapping[str, Any], **others: Callable[[Any], object]
) -> None:
    """Check that a state has the entries of another: their types and shapes, finite and in range.

    Args:
        state: from a file.
        expected: the state of an optimizer that was made a moment ago. Its whole numbers are
            counters; states within it are for whoever they belong to.
        others: checks of entries that differ in shape or range, by their names. They raise
            ValueError where something is wrong.

    Raises:
        OptimizerError: naming the first entry that does not fit.
    """
    for key, value in expected.items():
        if key not in state:
            raise OptimizerError(f"The saved state lacks {key!r}: it is of another optimizer.")
        found = state[key]
        try:
            if key in others:
                others[key](found)
            elif isinstance(value, np.ndarray):
                validity.array(found, repr(key), value.shape, kind=value.dtype.type)
            elif isinstance(value, Mapping) and not isinstance(found, Mapping):
                raise ValueError(f"its {key!r} is no state")
            elif type(value) is int:
                validity.whole(found, repr(key))
            elif type(value) is float:
                most = validity.LARGEST_IN_STATES
                validity.number(found, repr(key), -most, most)
        except (ValueError, TypeError, LookupError) as error:
            raise OptimizerError(
                f"The saved state does not fit ({error}): it is of another problem, was made with "
                "other settings, or is damaged."
            ) from None


def restore_generator(generator: np.random.Generator, state: Any) -> None:
    """Have random numbers go on from the state of another generator.

    Raises:
        OptimizerError: it is none.
    """
    try:
        generator.bit_generator.state = state
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        raise OptimizerError(
            f"The saved state of random numbers cannot be read ({error}): it is damaged."
        ) from None
