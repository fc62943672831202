"""What depends on the parameters alone: logit tables, their peaks, and their exponentials."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.families.log_bilinear.layout import Layout

Array = NDArray[np.floating]


class LogitTables:
    """The tables T_m[v, c] = E[v] . W[c, m] at some parameters.

    Args:
        layout: the model's sizes.
        theta: (D,) parameters; kept, so the caller must not change them.
        dtype: of the exponentials, float64 or float32.

    Attributes:
        theta: as given.
        values: (M, V, V) float64.
        peaks: (M, V), the largest entry of each row.
    """

    def __init__(
        self, layout: Layout, theta: NDArray[np.float64], dtype: DTypeLike = np.float64
    ) -> None:
        self.theta = theta
        self._layout, self._dtype = layout, dtype
        with np.errstate(over="ignore", invalid="ignore"):  # see `are_finite`
            self.values = layout.logit_tables(theta)
        self.peaks = self.values.max(axis=2)

    @cached_property
    def exponentials(self) -> Array:
        """exp(T - peak), (M, V, V): at most 1, and 1 at each row's peak."""
        shifted = self.values - self.peaks[..., None]
        return np.exp(shifted, out=shifted).astype(self._dtype, copy=False)

    @cached_property
    def largest(self) -> float:
        """The largest size of a logit's part."""
        return float(np.abs(self.values).max())

    @property
    def are_finite(self) -> bool:
        """Whether no entry overflowed."""
        return bool(np.isfinite(self.largest))

    @cached_property
    def extended(self) -> NDArray[np.longdouble]:
        """The tables in extended precision, (M, V, V)."""
        embeddings, outputs = self._layout.unpack(self.theta.astype(np.longdouble))
        return np.matmul(embeddings, outputs.transpose(1, 2, 0))

    def backward(self, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """From the gradient with respect to the tables, (M, V, V), to that of theta, (D,)."""
        embeddings, outputs = self._layout.unpack(self.theta)
        result = np.empty_like(self.theta)
        d_embeddings, d_outputs = self._layout.unpack(result)
        # dE = sum_m dT_m W_m and dW_m = dT_m' E.
        np.sum(np.matmul(gradient, outputs.swapaxes(0, 1)), axis=0, out=d_embeddings)
        d_outputs[...] = np.matmul(gradient.transpose(0, 2, 1), embeddings).swapaxes(0, 1)
        return result
