"""What depends on the parameters alone: logit tables, their peaks, and their exponentials."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.families.log_bilinear.layout import Layout

Array = NDArray[np.floating]

_ROWS = 256  # of a table that are looked through at a time


class LogitTables:
    """The tables T_m[v, c] = E[v] . W[c, m] at some parameters.

    Args:
        layout: the model's sizes.
        theta: (D,) parameters; kept, so the caller must not change them.
        dtype: of the exponentials, float64 or float32.

    Attributes:
        theta: as given.
    """

    def __init__(
        self, layout: Layout, theta: NDArray[np.float64], dtype: DTypeLike = np.float64
    ) -> None:
        self.theta = theta
        self._layout, self._dtype = layout, np.dtype(dtype)

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """The tables, (M, V, V) float64."""
        return self._layout.logit_tables(self.theta)

    @cached_property
    def peaks(self) -> NDArray[np.float64]:
        """The largest entry of each row, (M, V)."""
        return self.values.max(axis=2)

    @cached_property
    def exponentials(self) -> Array:
        """exp(T - peak), (M, V, V): at most 1, and 1 at each row's peak."""
        shifted = self.values - self.peaks[..., None]
        return np.exp(shifted, out=shifted).astype(self._dtype, copy=False)

    def exceed(self, limit: float) -> bool:
        """Whether an entry is larger than a limit in size; one that is not finite is."""
        embeddings, outputs = self._layout.unpack(self.theta)
        largest = float(np.abs(self.theta).max())
        if embeddings.shape[1] * largest * largest <= limit:
            return False
        with np.errstate(over="ignore", invalid="ignore"):
            lengths = [np.einsum("...h,...h", x, x).max() for x in (embeddings, outputs)]
            # Cauchy and Schwarz mostly spare us the tables.
            if np.sqrt(lengths[0]) * np.sqrt(lengths[1]) <= limit:
                return False
            matrices = outputs.transpose(1, 2, 0)
            return not all(
                np.abs(embeddings[start : start + _ROWS] @ matrix).max() <= limit
                for matrix in matrices
                for start in range(0, len(embeddings), _ROWS)
            )

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
