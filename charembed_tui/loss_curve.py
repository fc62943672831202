"""The losses measured during a run, thinned to a bounded number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class LossCurve:
    """Pairs of step and loss; when there are too many, every other one goes.

    Args:
        most: how many pairs are kept, at least 2; the first and last always are.
    """

    def __init__(self, most: int = 4000) -> None:
        self._most = most
        self._steps: list[int] = []
        self._losses: list[float] = []

    def add(self, step: int, loss: float) -> None:
        """Note a measurement; steps come in ascending order, an equal one replaces the last."""
        if self._steps and self._steps[-1] == step:
            self._losses[-1] = loss
            return
        self._steps.append(step)
        self._losses.append(loss)
        if len(self._steps) > self._most:
            self._steps = self._steps[:-1:2] + self._steps[-1:]
            self._losses = self._losses[:-1:2] + self._losses[-1:]

    def arrays(self) -> tuple[Array, Array]:
        """Steps and losses, two read-only vectors of the same length."""
        pair = np.array(self._steps, dtype=float), np.array(self._losses)
        for array in pair:
            array.flags.writeable = False
        return pair


def bucketed(steps: Array, losses: Array, columns: int) -> tuple[Array, Array]:
    """At most about two points a column, the least and the greatest loss, in order of steps.

    What a plot of that many columns shows stays the same, and drawing it stays quick.
    """
    if len(steps) <= 2 * columns or columns < 1:
        return steps, losses
    span = steps[-1] - steps[0]
    column = ((steps - steps[0]) / span * columns).astype(int).clip(0, columns - 1)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    keep: set[int] = {0, len(steps) - 1}
    for start, stop in zip(starts, [*starts[1:], len(steps)], strict=True):
        part = losses[start:stop]
        keep.update((int(start + part.argmin()), int(start + part.argmax())))
    chosen = sorted(keep)
    return steps[chosen], losses[chosen]
