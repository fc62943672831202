"""The family of counting models: a shape without parameters, filled by counting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from model.cost import Cost, TextSize
from model.dealing import deal
from model.errors import SettingsError
from model.families.base import Block, Objective, SumObjective
from model.families.ngrams.cost import ngram_cost
from model.families.ngrams.limits import AUTO, LONGEST, Smoothing
from model.families.ngrams.neighbours import neighbour_vectors
from model.families.ngrams.order import best_order
from model.families.ngrams.predictor import NgramPredictor
from model.ngrams import NgramTable
from model.parts import WeightedSum
from model.running_text import RunningText

Array = NDArray[np.float64]
IntArray = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class NgramModel:
    """N-grams counted in a training text: nothing to train, D is 0.

    Make one with `fitted`.

    Attributes:
        counted: the predictor, the same at all parameters.
        vectors: (V, H) what the plane shows: see `neighbour_vectors`.
        smoothing: of the counts.
    """

    counted: NgramPredictor
    vectors: Array
    smoothing: Smoothing

    family = "n-grams"
    parameter_count = 0

    @classmethod
    def fitted(
        cls,
        text: RunningText,
        *,
        order: int = AUTO,
        smoothing: Smoothing = "kneser-ney",
        embedding_size: int = 2,
    ) -> Self:
        """Count a training text.

        Args:
            text: the training text, with a reach of order - 1 at least.
            order: length of the longest n-grams, 1 to 10, or 0 for the best: see `best_order`.
            smoothing: "kneser-ney" or "witten-bell".
            embedding_size: H, at least 1.

        Raises:
            SettingsError: an argument is out of range, or the text is empty or too short.
        """
        if order == AUTO:
            longest = min(LONGEST, max(1, len(text) - 1))
            order = best_order(text, smoothing, longest)
        if not 1 <= order <= LONGEST:
            raise SettingsError(f"The order is {order}: choose 1 to {LONGEST}, or 0 for the best.")
        if embedding_size < 1:
            raise SettingsError(f"The embedding size is {embedding_size}: it must be at least 1.")
        return cls(
            NgramPredictor.from_text(text, order, smoothing),
            neighbour_vectors(text, embedding_size),
            smoothing,
        )

    def on(self, training: RunningText) -> NgramModel:
        """The same order of another text. Raises SettingsError if it is empty."""
        return NgramModel.fitted(
            training,
            order=self.counted.order,
            smoothing=self.smoothing,
            embedding_size=self.embedding_size,
        )

    @property
    def vocabulary_size(self) -> int:
        """V, at least 2."""
        return self.counted.vocabulary_size

    @property
    def context_length(self) -> int:
        """M, at least 1: one less than the order."""
        return self.counted.context_length

    @property
    def embedding_size(self) -> int:
        """H, columns of `embeddings`."""
        return self.vectors.shape[1]

    def initial(self, rng: np.random.Generator) -> Array:
        """No parameters; (0,)."""
        return np.empty(0)

    def embeddings(self, theta: Array) -> Array:
        """One vector a character, from its neighbours in the training text; (0,) -> (V, H)."""
        return self.vectors

    def blocks(self, theta: Array) -> Sequence[Block]:
        """None: there are no parameters."""
        return ()

    def predictor(self, theta: Array) -> NgramPredictor:
        """The counts, which no parameter changes."""
        return self.counted

    def objective(self, table: NgramTable) -> Objective:
        """The loss of a counted text, constant; contexts of any length will do.

        Raises:
            SettingsError: the table has another vocabulary.
        """
        return NgramObjective(self.counted, table)

    def sum_objective(
        self, table: NgramTable, parts: int, seed: int, *, noise: bool = False
    ) -> SumObjective:
        """The same loss as a sum of parts of nearly equal weight; see `Model`."""
        return WeightedSum(
            [self.objective(table.select(rows)) for rows in deal(table, parts, seed)]
        )

    def cost(self, text: TextSize) -> Cost:
        """What counting takes, and one evaluation of the loss of so many contexts."""
        return ngram_cost(text)


class NgramObjective:
    """Mean negative log likelihood of a counted text under fixed counts, in nats per character."""

    def __init__(self, counted: NgramPredictor, table: NgramTable) -> None:
        if table.vocabulary_size != counted.vocabulary_size:
            raise SettingsError(
                f"The table has a vocabulary of {table.vocabulary_size}, the model one of "
                f"{counted.vocabulary_size}: count the text with the model's vocabulary."
            )
        grams, counts = table.ngrams()
        self.positions = float(counts.sum())
        surprises = -counted.log_probabilities_of(grams[:, :-1], grams[:, -1])
        self._value = float(counts @ surprises) / self.positions

    def value(self, theta: Array) -> float:
        """The loss, whatever the (0,) parameters."""
        return self._value

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The loss, and a gradient of no entries, (0,)."""
        return self._value, np.zeros(0)
