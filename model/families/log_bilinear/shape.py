"""The log-bilinear character model: probabilities of the next character from embeddings.

    logit(c | x) = sum_m E[x_m] . W[c, m]          P(c | x) = exp(logit_c) / Z(x)

One embedding matrix E is shared by all context positions; each target character c has one
output vector for each of them (Mnih & Hinton, Three new graphical models for statistical
language modelling, ICML 2007, section 4, without biases).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LogBilinear:
    """The shape of a model; its parameters are a flat vector theta = [E.ravel(), W.ravel()].

    >>> model = LogBilinear(vocabulary_size=3, context_length=2, embedding_size=4)
    >>> model.parameter_count
    36
    >>> theta = model.initial(np.random.default_rng(0))
    >>> embeddings, outputs = model.unpack(theta)
    >>> embeddings.shape, outputs.shape
    ((3, 4), (3, 2, 4))
    >>> model.probabilities(theta, np.array([[0, 1]])).sum().round(12)
    np.float64(1.0)

    Attributes:
        vocabulary_size: V, the number of different characters, at least 2.
        context_length: M, how many characters the model sees, at least 1.
        embedding_size: H, components of a character's embedding, at least 1.

    Raises:
        SettingsError: a size is too small.
    """

    vocabulary_size: int
    context_length: int
    embedding_size: int

    def __post_init__(self) -> None:
        for name, least in (("vocabulary_size", 2), ("context_length", 1), ("embedding_size", 1)):
            value = getattr(self, name)
            if value < least:
                label = name.replace("_", " ")
                raise SettingsError(f"The {label} is {value}: it must be at least {least}.")

    @property
    def parameter_count(self) -> int:
        """D = V*H + V*M*H."""
        return self.vocabulary_size * self.embedding_size * (1 + self.context_length)

    def initial(self, rng: np.random.Generator, std: float | None = None) -> Array:
        """Random parameters, normal with the given standard deviation (1/M by default); (D,)."""
        scale = 1.0 / self.context_length if std is None else std
        return rng.normal(0.0, scale, self.parameter_count)

    def unpack(self, theta: Array) -> tuple[Array, Array]:
        """Views (E, W) of theta, of shapes (V, H) and (V, M, H).

        Raises:
            SettingsError: theta does not have the model's number of parameters.
        """
        if theta.shape != (self.parameter_count,):
            raise SettingsError(
                f"The parameters have shape {theta.shape}, the model needs "
                f"({self.parameter_count},): they belong to another model."
            )
        v, m, h = self.vocabulary_size, self.context_length, self.embedding_size
        return theta[: v * h].reshape(v, h), theta[v * h :].reshape(v, m, h)

    def logit_tables(self, theta: Array) -> Array:
        """What each character at each position adds to each target's logit; (M, V, V).

        Entry [m, v, c] is E[v] . W[c, m], so a logit is a sum of M table rows.
        """
        embeddings, outputs = self.unpack(theta)
        return np.matmul(embeddings, outputs.transpose(1, 2, 0))

    def logits(self, theta: Array, contexts: NDArray[np.integer]) -> Array:
        """Logits of every next character after each context; (n, M) codes -> (n, V)."""
        tables = self.logit_tables(theta)
        logits: Array = tables[0][contexts[:, 0]]
        for position in range(1, self.context_length):
            logits += tables[position][contexts[:, position]]
        return logits

    def log_probabilities(self, theta: Array, contexts: NDArray[np.integer]) -> Array:
        """Natural log of `probabilities`; (n, V)."""
        from scipy.special import log_softmax  # takes a tenth of a second: not at start-up

        return log_softmax(self.logits(theta, contexts), axis=1)

    def probabilities(self, theta: Array, contexts: NDArray[np.integer]) -> Array:
        """Probability of every next character after each context; (n, M) codes -> (n, V)."""
        return np.exp(self.log_probabilities(theta, contexts))
