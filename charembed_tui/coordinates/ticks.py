"""Round numbers on an axis, and how they are written."""

from __future__ import annotations

import math

LABEL = 6  # characters of a label at most
_ROUND = (1, 2, 5, 10)
_NOTHING = 1e-12  # of a value: a distance that its digits hardly hold


def round_ticks(low: float, high: float, most: int) -> list[float]:
    """Return round numbers between two, at most about `most` of them."""
    if not high > low or most < 1:
        return [low]
    stride = _round_up((high - low) / most)
    first = math.ceil(low / stride - 1e-9)
    last = math.floor(high / stride + 1e-9)
    return [i * stride for i in range(first, last + 1)]


def rounded(value: float, distance: float) -> float:
    """Return a round number near a value, nearer than so far; the value where that is nothing."""
    if distance <= _NOTHING * abs(value):
        return value
    stride = _round_up(distance / 2)
    return round(value / stride) * stride


def _round_up(size: float) -> float:
    power = 10.0 ** math.floor(math.log10(size))
    return next(power * f for f in _ROUND if power * f >= size * 0.999)


def short(value: float) -> str:
    """Write a number in at most six characters."""
    if value == 0:
        return "0"
    size = abs(value)
    if 1e6 <= size < 1e9:
        return f"{value / 1e6:.3g}M"
    if 1e4 <= size < 1e6:
        return f"{value / 1e3:.4g}k"
    if 1e-3 <= size < 1e4:
        return f"{value:.4g}"[:LABEL]
    return f"{value:.0e}".replace("e+0", "e").replace("e-0", "e-")
