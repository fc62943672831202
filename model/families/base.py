"""What a family of models is to everything else: the protocols that all work goes through.

A `Model` is a shape: it knows how many parameters there are and what they mean, and holds none.
Parameters are one flat vector theta, float64, that optimizers move. At some theta a `Predictor`
gives probabilities, and a `Reader` gives them one character after another. An `Objective` is the
loss of a counted text as a function of theta.

Shapes are written with V (vocabulary), M (context length), H (embedding size), D (parameters).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from model.parts import Objective, SumObjective

if TYPE_CHECKING:
    from model.cost import Cost, TextSize
    from model.ngrams import NgramTable
    from model.running_text import RunningText

__all__ = [
    "Block",
    "Codes",
    "FirstOrderAdvice",
    "Model",
    "NeedsText",
    "Objective",
    "Predictor",
    "Reader",
    "ReadsAlong",
    "SumObjective",
    "block_names",
    "on_text",
]

Array = NDArray[np.float64]
Codes = NDArray[np.integer]


class Reader(Protocol):
    """A predictor that moves along a text: it is asked, then told what came."""

    def log_probabilities(self) -> Array:
        """Natural logarithms of the probabilities of what comes next; (V,)."""
        ...

    def read(self, code: int) -> None:
        """Move on by one character; the code V stands for one outside the vocabulary."""
        ...


class Predictor(Protocol):
    """A model at fixed parameters."""

    @property
    def vocabulary_size(self) -> int:
        """V, at least 2."""
        ...

    @property
    def context_length(self) -> int:
        """M, at least 1: how many characters a window has."""
        ...

    @property
    def needs_only_windows(self) -> bool:
        """Whether the last M characters are all it looks at.

        Then windows may be asked for in any order and their answers be cached; otherwise only a
        reader, fed from the beginning of the text, gives its true answers.
        """
        ...

    def log_probabilities(self, contexts: Codes) -> Array:
        """Natural logarithms of the probabilities of every next character; (n, M) -> (n, V).

        Args:
            contexts: (n, M) codes; V stands for a character outside the vocabulary or before the
                beginning of the text.
        """
        ...

    def reader(self, codes: Sequence[int] = ()) -> Reader:
        """A reader that has read these codes, of any number."""
        ...


@dataclass(frozen=True, eq=False)
class Block:
    """A part of the parameters, as a view into theta.

    Attributes:
        values: a view; where it belongs to characters these are on axis 0, (V, ...).
        decays: whether weight decay is meant for it: matrices, not embeddings nor biases.
        role: "context" for parameters of characters that stand in contexts, "target" for those of
            characters that are predicted, "shared" for what belongs to no character.
        name: what people call it; empty where its role says enough.
    """

    values: Array
    role: Literal["context", "target", "shared"]
    decays: bool = False
    name: str = ""


@dataclass(frozen=True)
class FirstOrderAdvice:
    """What suits a family where Adam or SGD train it and nobody chose otherwise.

    Attributes:
        batch: positions in a mini-batch; 0 for the whole text at every step.
        learning_rate: 0 for the optimizer's own.
        weight_decay: of the blocks that are meant for it.
        long_text: positions from which on a mini-batch is twice as large.
    """

    batch: int = 0
    learning_rate: float = 0.0
    weight_decay: float = 0.0
    long_text: float = math.inf

    def on(self, positions: float, batch: int = 0) -> FirstOrderAdvice:
        """The same for a text of so many positions.

        Args:
            positions: that are trained on.
            batch: what somebody chose; 0 for what suits the text. The learning rate goes with its
                square root (Krizhevsky, One weird trick for parallelizing convolutional neural
                networks, arXiv:1404.5997, section 5).
        """
        if not self.batch:
            return self
        suited = 2 * self.batch if positions >= self.long_text else self.batch
        batch = batch or suited
        return replace(
            self, batch=batch, learning_rate=self.learning_rate * math.sqrt(batch / self.batch)
        )

    def parts(self, positions: float) -> int:
        """How many mini-batches a text of so many positions is dealt out to."""
        return max(1, round(positions / self.batch)) if self.batch else 1


def block_names(blocks: Sequence[Block]) -> tuple[str, ...]:
    """Names of all blocks, each of its own: those that have none, or share one, are numbered.

    >>> block_names([Block(np.zeros(2), "target"), Block(np.zeros(2), "target", name="output")])
    ('target', 'output')
    """
    names = [block.name or block.role for block in blocks]
    return tuple(
        f"{name} {names[:i].count(name) + 1}" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    )


class Model(Protocol):
    """The shape of a model: how many parameters there are, and what they mean."""

    @property
    def family(self) -> str:
        """The name under which its family is registered."""
        ...

    @property
    def vocabulary_size(self) -> int:
        """V, at least 2."""
        ...

    @property
    def context_length(self) -> int:
        """M, at least 1: how many characters a window has."""
        ...

    @property
    def embedding_size(self) -> int:
        """H, columns of `embeddings`."""
        ...

    @property
    def parameter_count(self) -> int:
        """D."""
        ...

    def initial(self, rng: np.random.Generator) -> Array:
        """Random parameters to begin with; (D,)."""
        ...

    def embeddings(self, theta: Array) -> Array:
        """One vector a character, what the plane shows; (D,) -> (V, H)."""
        ...

    def blocks(self, theta: Array) -> Sequence[Block]:
        """All of theta, cut up by what its parts belong to, as views."""
        ...

    def predictor(self, theta: Array) -> Predictor:
        """The model at these parameters, which are copied."""
        ...

    def objective(self, table: NgramTable) -> Objective:
        """The loss of a counted text.

        Raises:
            SettingsError: the table does not fit the model, or is empty.
        """
        ...

    def sum_objective(
        self, table: NgramTable, parts: int, seed: int, *, noise: bool = False
    ) -> SumObjective:
        """The same loss as a sum of parts of nearly equal weight.

        Args:
            table: the counted text.
            parts: how many, from 1 to the number of contexts.
            seed: of the drawing of which contexts go together, and of the noise.
            noise: whether parts may be noisy where a family has noise that keeps it from learning
                a text by heart, such as dropout. The whole never is.

        Raises:
            SettingsError: the table does not fit the model, or the number does not fit the table.
        """
        ...

    def cost(self, text: TextSize) -> Cost:
        """What one exact gradient of a text of this size takes, before it is built."""
        ...


@runtime_checkable
class NeedsText(Protocol):
    """The shape of a model that is complete only with the training text, as counts are."""

    def on(self, training: RunningText) -> Model:
        """The model of a training text. Raises SettingsError if it is too short."""
        ...


def on_text(model: Model, training: RunningText) -> Model:
    """A model as it is on a training text: counted, where its family counts.

    Raises:
        SettingsError: the text is too short to be counted.
    """
    return model.on(training) if isinstance(model, NeedsText) else model


@runtime_checkable
class ReadsAlong(Protocol):
    """A predictor with a memory longer than its window that can go along a known text at once."""

    @property
    def reach(self) -> int:
        """How many characters back it looks, at the most."""
        ...

    def log_probabilities_along(
        self, codes: NDArray[np.integer], before: NDArray[np.integer] | Sequence[int] = ()
    ) -> Array:
        """Natural logarithms of the probability of each character of a text, left to right; (n,).

        Args:
            codes: (n,) the text; what is outside the vocabulary, code V, has -inf.
            before: what was read before it; of more than `reach` characters the last are read.
        """
        ...
