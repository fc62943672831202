"""Loss and gradient through the softmax of every context, block by block: for large vocabularies.

Tables of V x V entries at each position are worth their making where most pairs of characters
occur. Among thousands of characters hardly any do: then logits come straight from the parameters,
one matrix product for a block of contexts, and cost grows with the contexts alone. Nothing is held
between evaluations.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy import sparse

from model.families.log_bilinear.layout import Layout
from model.families.log_bilinear.selection import Selection
from model.parallel import in_parallel

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

_BLOCK_BYTES = 1 << 21  # of a block's logits: with their exponentials they stay near a core
# Sums of a fixed number of stretches are added in their order, so that results do not depend on
# the number of threads.
_STRETCHES = 8


@dataclass(frozen=True, eq=False)
class _Parameters:
    """Parameters in the type of the computing, as matrices: E (V, H) and W (V, M * H)."""

    embeddings: Floats
    outputs: Floats


class PlainSums:
    """The loss of some contexts, as a sum in nats, and its gradient.

    Args:
        layout: the model's sizes.
        contexts: which.
    """

    def __init__(self, layout: Layout, contexts: Selection) -> None:
        self._layout, self._contexts = layout, contexts

    def value(self, theta: Array, dtype: DTypeLike) -> float:
        """The summed loss at (D,) parameters, computed in this type."""
        return self._evaluate(theta, dtype, gradient=False)[0]

    def value_and_gradient(self, theta: Array, dtype: DTypeLike) -> tuple[float, Array]:
        """The summed loss, and its gradient, (D,)."""
        return self._evaluate(theta, dtype, gradient=True)

    def _evaluate(self, theta: Array, dtype: DTypeLike, *, gradient: bool) -> tuple[float, Array]:
        v = self._layout.vocabulary_size
        embeddings, outputs = self._layout.unpack(theta)
        parameters = _Parameters(
            embeddings.astype(dtype, copy=False), outputs.reshape(v, -1).astype(dtype, copy=False)
        )
        count = len(self._contexts)
        ends = [count * i // _STRETCHES for i in range(_STRETCHES + 1)]
        stretches = [range(a, b) for a, b in pairwise(ends) if a < b]
        sums = in_parallel([partial(self._stretch, parameters, s, gradient) for s in stretches])
        total = float(sum(value for value, _ in sums))
        result = np.zeros_like(theta)
        if gradient:
            for _, more in sums:
                result += more
        return total, result

    def _stretch(
        self, parameters: _Parameters, stretch: range, gradient: bool
    ) -> tuple[np.floating[Any], Array]:
        layout = self._layout
        v, m, h = layout.vocabulary_size, layout.context_length, layout.embedding_size
        outputs = parameters.outputs
        step = max(1, _BLOCK_BYTES // (v * outputs.itemsize))
        result = np.zeros(layout.parameter_count if gradient else 0, dtype=outputs.dtype)
        d_embeddings, d_outputs = result[: v * h].reshape(-1, h), result[v * h :].reshape(-1, m * h)
        total = outputs.dtype.type(0)
        for start in range(stretch.start, stretch.stop, step):
            rows = self._contexts.rows_of(start, min(start + step, stretch.stop))
            codes, counts = self._contexts.table.contexts[rows], self._contexts.table.counts[rows]
            inputs = parameters.embeddings[codes].reshape(len(codes), -1)
            logits = inputs @ outputs.T
            cells = np.repeat(np.arange(len(codes)), np.diff(counts.indptr)) * v + counts.indices
            often = counts.data.astype(outputs.dtype)
            weights = np.add.reduceat(often, counts.indptr[:-1])
            logits -= logits.max(axis=1, keepdims=True)
            total -= often @ logits.ravel()[cells]
            terms = np.exp(logits, out=logits)
            normalizers = terms.sum(axis=1)
            total += weights @ np.log(normalizers)
            if not gradient:
                continue
            # Expected less observed counts.
            terms *= (weights / normalizers)[:, None]
            terms.ravel()[cells] -= often
            d_outputs += terms.T @ inputs
            ends = np.arange(codes.size + 1, dtype=np.int32)
            ones = np.ones(codes.size, dtype=outputs.dtype)
            at = sparse.csr_array((ones, codes.ravel(), ends), shape=(codes.size, v))
            d_embeddings += np.asarray(at.T @ (terms @ outputs).reshape(-1, h))
        return total, result.astype(np.float64, copy=False)
