"""The axes of a map: they follow the bulk of what moves, calmly, or stay where somebody put them.

A few characters far from all others would leave the rest a brick in the middle. So axes end where
the bulk does, and a lens spreads what is crowded there: half of an axis goes to distances, which it
bends, half to characters, each of which has the same share.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from charembed_tui.coordinates.ticks import round_ticks, rounded

Array = NDArray[np.float64]

_MARGIN = 0.04  # of the values' range, left free on each side
_LEAST_SHARE = 1e-9  # of the numbers on an axis that its length is: less their digits hardly hold
# Where the bulk ends: on linear axes that many times the quartiles' distance beyond the quartiles,
# much as in Tukey's box plots, and on all axes where no more than this part is left out on a side.
# With equal units, as on maps without numbers, whiskers suffice: one of the axes has room to spare.
# The largest share of the letters in any tenth of the map, at the ends of default runs of both
# programs on seven texts, with two or three seeds each: 0.27 to 0.52. With the whiskers alone it
# was up to 0.58, with limits around everything 0.61 to 0.80.
_WHISKER = 1.0
_TAIL = 0.04
_FOCUS = 0.3  # median deviations in which a lens is nearly linear
# Of a bent axis, the part that is dealt out to characters, by tenths of them. The share above: 0.20
# to 0.33, and no more where all characters are moved by 3 %; without this part it was up to 0.42.
# Were it all of the axis, the share would be sqrt(0.1) at most, and near and far would look alike.
_DEALT = 0.5
_TENTHS = np.linspace(0.0, 1.0, 11)
_TAILS = np.array([_TAIL, 1 - _TAIL])
_BULK = np.array([_TAIL, 0.25, 0.75, 1 - _TAIL])
_LEAST_SPAN = 1e-9  # of bent values, below which they are the same; and of their mean distance
_HASTE = 0.25  # how much of the way to a smaller range is gone at once
# Of the range, about a cell: for less no end moves, and no lens. Less than the margin, so that
# nothing gets out.
_CALM = 0.03


class Scale(Enum):
    """How axes measure; the values are names for people."""

    LENS = "lens"
    OWN = "own units"  # each axis fills its length
    EQUAL = "equal units"

    @property
    def next(self) -> Scale:
        """The one after it, in turns."""
        scales = list(Scale)
        return scales[(scales.index(self) + 1) % len(scales)]


@dataclass(frozen=True)
class Range:
    """A range reaches from `low` to `high`."""

    low: float
    high: float

    @classmethod
    def between(cls, low: float, high: float) -> Range:
        """Return the range of values from `low` to `high`, with a margin."""
        room = max(high - low, 1e-6, _LEAST_SHARE * max(abs(low), abs(high))) * _MARGIN
        return cls(low - room, high + room)

    def following(self, goal: Range) -> Range:
        """Return the range on its way to another: it grows at once and shrinks little by little.

        No end moves for less than a cell: axes that do so with every picture are dear to draw.
        """
        calm = _CALM * (goal.high - goal.low)
        return Range(
            -_following(-self.low, -goal.low, calm), _following(self.high, goal.high, calm)
        )

    def scaled(self, factor: float) -> Range:
        """Return a range of the same middle and `factor` times the length."""
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2 * factor
        return Range(middle - half, middle + half)

    def panned(self, part: float) -> Range:
        """Return the range moved by a part of its length."""
        by = part * (self.high - self.low)
        return Range(self.low + by, self.high + by)


def _following(end: float, goal: float, calm: float) -> float:
    """Return where the upper end goes."""
    return end if abs(goal - end) <= calm else max(goal, end + _HASTE * (goal - end))


def _quantiles(ordered: Array, parts: Array) -> Array:
    """Return where parts of values lie, (n,) in ascending order, linear from value to value.

    numpy's own is made for more: of 65 values it takes 70 microseconds, and this takes 4.
    """
    last = len(ordered) - 1
    return np.interp(parts * last, np.arange(last + 1), ordered)


def _middle(ordered: Array) -> float:
    """Return the median of values (n,) in ascending order."""
    count = len(ordered)
    return float(ordered[(count - 1) // 2] + ordered[count // 2]) / 2


@dataclass(frozen=True)
class Lens:
    """A lens spreads the crowd, wherever on an axis that is.

    It bends by arcsinh((x - centre) / unit), linear about the centre and logarithmic far from it,
    so that it has room for all. What is bent is then stretched where many characters are, linear
    from knot to knot: histograms of pictures are equalized like this.

    Attributes:
        centre: of the bending.
        unit: of it.
        knots: bent values, increasing.
        places: where on an axis they are, in about its length, increasing.
        slope: of places to bent values before the first knot and after the last.
    """

    centre: float
    unit: float
    knots: tuple[float, ...] = (0.0,)
    places: tuple[float, ...] = (0.0,)
    slope: float = 1.0

    @classmethod
    def over(cls, values: Array) -> Lens:
        """Return the lens for values (n,): its unit is a part of their median deviation."""
        ordered = np.sort(values)
        centre = _middle(ordered)
        deviations = np.abs(ordered - centre)
        deviation, mean = _middle(np.sort(deviations)), float(deviations.mean())
        if deviation <= _LEAST_SPAN * mean:  # more than half may be equal
            deviation = mean
        unit = _FOCUS * deviation or 1.0
        bent = np.arcsinh((ordered - centre) / unit)
        low, high = _quantiles(bent, _TAILS).tolist()
        span = high - low
        slope = (1 - _DEALT) / (span if span > _LEAST_SPAN else 1.0)
        # Between knots that hardly differ the line would be too steep for numbers.
        knots, first, count = np.unique(
            _quantiles(bent, _TENTHS).round(12), return_index=True, return_counts=True
        )
        # Where tenths end at the same value, that is in the middle of them.
        tenths = (_TENTHS[first] + _TENTHS[first + count - 1]) / 2
        places = slope * knots + _DEALT * (tenths - 0.5)
        return cls(centre, unit, tuple(knots.tolist()), tuple(places.tolist()), slope)

    def following(self, goal: Lens) -> Lens:
        """Return another lens, or this one where the two differ by less than a cell."""
        values = goal._unbent(np.array(goal.knots))
        moved = np.abs(self.bend(values) - goal.places).max()
        return self if moved <= _CALM else goal

    def bend(self, values: Array) -> Array:
        """Return where values (n,) are seen."""
        bent = np.arcsinh((values - self.centre) / self.unit)
        return _along(bent, self.knots, self.places, self.slope)

    def straighten(self, places: Array) -> Array:
        """Return the values that are seen at some places (n,)."""
        return self._unbent(_along(places, self.places, self.knots, 1 / self.slope))

    def _unbent(self, bent: Array) -> Array:
        return self.centre + self.unit * np.sinh(bent)


def _along(
    values: Array, knots: tuple[float, ...], places: tuple[float, ...], slope: float
) -> Array:
    """Return where values (n,) are on a line through places at knots that goes on beyond them."""
    beyond = values - np.clip(values, knots[0], knots[-1])
    return np.interp(values, knots, places) + slope * beyond


@dataclass(frozen=True)
class Axes:
    """These are the two axes of a map, the horizontal one first.

    Attributes:
        ranges: what is seen; of bent values where there are lenses.
        scale: of both.
        lenses: None for linear axes.
    """

    ranges: tuple[Range, Range]
    scale: Scale
    lenses: tuple[Lens, Lens] | None = None

    @classmethod
    def around(cls, points: Array, scale: Scale) -> Axes:
        """Return the axes for points (n, 2), n at least 1."""
        lenses = None
        if scale is Scale.LENS:
            lenses = (Lens.over(points[:, 0]), Lens.over(points[:, 1]))
        return cls._over(points, scale, lenses)

    @classmethod
    def _over(cls, points: Array, scale: Scale, lenses: tuple[Lens, Lens] | None) -> Axes:
        ranges = []
        for axis, values in enumerate(points.T):
            if lenses is not None:
                values = lenses[axis].bend(values)
            ordered = np.sort(values)
            low, first, third, high = _quantiles(ordered, _BULK).tolist()
            if lenses is None:
                reach = _WHISKER * (third - first)
                ends = first - reach, third + reach
                low, high = (
                    ends if scale is Scale.EQUAL else (max(low, ends[0]), min(high, ends[1]))
                )
            least, most = float(ordered[0]), float(ordered[-1])
            ranges.append(Range.between(min(max(least, low), high), min(max(most, low), high)))
        return cls((ranges[0], ranges[1]), scale, lenses)

    def following(self, points: Array) -> Axes:
        """Return axes of the same kind on their way to those for other points (n, 2)."""
        lenses = self.lenses
        if lenses is not None:
            x, y = (lens.following(Lens.over(points[:, axis])) for axis, lens in enumerate(lenses))
            lenses = (x, y)
        goal = self._over(points, self.scale, lenses)
        x_range, y_range = (r.following(g) for r, g in zip(self.ranges, goal.ranges, strict=True))
        return replace(goal, ranges=(x_range, y_range))

    def zoomed(self, factor: float) -> Axes:
        """Return axes of `factor` times the length."""
        return self._scaled(factor, factor)

    def panned(self, right: float, up: float) -> Axes:
        """Return axes moved by parts of their lengths."""
        x, y = self.ranges
        return replace(self, ranges=(x.panned(right), y.panned(up)))

    def on_grid(self, columns: int, rows: int, height: float) -> Axes:
        """Return the axes on a grid of cells: longer where both are to have the same unit.

        Args:
            columns: of the grid, more than 1.
            rows: of the grid, more than 1.
            height: of a cell, in widths of a cell.
        """
        if self.scale is not Scale.EQUAL:
            return self
        x, y = (r.high - r.low for r in self.ranges)
        across, up = x / (columns - 1), y / (rows - 1) / height
        unit = max(across, up)
        return self._scaled(unit / across, unit / up)

    def _scaled(self, across: float, up: float) -> Axes:
        x, y = self.ranges
        return replace(self, ranges=(x.scaled(across), y.scaled(up)))

    def positions(self, points: Array, columns: int, rows: int) -> Array:
        """Return where on a grid points (n, 2) are, in cells from the lower left one; (n, 2)."""
        parts = []
        for axis, (seen, cells) in enumerate(zip(self.ranges, (columns, rows), strict=True)):
            values = points[:, axis]
            if self.lenses is not None:
                values = self.lenses[axis].bend(values)
            parts.append((values - seen.low) / (seen.high - seen.low) * (cells - 1))
        return np.column_stack(parts)

    def ticks(self, axis: int, cells: int, most: int) -> list[tuple[int, float]]:
        """Return cells of an axis and the round numbers there, at most about `most` of them."""
        lens = None if self.lenses is None else self.lenses[axis]
        return list(_ticks(self.ranges[axis], lens, cells, most))


@lru_cache(maxsize=64)  # axes stay as they are from picture to picture, mostly
def _ticks(seen: Range, lens: Lens | None, cells: int, most: int) -> tuple[tuple[int, float], ...]:
    if lens is None:
        values = np.array(round_ticks(seen.low, seen.high, most))
        places = values
    else:
        even = np.linspace(seen.low, seen.high, max(2, most) + 2)
        exact = lens.straighten(even)
        values = np.unique(
            [
                rounded(float(value), float(after - before) / 2)
                for before, value, after in zip(exact, exact[1:], exact[2:], strict=False)
            ]
        )
        places = lens.bend(values)
    scale = (cells - 1) / (seen.high - seen.low)
    at = np.rint((places - seen.low) * scale).astype(int)
    pairs = zip(at.tolist(), values.tolist(), strict=True)
    return tuple((c, v) for c, v in pairs if 0 <= c < cells)
