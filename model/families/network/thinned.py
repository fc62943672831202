"""A network without some of its hidden units: a smaller network, and its gradient taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from model.families.network.dropout import Units, UnitStream, scale
from model.families.network.layout import Layout, Weights

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Thinned:
    """What is left of a network.

    Attributes:
        layout: its sizes.
        weights: its parameters. The scale of dropout is in the matrices that hidden units go into,
            so that rows are never multiplied by it.
        units: of each layer, which of the whole network's it has; ascending.
        factor: the scale.
    """

    layout: Layout
    weights: Weights[Floats]
    units: tuple[Units, ...]
    factor: float

    @classmethod
    def of(cls, layout: Layout, weights: Weights[Floats], stream: UnitStream) -> Self:
        """The network of some parameters without the units that a stream leaves out."""
        units = tuple(stream.draw(layout.hidden) for _ in range(layout.layers))
        factor = scale(layout.hidden, layout.dropout)
        deeper = [
            matrix[np.ix_(after, before)]
            for matrix, (before, after) in zip(weights.deeper, pairwise(units), strict=True)
        ]
        outputs = weights.outputs[:, units[-1]]
        for matrix in (outputs, *deeper):
            matrix *= factor
        return cls(
            replace(layout, hidden=len(units[0])),
            Weights(
                weights.embeddings,
                weights.first[units[0]],
                tuple(deeper),
                weights.direct,
                outputs,
                tuple(bias[at] for bias, at in zip(weights.biases, units, strict=True)),
                weights.output_bias,
            ),
            units,
            factor,
        )

    def add(self, gradient: Weights[Floats], whole: Weights[Floats]) -> None:
        """Add this network's gradient to that of the whole one; scales the former in place."""
        units = self.units
        for matrix in (gradient.outputs, *gradient.deeper):
            matrix *= self.factor
        whole.embeddings[...] += gradient.embeddings
        whole.first[units[0]] += gradient.first
        for i, (before, after) in enumerate(pairwise(units)):
            whole.deeper[i][np.ix_(after, before)] += gradient.deeper[i]
        if whole.direct is not None and gradient.direct is not None:
            whole.direct[...] += gradient.direct
        whole.outputs[:, units[-1]] += gradient.outputs
        for bias, at, of_bias in zip(whole.biases, units, gradient.biases, strict=True):
            bias[at] += of_bias
        whole.output_bias[...] += gradient.output_bias
