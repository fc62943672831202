"""The family of networks behind the protocol that all models share.

Bengio, Ducharme, Vincent, Jauvin: A neural probabilistic language model, JMLR 2003, sections 2
and 3, on characters: the embeddings of the last M characters are concatenated and go through 1 to
3 hidden layers to the logits of the next character, and directly as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.cost import Cost, TextSize
from model.families.base import Block
from model.families.network import tables
from model.families.network.layout import BLOCK_ROWS, Layout

if TYPE_CHECKING:
    from model.families.network.objective import Objective, SumObjective
    from model.families.network.predictor import Predictor
    from model.ngrams import NgramTable

Array = NDArray[np.float64]

# Seconds on one current core: a multiplication of a dense product, one of a sparse product, and
# what an activation costs besides.
_PER_DENSE, _PER_SPARSE, _PER_ACTIVATION = 2.5e-11, 1.4e-10, 1.2e-9
_BYTES_PER_CONTEXT, _BYTES_PER_NGRAM = 12.0, 20.0
_BYTES_TO_DEAL = 64  # a position, before the first evaluation
_SINGLE_COPIES = 4  # of the parameters, and gradients of two threads


class Network(Layout):
    """A network; see `Layout` for its sizes and where its parameters stand in theta.

    >>> model = Network(vocabulary_size=3, context_length=2, embedding_size=4, hidden=5)
    >>> model.parameter_count
    99
    >>> theta = model.initial(np.random.default_rng(0))
    >>> model.embeddings(theta).shape
    (3, 4)
    >>> p = np.exp(model.predictor(theta).log_probabilities(np.array([[0, 1]])))
    >>> p.shape, p.sum().round(12)
    ((1, 3), np.float64(1.0))
    """

    @property
    def family(self) -> str:
        """The name under which it is registered."""
        return "network"

    def initial(self, rng: np.random.Generator) -> Array:
        """Random parameters that keep activations of size one from layer to layer; (D,).

        Embeddings are normal with standard deviation 1. Weights into hidden units have variance
        2 / inputs for ReLU (He, Zhang, Ren, Sun, ICCV 2015), and 2 / (inputs + outputs) for tanh
        (Glorot and Bengio, AISTATS 2010). Biases and direct connections are zero, and weights
        into logits small, so that the first prediction is nearly uniform.
        """
        theta = np.zeros(self.parameter_count)
        weights = self.weights(theta)
        weights.embeddings[:] = rng.normal(size=weights.embeddings.shape)
        for matrix in (weights.first, *weights.deeper):
            units, inputs = len(matrix), matrix[0].size
            fan = inputs if self.activation == "relu" else (inputs + units) / 2
            gain = 2.0 if self.activation == "relu" else 1.0
            matrix[:] = rng.normal(0, np.sqrt(gain / fan), matrix.shape)
        weights.outputs[:] = rng.normal(0, 0.1 / np.sqrt(self.hidden), weights.outputs.shape)
        return theta

    def embeddings(self, theta: Array) -> Array:
        """E, one vector a character; (D,) -> (V, H), a view."""
        return self.weights(theta).embeddings

    def blocks(self, theta: Array) -> Sequence[Block]:
        """All of theta as views: embeddings, what belongs to targets, and what is shared."""
        weights = self.weights(theta)
        direct = () if weights.direct is None else (weights.direct,)
        hidden = (weights.first, *weights.deeper)
        return [
            Block(weights.embeddings, "context", name="embeddings"),
            *(Block(v, "shared", decays=True, name="hidden") for v in hidden),
            *(Block(v, "target", decays=True, name="direct") for v in direct),
            Block(weights.outputs, "target", decays=True, name="outputs"),
            *(Block(v, "shared", name="hidden bias") for v in weights.biases),
            Block(weights.output_bias, "target", name="output bias"),
        ]

    def predictor(self, theta: Array) -> Predictor:
        """The network at these parameters, which are copied; computed in float32."""
        from model.families.network.predictor import Predictor  # with scipy: not at start-up

        return Predictor(self, theta)

    def objective(
        self, table: NgramTable, *, dtype: DTypeLike = np.float32, threads: int | None = None
    ) -> Objective:
        """The loss of a counted text, without dropout. See `Objective` for arguments and errors."""
        from model.families.network.objective import Objective  # with scipy: not at start-up

        return Objective(self, table, dtype=dtype, threads=threads)

    def sum_objective(
        self,
        table: NgramTable,
        parts: int,
        seed: int,
        *,
        noise: bool = False,
        dtype: DTypeLike = np.float32,
        threads: int | None = None,
    ) -> SumObjective:
        """The loss as a sum of parts, with dropout as `noise`. See `SumObjective` for the rest."""
        from model.families.network.objective import SumObjective  # with scipy: not at start-up

        return SumObjective(self, table, parts, seed, dtype=dtype, threads=threads, noise=noise)

    def cost(self, text: TextSize) -> Cost:
        """What one exact gradient of a text of this size takes on one thread.

        Mini-batches take their share of it, and the tables, which are for all rows of an
        evaluation, each time.
        """
        v, m, h, n = (
            self.vocabulary_size,
            self.context_length,
            self.embedding_size,
            self.hidden,
        )
        width = n + v * self.direct
        per_row = (
            3 * (n * v + (self.layers - 1) * n * n) * _PER_DENSE
            + 2 * m * width * _PER_SPARSE
            + (self.layers * n + v) * _PER_ACTIVATION
        )
        products = 3 * m * v * h * width * _PER_DENSE
        contexts = text.contexts
        held = contexts * _BYTES_PER_CONTEXT + text.ngrams * _BYTES_PER_NGRAM
        table = m * v * width
        looks_up = tables.pay(v, h, contexts) and tables.are_bearable(table)
        working = (
            4 * self.parameter_count * _SINGLE_COPIES
            + 3 * 4 * table * looks_up
            + 4 * min(2 * BLOCK_ROWS, contexts) * (3 * self.layers * n + 4 * v)  # of two threads
        )
        return Cost(
            self.parameter_count,
            contexts,
            contexts * per_row + products,
            int(held),
            evaluation_bytes=working,
            dealing_bytes=text.positions * _BYTES_TO_DEAL,
        )
