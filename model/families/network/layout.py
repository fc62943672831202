"""What a network's parameters are, and where in the flat vector theta they stand.

    x = E[x_1] ... E[x_M]                      concatenated embeddings, (M*H,)
    h_1 = f(W_1 x + b_1), h_l = f(W_l h_l-1 + b_l)
    logits = U h_L + c + D x                   D: direct connections, if there are any

Every matrix is laid out (out, in), so that output units, and with them target characters, are on
axis 0. Without hidden units this would be the log-bilinear model, D being its output vectors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]
A = TypeVar("A", bound=Floats)
A_co = TypeVar("A_co", bound=Floats, covariant=True)

MOST_LAYERS = 3
BLOCK_ROWS = 1024  # evaluated at once: activations are a few megabytes, and products efficient
ACTIVATIONS = ("relu", "tanh")


@dataclass(frozen=True, eq=False)
class Weights(Generic[A_co]):
    """The parameters, or their gradient, by what they are: views into one flat vector.

    Attributes:
        embeddings: E, (V, H).
        first: W_1, (hidden, M, H): from the embeddings of all context positions.
        deeper: W_2 and so on, (hidden, hidden) each.
        direct: D, (V, M, H): from the embeddings to the logits; None where there are none.
        outputs: U, (V, hidden): from the last hidden layer to the logits.
        biases: b_1 and so on, (hidden,) each.
        output_bias: c, (V,).
    """

    embeddings: A_co
    first: A_co
    deeper: tuple[A_co, ...]
    direct: A_co | None
    outputs: A_co
    biases: tuple[A_co, ...]
    output_bias: A_co


@dataclass(frozen=True)
class Layout:
    """Sizes of a network, and its parameters as one flat vector theta.

    Theta is E, W_1, W_2 ..., D, U, b_1, b_2 ..., c, in this order: all that weight decay is for
    stands together, behind the embeddings and before the biases.

    Attributes:
        vocabulary_size: V, the number of different characters, at least 2.
        context_length: M, how many characters the model sees, at least 1.
        embedding_size: H, components of a character's embedding, at least 1.
        hidden: units in each hidden layer, at least 1.
        layers: hidden layers, from 1 to 3.
        activation: of hidden units, "relu" or "tanh".
        dropout: the share of hidden activations set to zero in training, from 0 to below 1.
        direct: whether embeddings are connected with the logits, too.

    Raises:
        SettingsError: a setting is out of range.
    """

    vocabulary_size: int
    context_length: int
    embedding_size: int
    hidden: int = 512
    layers: int = 1
    activation: Literal["relu", "tanh"] = "relu"
    dropout: float = 0.0
    direct: bool = True

    def __post_init__(self) -> None:
        for name, least in (
            ("vocabulary_size", 2),
            ("context_length", 1),
            ("embedding_size", 1),
            ("hidden", 1),
        ):
            value = getattr(self, name)
            if value < least:
                label = "number of hidden units" if name == "hidden" else name.replace("_", " ")
                raise SettingsError(f"The {label} is {value}: it must be at least {least}.")
        if not 1 <= self.layers <= MOST_LAYERS:
            raise SettingsError(
                f"The number of hidden layers is {self.layers}: choose from 1 to {MOST_LAYERS}."
            )
        if self.activation not in ACTIVATIONS:
            raise SettingsError(
                f"The activation is {self.activation!r}: choose one of {', '.join(ACTIVATIONS)}."
            )
        if not 0 <= self.dropout < 1:
            raise SettingsError(f"The dropout is {self.dropout}: it must be from 0 to below 1.")

    @property
    def parameter_count(self) -> int:
        """D, the length of theta."""
        return self._places[-1][0].stop

    @property
    def decayed(self) -> slice:
        """The part of theta that weight decay is for: all matrices but the embeddings."""
        start = self.vocabulary_size * self.embedding_size
        return slice(start, self.parameter_count - self.layers * self.hidden - self.vocabulary_size)

    def weights(self, flat: A) -> Weights[A]:
        """Views into a flat vector of parameters or of their gradient, (D,).

        Raises:
            SettingsError: it does not have the model's number of parameters.
        """
        if flat.shape != (self.parameter_count,):
            raise SettingsError(
                f"The parameters have shape {flat.shape}, the model needs "
                f"({self.parameter_count},): they belong to another model."
            )
        views: list[A] = [flat[place].reshape(shape) for place, shape in self._places]  # type: ignore[misc]
        embeddings, first, *views = views
        deeper, views = views[: self.layers - 1], views[self.layers - 1 :]
        direct = views.pop(0) if self.direct else None
        outputs, *biases, output_bias = views
        return Weights(
            embeddings, first, tuple(deeper), direct, outputs, tuple(biases), output_bias
        )

    @cached_property
    def _places(self) -> list[tuple[slice, tuple[int, ...]]]:
        """Where each array stands in theta, and its shape."""
        v, m, h, n = self.vocabulary_size, self.context_length, self.embedding_size, self.hidden
        shapes: list[tuple[int, ...]] = [
            (v, h),
            (n, m, h),
            *[(n, n)] * (self.layers - 1),
            *[(v, m, h)] * self.direct,
            (v, n),
            *[(n,)] * self.layers,
            (v,),
        ]
        ends = [0, *accumulate(math.prod(shape) for shape in shapes)]
        return [(slice(a, b), shape) for (a, b), shape in zip(pairwise(ends), shapes, strict=True)]


def with_unknown(embeddings: A) -> A:
    """Embeddings of all codes, a character outside the vocabulary included; (V, H) -> (V + 1, H).

    The code V stands for it, and its embedding is the mean of all others: what is known of a
    character of which nothing is known.
    """
    mean = embeddings.mean(axis=0, keepdims=True)
    return np.concatenate([embeddings, mean])  # type: ignore[return-value]
