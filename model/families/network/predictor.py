"""A network at fixed parameters: what comes next, in batches and one window at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.families.base import Codes
from model.families.network.activations import activate
from model.families.network.input_layer import (
    Floats,
    GatheredInputs,
    InputLayer,
    InputTables,
    tables_fit,
)
from model.families.network.layout import BLOCK_ROWS, Layout, Weights, with_unknown
from model.families.windows import WindowReader

Array = NDArray[np.float64]

# So few windows are summed from their table rows directly: setting up a sparse product takes
# 0.05 ms, as long as a window does altogether. With 1,536 units both take as long for 24 windows.
_FEW = 16


class Predictor:
    """Probabilities from windows of M characters.

    What each character adds at each position to the first hidden layer is tabulated once,
    (M, V + 1, hidden), the unknown character included: a single window takes 0.04 ms.

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
        self._tables = InputTables(self._weights) if tables_fit(self._weights) else None
        self._inputs: InputLayer = self._tables or GatheredInputs(self._weights)
        self._inputs.prepare(range(self.context_length))

    def log_probabilities(self, contexts: Codes) -> Array:
        """Natural logarithms of the probabilities of every next character; (n, M) -> (n, V).

        Args:
            contexts: (n, M) codes; V stands for a character outside the vocabulary or before the
                beginning of the text: it has the mean of all embeddings.
        """
        contexts = np.asarray(contexts, dtype=np.int32)
        result = np.empty((len(contexts), self.vocabulary_size))
        for start in range(0, len(contexts), BLOCK_ROWS):
            codes = contexts[start : start + BLOCK_ROWS]
            logits = self._logits(codes).astype(np.float64)
            logits -= logits.max(axis=1, keepdims=True)
            logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
            result[start : start + BLOCK_ROWS] = logits
        return result

    def reader(self, codes: Sequence[int] = ()) -> WindowReader:
        """A reader that has read these codes, of any number."""
        return WindowReader(self, codes)

    def _logits(self, codes: Codes) -> Floats:
        """(n, M) -> (n, V)."""
        weights = self._weights
        if self._tables is not None and len(codes) <= _FEW:
            layer, direct = self._tables.gather(codes)
        else:
            layer, direct = self._inputs.forward(self._inputs.encode(codes))
        activate(self._activation, layer)
        for matrix, bias in zip(weights.deeper, weights.biases[1:], strict=True):
            layer = layer @ matrix.T
            layer += bias
            activate(self._activation, layer)
        logits = layer @ weights.outputs.T
        logits += weights.output_bias
        if direct is not None:
            logits += direct
        return logits
