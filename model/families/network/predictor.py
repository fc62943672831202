"""A network at fixed parameters: what comes next, in batches and one window at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.families.base import Codes
from model.families.network.input_layer import (
    Floats,
    GatheredInputs,
    one_hot,
    tables_fit,
)
from model.families.network.layout import BLOCK_ROWS, Layout, Weights, with_unknown
from model.families.windows import WindowReader

Array = NDArray[np.float64]

# So few windows are summed from their table rows directly: setting up a sparse product takes
# 0.05 ms, as long as a window does altogether. With 1,536 units both take as long for 24 windows.
_FEW = 24
_ALIGNED = 16  # numbers


class Predictor:
    """Probabilities from windows of M characters.

    What each character adds at each position, to the first hidden layer and directly to the logits,
    is tabulated once, the unknown character included: a single window takes 0.04 ms.

    Args:
        layout: the network's sizes.
        theta: (D,) parameters; copied.
        dtype: float32 or float64, of computing up to the logits; results are float64.
    """

    needs_only_windows = True

    def __init__(self, layout: Layout, theta: Array, *, dtype: DTypeLike = np.float32) -> None:
        self.vocabulary_size, self.context_length = layout.vocabulary_size, layout.context_length
        self._activation = layout.activation
        known = layout.weights(theta.astype(dtype))
        self._weights: Weights[Floats] = Weights(
            with_unknown(known.embeddings),
            known.first,
            known.deeper,
            known.direct,
            known.outputs,
            known.biases,
            known.output_bias,
        )
        self._table = _table(self._weights) if tables_fit(self._weights) else None
        self._outputs = np.ascontiguousarray(known.outputs.T)

    def log_probabilities(self, contexts: Codes) -> Array:
        """Natural logarithms of the probabilities of every next character; (n, M) -> (n, V).

        Args:
            contexts: (n, M) codes; V stands for a character outside the vocabulary or before the
                beginning of the text: it has the mean of all embeddings.
        """
        contexts = np.asarray(contexts)
        if not 0 < len(contexts) <= BLOCK_ROWS:
            result = np.empty((len(contexts), self.vocabulary_size))
            for start in range(0, len(contexts), BLOCK_ROWS):
                part = slice(start, start + BLOCK_ROWS)
                result[part] = self.log_probabilities(contexts[part])
            return result
        logits = self._logits(contexts).astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return logits

    def reader(self, codes: Sequence[int] = ()) -> WindowReader:
        """A reader that has read these codes, of any number."""
        return WindowReader(self, codes)

    def _logits(self, codes: Codes) -> Floats:
        """(n, M) -> (n, V)."""
        weights = self._weights
        layer, direct = self._first(codes)
        self._activate(layer)
        for matrix, bias in zip(weights.deeper, weights.biases[1:], strict=True):
            layer = layer @ matrix.T
            layer += bias
            self._activate(layer)
        logits = layer @ self._outputs
        logits += weights.output_bias
        if direct is not None:
            logits += direct
        return logits

    def _activate(self, layer: Floats) -> None:
        """As `activate`, for which nothing needs to be known of slopes."""
        if self._activation == "relu":
            # Beside a row of zeros in half the time: a scalar is taken on from number to number.
            np.maximum(layer, np.zeros(layer.shape[1], layer.dtype), out=layer)
        else:
            np.tanh(layer, out=layer)

    def _first(self, codes: Codes) -> tuple[Floats, Floats | None]:
        """Inputs of the first hidden layer, (n, hidden), and an addend of the logits, (n, V)."""
        if self._table is None:
            gathered = GatheredInputs(self._weights)
            return gathered.forward(gathered.encode(codes))
        characters = self.vocabulary_size + 1
        if len(codes) <= _FEW:
            places = np.arange(0, len(self._table), characters)
            sums = np.add.reduce(self._table.take(codes + places, axis=0), axis=1)
        else:
            sums = one_hot(codes.astype(np.int32), characters, self._table.dtype) @ self._table
        hidden = self._outputs.shape[0]
        if self._weights.direct is None:
            return sums[:, :hidden], None
        return sums[:, :hidden], sums[:, hidden : hidden + self.vocabulary_size]


def _table(weights: Weights[Floats]) -> Floats:
    """What each character adds at each position; (M (V + 1), columns).

    Columns are first those of the first hidden layer, whose bias is in the rows of the first
    position, then those of the direct connections, if there are any, and then zeros to a multiple
    of 16: rows that do not begin where vectors of the processor do take a third longer to add.
    """
    hidden, positions, _ = weights.first.shape
    characters = len(weights.embeddings)
    matrices = [weights.first] + ([] if weights.direct is None else [weights.direct])
    width = sum(len(matrix) for matrix in matrices)
    table = np.zeros((positions * characters, -(-width // _ALIGNED) * _ALIGNED), matrices[0].dtype)
    for m in range(positions):
        rows = table[m * characters : (m + 1) * characters]
        start = 0
        for matrix in matrices:
            rows[:, start : start + len(matrix)] = weights.embeddings @ matrix[:, m].T
            start += len(matrix)
    table[:characters, :hidden] += weights.biases[0]
    return table
