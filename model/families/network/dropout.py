"""Which hidden activations are dropped, drawn so that every run can be repeated and resumed.

Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov: Dropout, a simple way to prevent neural
networks from overfitting, JMLR 2014. Activations that stay are scaled up by 1 / (share that
stays), so that nothing changes on average and nothing is scaled when the model is used.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

# One random byte decides on one activation: 0.1 ms for 512 x 512, of uniform floats 1.1 ms.
_LEVELS = 256


def retained_levels(dropout: float) -> int:
    """How many of the 256 values of a byte let an activation stay, at least 1."""
    return max(1, round((1 - dropout) * _LEVELS))


def scale(dropout: float) -> float:
    """What activations that stay are multiplied by: one over the share that stays, exactly."""
    return _LEVELS / retained_levels(dropout)


class MaskStream:
    """A stream of masks that depends on nothing but the numbers it is made from.

    Args:
        dropout: the share to drop, from 0 to below 1; rounded to a multiple of 1/256.
        seed: of the run.
        evaluation: which evaluation of the run this is.
        thread: which thread's share of the rows.
    """

    def __init__(self, dropout: float, seed: int, evaluation: int, thread: int) -> None:
        self._levels = retained_levels(dropout)
        self._numbers = [seed, evaluation, thread]

    @cached_property
    def _bits(self) -> np.random.SFC64:
        # By the thread that draws: seeding takes 0.08 ms.
        return np.random.SFC64(self._numbers)

    def draw(self, rows: int, units: int) -> Mask:
        """The next mask, (rows, units): True where an activation stays."""
        count = rows * units
        # Little-endian on every machine, so that the bytes come in the same order.
        raw = self._bits.random_raw(-(-count // 8)).astype("<u8", copy=False)
        if self._levels == _LEVELS:
            return np.ones((rows, units), dtype=bool)
        return raw.view(np.uint8)[:count].reshape(rows, units) < np.uint8(self._levels)
