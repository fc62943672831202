"""Loss and gradient of rows, by hand (Rumelhart, Hinton, Williams, Nature 1986).

With P the softmax of the logits and n_u, t_u the weight and the targets' counts of a row u:

    loss = sum_u n_u log Z_u - t_u . logits_u        d loss / d logits_u = n_u P_u - t_u

and from there back through the layers. Dropout's scale is put into the matrices that activations
go into, beforehand, and their gradients are scaled once: rows are never multiplied by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.families.network.activations import activate, times_slope
from model.families.network.dropout import Mask, MaskStream
from model.families.network.input_layer import InputLayer, InputSums
from model.families.network.layout import Layout, Weights
from model.families.network.rows import Block
from model.families.network.sums import plus

Floats = NDArray[np.floating[Any]]


@dataclass(eq=False)
class Sums:
    """A thread's sums over its rows: terms of the gradient; None before the first."""

    layers: int
    inputs: InputSums = field(default_factory=InputSums)
    outputs: Floats | None = None
    output_bias: Floats | None = None
    deeper: list[Floats | None] = field(init=False)
    deeper_biases: list[Floats | None] = field(init=False)

    def __post_init__(self) -> None:
        self.deeper = [None] * (self.layers - 1)
        self.deeper_biases = [None] * (self.layers - 1)


@dataclass(frozen=True, eq=False)
class Backpropagation:
    """A network at fixed parameters, which any number of threads may read.

    Attributes:
        layout: its sizes.
        weights: parameters; the scale of dropout is in the matrices that activations go into.
        inputs: the first layer, prepared.
    """

    layout: Layout
    weights: Weights[Floats]
    inputs: InputLayer

    def loss(
        self, block: Block, masks: MaskStream | None = None, sums: Sums | None = None
    ) -> float:
        """A block's share of the loss.

        Args:
            block: rows.
            masks: of dropout, or None for none.
            sums: where the terms of the gradient are added, if it is wanted.
        """
        weights = self.weights
        encoded = self.inputs.encode(block.codes)
        activations, slopes, logits = self._forward(encoded, masks)
        logits -= logits.max(axis=1, keepdims=True)
        # Summed in float64: the loss is compared from step to step, its rows are not.
        linear = np.sum(block.counts * logits.ravel()[block.cells], dtype=np.float64)
        np.exp(logits, out=logits)
        normalizers = logits @ np.ones(logits.shape[1], logits.dtype)
        value = float(np.sum(block.weights * np.log(normalizers), dtype=np.float64) - linear)
        if sums is None:
            return value

        error = logits
        error *= (block.weights / normalizers)[:, np.newaxis]
        error.ravel()[block.cells] -= block.counts
        sums.outputs = plus(sums.outputs, error.T @ activations[-1])
        sums.output_bias = plus(sums.output_bias, error.sum(axis=0))
        gradient = error @ weights.outputs
        for i in reversed(range(len(weights.deeper))):
            times_slope(self.layout.activation, gradient, activations[i + 1], slopes[i + 1])
            sums.deeper[i] = plus(sums.deeper[i], gradient.T @ activations[i])
            sums.deeper_biases[i] = plus(sums.deeper_biases[i], gradient.sum(axis=0))
            gradient = gradient @ weights.deeper[i]
        times_slope(self.layout.activation, gradient, activations[0], slopes[0])
        self.inputs.backward(encoded, gradient, error, sums.inputs)
        return value

    def _forward(
        self, encoded: Any, masks: MaskStream | None
    ) -> tuple[list[Floats], list[Mask | None], Floats]:
        """Activations and masks of all layers, and the logits, (n, V)."""
        weights, layout = self.weights, self.layout
        layer, direct = self.inputs.forward(encoded)
        activations: list[Floats] = []
        slopes: list[Mask | None] = []
        for i in range(layout.layers):
            if i:
                layer = activations[-1] @ weights.deeper[i - 1].T
                layer += weights.biases[i]
            stays = None if masks is None else masks.draw(len(layer), layout.hidden)
            slopes.append(activate(layout.activation, layer, stays))
            activations.append(layer)
        logits = activations[-1] @ weights.outputs.T
        logits += weights.output_bias
        if direct is not None:
            logits += direct
        return activations, slopes, logits
