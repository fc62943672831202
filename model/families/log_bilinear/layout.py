"""How the parameters of a log-bilinear model lie in its flat vector theta."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Layout:
    """Sizes, and theta = [E.ravel(), W.ravel()].

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
