"""How long gradient and parameters were through a run: they tell of steps that are too large."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charembed_tui.training.loss_log import Curve, GrowingRows
from model.families.base import Block, Model, block_names

Array = NDArray[np.float64]

_PLACE = 3  # columns that say when: step, seconds, passes


@dataclass(frozen=True, eq=False)
class Norms:
    """Euclidean norms of the gradient and of each block of parameters, in ascending order of steps.

    Attributes:
        blocks: names of the B blocks.
        rows: (n, 4 + B) read-only: step, seconds, passes, norm of the gradient, of each block; NaN
            where a gradient was not measured.
    """

    blocks: tuple[str, ...]
    rows: Array

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def gradient(self) -> Curve:
        """Of the gradient of what the optimizer lowers, as its last evaluation found it."""
        return self._curve(0)

    @property
    def weights(self) -> tuple[Curve, ...]:
        """Of the parameters, one curve a block."""
        return tuple(self._curve(1 + i) for i in range(len(self.blocks)))

    def _curve(self, index: int) -> Curve:
        return Curve.of(self.rows[:, [0, 1, 2, _PLACE + index]])


NO_NORMS = Norms((), np.empty((0, _PLACE + 1)))


class NormLog:
    """Norms that grow; when there are too many, every other measurement goes, as of losses.

    Args:
        blocks: names of the blocks.
    """

    def __init__(self, blocks: Sequence[str]) -> None:
        self.blocks = tuple(blocks)
        self._growing = GrowingRows(_PLACE + 1 + len(self.blocks))

    def add(self, step: int, seconds: float, passes: float, norms: Sequence[float]) -> None:
        """Note those of the gradient and of each block; other numbers of norms are passed over."""
        if len(norms) == 1 + len(self.blocks):
            self._growing.append(step, seconds, passes, *norms)

    def extend(self, rows: Array) -> None:
        """Take over rows of an earlier part of the run. Raises ValueError if they do not fit."""
        self._growing.replace(rows)

    def after(self, step: float) -> dict[int, tuple[float, ...]]:
        """The norms measured after a step, by their steps."""
        return {int(row[0]): tuple(row[_PLACE:]) for row in self._growing.after(step).tolist()}

    def norms(self) -> Norms:
        """What is retained."""
        return Norms(self.blocks, self._growing.rows())


def names_of(model: Model) -> tuple[str, ...]:
    """Names of a model's blocks."""
    return block_names(model.blocks(np.zeros(model.parameter_count)))


def weight_norms(blocks: Sequence[Block]) -> list[float]:
    """The Euclidean norm of each block."""
    with np.errstate(over="ignore"):
        return [math.sqrt(float(np.vdot(block.values, block.values))) for block in blocks]
