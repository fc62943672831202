"""AdamW in place, in blocks that stay in the cache, on some threads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.parallel import in_parallel

Array = NDArray[np.float64]

_BLOCK = 1 << 15  # elements: large beside a call's overhead, small beside the cache


class FusedAdamW:
    """Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019, algorithm 2.

    Args:
        theta0: (D,) starting point; copied.
        decayed: the part of it that weight decay is for.
        weight_decay: what is taken of these each step, times the learning rate.
        betas: decay of the running means of the gradient and its square.
        clip: the longest gradient, Euclidean; longer ones are scaled down.
        dtype: of the moments.
        threads: how many share the work.
    """

    def __init__(
        self,
        theta0: Array,
        decayed: Sequence[slice] = (),
        weight_decay: float = 0.0,
        betas: tuple[float, float] = (0.9, 0.99),
        clip: float = np.inf,
        dtype: DTypeLike = np.float32,
        threads: int = 1,
    ) -> None:
        self.theta = theta0.astype(np.float64)
        self._mean = np.zeros(len(theta0), dtype)
        self._square = np.zeros(len(theta0), dtype)
        self._betas, self._clip, self._steps = betas, clip, 0
        decay = np.zeros(len(theta0))
        for part in decayed:
            decay[part] = weight_decay
        # Blocks never cross a change of the decay: it is one number for each.
        ends = {0, len(theta0), *(np.flatnonzero(np.diff(decay)) + 1).tolist()}
        ends |= set(range(0, len(theta0), _BLOCK))
        marks = sorted(ends)
        self._blocks = [(a, b, float(decay[a])) for a, b in pairwise(marks)]
        self._shares = [self._blocks[i::threads] for i in range(threads)]
        self._buffers = [np.empty((2, _BLOCK), dtype) for _ in range(threads)]

    def step(self, gradient: Array, learning_rate: float) -> None:
        """Move against a gradient, (D,)."""
        self._steps += 1
        length = float(np.sqrt(gradient @ gradient)) if self._clip < np.inf else 0.0
        factor = min(1.0, self._clip / length) if length else 1.0
        in_parallel(
            [
                partial(self._update, share, buffer, gradient, factor, learning_rate)
                for share, buffer in zip(self._shares, self._buffers, strict=True)
            ]
        )

    def _update(
        self,
        blocks: Sequence[tuple[int, int, float]],
        buffer: NDArray[np.floating],
        gradient: Array,
        factor: float,
        learning_rate: float,
    ) -> None:
        # Sums instead of means, their factors put into two numbers: fewer passes over memory.
        first, second = self._betas
        root = np.sqrt((1 - second) / (1 - second**self._steps))
        rate = learning_rate * (1 - first) / (1 - first**self._steps) / root
        for a, b, decay in blocks:
            g, t = buffer[0, : b - a], buffer[1, : b - a]
            mean, square, theta = self._mean[a:b], self._square[a:b], self.theta[a:b]
            np.copyto(g, gradient[a:b], casting="same_kind")
            if factor != 1:
                g *= factor
            mean *= first
            mean += g
            g *= g
            square *= second
            square += g
            np.sqrt(square, out=t)
            t += 1e-8 / root
            np.divide(mean, t, out=t)
            t *= rate
            if decay:
                theta *= 1 - learning_rate * decay
            theta -= t
