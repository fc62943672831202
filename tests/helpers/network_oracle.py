"""A network as its formulas say it, one unit and one position after another, on plain numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.families.network.layout import Layout

Array = NDArray[np.float64]


def logits(layout: Layout, theta: Array, context: Sequence[int]) -> list[float]:
    """Logits of all characters after one context; the code V is the mean of all embeddings."""
    v, m, h, n = (
        layout.vocabulary_size,
        layout.context_length,
        layout.embedding_size,
        layout.hidden,
    )
    numbers = iter(theta.tolist())

    def matrix(rows: int, columns: int) -> list[list[float]]:
        return [[next(numbers) for _ in range(columns)] for _ in range(rows)]

    embeddings = matrix(v, h)
    embeddings.append([sum(row[k] for row in embeddings) / v for k in range(h)])
    layers = [matrix(n, m * h)] + [matrix(n, n) for _ in range(layout.layers - 1)]
    direct = matrix(v, m * h) if layout.direct else [[0.0] * (m * h)] * v
    outputs = matrix(v, n)
    biases = matrix(layout.layers, n)
    output_bias = matrix(1, v)[0]
    assert next(numbers, None) is None

    concatenated = [embeddings[code][k] for code in context for k in range(h)]
    activations = concatenated
    for weights, bias in zip(layers, biases, strict=True):
        inputs = [
            sum(w * a for w, a in zip(weights[unit], activations, strict=True)) + bias[unit]
            for unit in range(n)
        ]
        relu = layout.activation == "relu"
        activations = [max(z, 0.0) if relu else math.tanh(z) for z in inputs]
    return [
        sum(w * a for w, a in zip(outputs[c], activations, strict=True))
        + sum(w * x for w, x in zip(direct[c], concatenated, strict=True))
        + output_bias[c]
        for c in range(v)
    ]


def log_probabilities(layout: Layout, theta: Array, context: Sequence[int]) -> list[float]:
    """Natural logarithms of the probabilities of all characters after one context."""
    scores = logits(layout, theta, context)
    top = max(scores)
    normalizer = top + math.log(sum(math.exp(score - top) for score in scores))
    return [score - normalizer for score in scores]


def loss(
    layout: Layout, theta: Array, positions: Sequence[tuple[Sequence[int], int, float]]
) -> float:
    """Weighted mean negative log likelihood of (context, target, weight), nats per character."""
    total = sum(
        -weight * log_probabilities(layout, theta, context)[target]
        for context, target, weight in positions
    )
    return total / sum(weight for _, _, weight in positions)
