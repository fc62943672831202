"""The range an axis shows: it follows what moves, calmly, or stays where somebody put it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_MARGIN = 0.08  # of the values' range, left free on each side
_HASTE = 0.25  # how much of the way to a smaller range is gone at once
# Of the range, about a cell: for less no end moves. Less than the margin, so that nothing gets out.
_CALM = 0.03


@dataclass(frozen=True)
class Range:
    """From `low` to `high`."""

    low: float
    high: float

    @classmethod
    def around(cls, values: Array) -> Range:
        """All values, with a margin."""
        low, high = float(values.min()), float(values.max())
        room = max(high - low, 1e-6) * _MARGIN
        return cls(low - room, high + room)

    def following(self, values: Array) -> Range:
        """The range for new values: it grows at once and shrinks little by little.

        No end moves for less than a cell: axes that do so with every picture are dear to draw.
        """
        goal = Range.around(values)
        calm = _CALM * (goal.high - goal.low)
        return Range(
            -_following(-self.low, -goal.low, calm), _following(self.high, goal.high, calm)
        )

    def zoomed(self, factor: float) -> Range:
        """The same middle, `factor` times the length."""
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2 * factor
        return Range(middle - half, middle + half)

    def panned(self, part: float) -> Range:
        """Moved by a part of its length."""
        by = part * (self.high - self.low)
        return Range(self.low + by, self.high + by)

    def cells(self, values: Array, count: int) -> NDArray[np.intp]:
        """The cell of each value when the range covers this many; outside it, negative or more."""
        scaled = (values - self.low) / (self.high - self.low) * (count - 1)
        return np.rint(np.clip(scaled, -9, count + 9)).astype(np.intp)


def _following(end: float, goal: float, calm: float) -> float:
    """Where the upper end goes."""
    return end if abs(goal - end) <= calm else max(goal, end + _HASTE * (goal - end))
