"""How crowded a map is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def crowding(points: NDArray[np.float64], area: float = 0.1) -> float:
    """The largest share of points (n, 2) of the unit square in any rectangle of a part of it."""
    x, y = points.T
    order = np.argsort(y)
    x, y = x[order], y[order]
    most = 0
    for left in np.unique(x):
        for right in np.unique(x[x >= left]):
            heights = y[(x >= left) & (x <= right)]
            if len(heights) <= most:
                continue
            height = area / max(right - left, area)
            last = np.searchsorted(heights, heights + height + 1e-12, "right")
            most = max(most, int((last - np.arange(len(heights))).max()))
    return most / len(points)
