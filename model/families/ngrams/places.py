"""Finding numbers in ascending ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def places(
    ordered: NDArray[np.int64], wanted: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where numbers stand among ascending ones, and whether they do; (n,) -> (n,), (n,)."""
    at = np.searchsorted(ordered, wanted)
    there = at < len(ordered)
    there[there] = ordered[at[there]] == wanted[there]
    return at, there
