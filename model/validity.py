"""What comes from a file is taken only if it is what it should be: its type, shape and range.

Whatever reads a file that others may have written goes through here: a checksum says that nothing
was damaged, not that it was good. Each function returns its value; it raises ValueError with what
is wrong, and whoever reads the file says of which.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MOST_STEPS = 1 << 53  # beyond, they are no whole numbers any more where they are divided
# Losses, times, norms. They are squared, multiplied by each other and by numbers of characters.
MOST = 1e100
# Of a parameter. Projections take fourth powers; a model that has come here is lost long before.
LARGEST_PARAMETER = 1e50
# In the state of an optimizer: gradients by the shortest step that is taken, times parameters.
LARGEST_IN_STATES = 1e150
_LONGEST_TEXT = 1 << 16


def whole(value: Any, name: str, least: int = 0, most: int = MOST_STEPS) -> int:
    """A whole number in a range."""
    if type(value) is not int or not least <= value <= most:  # True is an int, too
        raise ValueError(f"its {name} is none")
    return value


def number(value: Any, name: str, least: float = 0.0, most: float = MOST) -> float:
    """A finite number in a range."""
    if type(value) not in (int, float) or not least <= value <= most:  # nor is NaN in any
        raise ValueError(f"its {name} is none")
    return float(value)


def text(value: Any, name: str, most: int = _LONGEST_TEXT) -> str:
    """A text of at most so many characters."""
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"its {name} is no text of at most {most:,} characters")
    return value


def array(
    value: Any,
    name: str,
    shape: tuple[int | None, ...],
    *,
    most: float = LARGEST_IN_STATES,
    kind: type[np.generic] = np.float64,
    may_miss: bool = False,
) -> NDArray[Any]:
    """An array of a kind and a shape, in which None stands for any length.

    Args:
        value: that should be one.
        name: of it, for people.
        shape: that it should have.
        most: the largest size of a number in it.
        kind: of its numbers.
        may_miss: whether NaN may stand for a number that is not there.
    """
    if not isinstance(value, np.ndarray) or value.dtype != kind:
        raise ValueError(f"its {name} is no array of type {np.dtype(kind)}")
    fits = len(shape) == value.ndim and all(
        wanted in (None, found) for wanted, found in zip(shape, value.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"its {name} has shape {value.shape}")
    if value.size and value.dtype.kind == "f":
        ends = (np.nanmin, np.nanmax) if may_miss else (np.min, np.max)
        if may_miss and np.isnan(value).all():
            return value
        if not all(abs(float(end(value))) <= most for end in ends):  # as NaN is not
            raise ValueError(f"its {name} is non-finite, or too large")
    return value


def ascending(values: NDArray[Any], name: str, *, strictly: bool = False) -> NDArray[Any]:
    """Numbers, (n,), none of which is below the one before, or equal to it."""
    before, after = values[:-1], values[1:]  # not differences: of two infinities there is none
    if (after <= before if strictly else after < before).any():
        raise ValueError(f"its {name} do not ascend")
    return values


def are_parameters(theta: Array) -> bool:
    """Whether numbers (D,) can be parameters of a model: finite, and none too large."""
    if not theta.size or np.vdot(theta, theta) < LARGEST_PARAMETER**2:  # half the time of both ends
        return True
    return bool(theta.min() >= -LARGEST_PARAMETER and theta.max() <= LARGEST_PARAMETER)


def is_in_range(value: float) -> bool:
    """Whether a number that was measured is finite, and not too large to work with."""
    return abs(value) <= MOST
