"""Sums that are accumulated term by term, always in the same order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def plus(so_far: Floats | None, more: Floats) -> Floats:
    """The sum; the first term becomes the sum itself, later ones are added to it in place."""
    if so_far is None:
        return more
    so_far += more
    return so_far


def total(terms: Iterable[Floats]) -> Floats:
    """The sum of at least one array, the first one overwritten."""
    first, *others = terms
    for other in others:
        first += other
    return first
