"""The log-bilinear character model: probabilities of the next character from embeddings.

    logit(c | x) = sum_m E[x_m] . W[c, m]          P(c | x) = exp(logit_c) / Z(x)

One embedding matrix E is shared by all context positions; each target character c has one
output vector for each of them (Mnih & Hinton, Three new graphical models for statistical
language modelling, ICML 2007, section 4, without biases).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.families.base import Block
from model.families.log_bilinear.layout import Layout
from model.families.log_bilinear.predictor import LogBilinearPredictor
from model.precision import AUTO, automatic, checked_dtype

if TYPE_CHECKING:
    from model.cost import Cost, TextSize
    from model.families.log_bilinear.minibatches import Minibatches
    from model.families.log_bilinear.objective import Objective
    from model.ngrams import NgramTable

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LogBilinear(Layout):
    """The shape of a model; its parameters are a flat vector theta = [E.ravel(), W.ravel()].

    >>> model = LogBilinear(vocabulary_size=3, context_length=2, embedding_size=4)
    >>> model.parameter_count
    36
    >>> theta = model.initial(np.random.default_rng(0))
    >>> model.embeddings(theta).shape
    (3, 4)
    >>> np.exp(model.predictor(theta).log_probabilities(np.array([[0, 1]]))).sum().round(12)
    np.float64(1.0)

    Arguments, attributes and errors are those of `Layout`, and one more.

    Attributes:
        precision: in which gradients are computed, see `Objective`: "float64", "float32", or
            what suits the context length, "auto".

    Raises:
        SettingsError: a size is too small, or there is no such precision.
    """

    precision: str = AUTO

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.precision != AUTO:
            checked_dtype(self.precision)

    @property
    def dtype(self) -> np.dtype[Any]:
        """What the precision stands for."""
        chosen = self.precision
        return checked_dtype(automatic(self.context_length) if chosen == AUTO else chosen)

    @property
    def family(self) -> str:
        """The name under which the family is registered."""
        return "log-bilinear"

    def initial(self, rng: np.random.Generator, std: float | None = None) -> Array:
        """Random parameters, normal with the given standard deviation (1/M by default); (D,)."""
        scale = 1.0 / self.context_length if std is None else std
        return rng.normal(0.0, scale, self.parameter_count)

    def embeddings(self, theta: Array) -> Array:
        """E, a view of theta; (D,) -> (V, H)."""
        return self.unpack(theta)[0]

    def blocks(self, theta: Array) -> Sequence[Block]:
        """E, which belongs to the characters of contexts, and W, which belongs to targets."""
        embeddings, outputs = self.unpack(theta)
        return (
            Block(embeddings, "context", name="embeddings"),
            Block(outputs, "target", name="outputs"),
        )

    def predictor(self, theta: Array) -> LogBilinearPredictor:
        """The model at these parameters, which are copied.

        Raises:
            SettingsError: the parameters do not fit the model, or are not finite.
        """
        return LogBilinearPredictor(self, theta)

    # What follows needs scipy, which takes longer to load than a program to start.

    def objective(self, table: NgramTable) -> Objective:
        """The exact loss of a counted text; see `Objective`."""
        from model.families.log_bilinear.objective import Objective

        return Objective(self, table, dtype=self.dtype)

    def sum_objective(
        self, table: NgramTable, parts: int, seed: int, *, noise: bool = False
    ) -> Minibatches:
        """The same loss as a sum over minibatches of contexts; see `Minibatches`."""
        from model.families.log_bilinear.minibatches import Minibatches

        return Minibatches(self, table, parts, seed, dtype=self.dtype)

    def cost(self, text: TextSize) -> Cost:
        """What one exact gradient of a text of this size takes; no optimizer's state."""
        from model.families.log_bilinear.cost import estimate

        return estimate(self, text, self.dtype.itemsize)
