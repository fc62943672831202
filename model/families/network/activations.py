"""Activations of hidden layers and their slopes, with dropout; in place."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from model.families.network.dropout import Mask

Floats = NDArray[np.floating[Any]]


def activate(
    kind: Literal["relu", "tanh"], inputs: Floats, stays: Mask | None = None
) -> Mask | None:
    """Turn inputs into activations, in place, zero where they are dropped.

    Args:
        kind: which function.
        inputs: (n, units), overwritten.
        stays: True where an activation is not dropped; None if none is.

    Returns:
        What `times_slope` needs to know.
    """
    if kind == "relu":
        # One product with booleans serves the function and the mask, and once more the slope:
        # half the time of np.maximum and a product with a mask of floats.
        active = inputs > 0
        if stays is not None:
            active &= stays
        inputs *= active
        return active
    np.tanh(inputs, out=inputs)
    if stays is not None:
        inputs *= stays
    return stays


def times_slope(
    kind: Literal["relu", "tanh"], gradient: Floats, activations: Floats, mask: Mask | None
) -> None:
    """Turn a gradient by activations into one by their inputs, in place.

    Args:
        kind: which function.
        gradient: (n, units), overwritten.
        activations: (n, units), as `activate` left them.
        mask: what it returned.
    """
    if mask is not None:
        gradient *= mask
    if kind == "tanh":  # where it was dropped the activation is 0, and the mask's 0 stands
        gradient *= 1 - activations * activations
