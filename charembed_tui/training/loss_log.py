"""The losses measured during a run, thinned to a bounded number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_HUGE = 1e5  # nats per character


def in_words(loss: float) -> str:
    """Write a loss with four decimals; a huge one, of a run that diverged, by its power of ten."""
    return f"{loss:.4f}" if abs(loss) < _HUGE else f"{loss:.0e}".replace("e+", "e")


class Measurement(NamedTuple):
    """The losses after a step: nats per character, the held-out one where there is one.

    `norms` are those of the gradient and of each block of parameters, see `Norms`, where they were
    measured.
    """

    step: int
    seconds: float
    passes: float
    training: float
    held_out: float | None
    norms: tuple[float, ...] = ()

    @property
    def score(self) -> float:
        """What runs are ranked by: the held-out loss, or the training loss where there is none."""
        return self.training if self.held_out is None else self.held_out


@dataclass(frozen=True, eq=False)
class Curve:
    """Measurements in ascending order of steps: four read-only vectors of the same length.

    Attributes:
        steps: steps taken.
        seconds: spent on them, pauses and measuring left out.
        passes: how many times the text was gone through.
        losses: nats per character.
    """

    steps: Array
    seconds: Array
    passes: Array
    losses: Array

    @classmethod
    def of(cls, rows: Array) -> Curve:
        """A curve from rows of four numbers, (n, 4)."""
        columns = np.ascontiguousarray(rows.T)
        columns.flags.writeable = False
        return cls(*columns)

    def __len__(self) -> int:
        return len(self.steps)

    def rows(self) -> Array:
        """The inverse of `of`; (n, 4)."""
        return np.column_stack([self.steps, self.seconds, self.passes, self.losses])


NO_CURVE = Curve.of(np.empty((0, 4)))


class GrowingRows:
    """Rows of numbers, the first a step; when there are too many, every other one goes.

    Args:
        columns: numbers in a row.
        most: how many rows are retained, at least 2; the first and last always are.
    """

    def __init__(self, columns: int, most: int = 4000) -> None:
        self._most = most
        self._rows = np.empty((most + 1, columns))
        self._count = 0

    def append(self, *row: float) -> None:
        """Add a row; steps come in ascending order, an equal one replaces the last."""
        if not self._count or self._rows[self._count - 1, 0] != row[0]:
            self._count += 1
        self._rows[self._count - 1] = row
        if self._count > self._most:
            self.replace(self._rows[: self._count])

    def replace(self, rows: Array) -> None:
        """Have these rows instead, (n, columns). Raises ValueError if they have other columns."""
        while len(rows) > self._most:
            rows = _thinned(rows)
        self._count = len(rows)
        self._rows[: self._count] = rows

    def after(self, step: float) -> Array:
        """The rows after a step, (n, columns)."""
        rows = self._rows[: self._count]
        return rows[np.searchsorted(rows[:, 0], step, side="right") :]

    def rows(self) -> Array:
        """What is retained, as a read-only copy, (n, columns)."""
        copy = self._rows[: self._count].copy()
        copy.flags.writeable = False
        return copy


class LossCurve:
    """A growing curve of bounded length.

    Args:
        most: how many measurements are retained: see `GrowingRows`.
    """

    def __init__(self, most: int = 4000) -> None:
        self._growing = GrowingRows(4, most)

    def add(self, step: int, seconds: float, passes: float, loss: float) -> None:
        """Note a measurement; steps come in ascending order, an equal one replaces the last."""
        self._growing.append(step, seconds, passes, loss)

    def extend(self, curve: Curve) -> None:
        """Take over the measurements of an earlier part of the run."""
        self._growing.replace(curve.rows())

    def after(self, step: float) -> list[tuple[float, float, float, float]]:
        """The measurements after a step, as rows of a `Curve`."""
        return [(a, b, c, d) for a, b, c, d in self._growing.after(step).tolist()]

    def count_after(self, step: float) -> int:
        """How many measurements there are after a step."""
        return len(self._growing.after(step))

    def curve(self) -> Curve:
        """What is retained."""
        return Curve.of(self._growing.rows())


def _thinned(rows: Array) -> Array:
    """Every other row, the first and the last among them."""
    return np.vstack([rows[:-1:2], rows[-1:]])


def smoothed(losses: Array, half_life: float) -> Array:
    """An exponentially weighted mean of what came before; 0 changes nothing.

    Args:
        losses: (n,).
        half_life: how many measurements halve a weight.
    """
    if half_life <= 0 or not len(losses):
        return losses
    retained = 0.5 ** (1 / half_life)
    result = np.empty_like(losses)
    mean, weight = 0.0, 0.0
    for i, loss in enumerate(losses.tolist()):
        mean, weight = retained * mean + loss, retained * weight + 1
        result[i] = mean / weight
    return result


def bucketed(x: Array, y: Array, columns: int) -> tuple[Array, Array]:
    """At most about two points a column, the least and the greatest, in order of x.

    What a plot of that many columns shows stays the same, and drawing it stays quick.
    """
    if len(x) <= 2 * columns or columns < 1:
        return x, y
    span = (x[-1] - x[0]) or 1.0
    column = ((x - x[0]) / span * columns).astype(int).clip(0, columns - 1)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    retained: set[int] = {0, len(x) - 1}
    for start, stop in zip(starts, [*starts[1:], len(x)], strict=True):
        part = y[start:stop]
        retained.update((int(start + part.argmin()), int(start + part.argmax())))
    chosen = sorted(retained)
    return x[chosen], y[chosen]
