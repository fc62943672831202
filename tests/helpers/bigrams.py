"""Small families of models that only tests have: what everything else must get along with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from model.cost import Cost, TextSize
from model.dealing import deal
from model.families.base import Block, Codes
from model.families.registry import Family
from model.families.windows import WindowReader
from model.ngrams import NgramTable
from model.parts import WeightedSum

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bigrams:
    """A logit for every pair of characters and one bias for all: theta = [bias, table (V, V)].

    Only the last character counts, whatever the context length. An unknown one predicts evenly.
    """

    vocabulary_size: int
    context_length: int
    slope: float = 1.0

    @property
    def family(self) -> str:
        return "bigrams"

    @property
    def embedding_size(self) -> int:
        return self.vocabulary_size

    @property
    def parameter_count(self) -> int:
        return 1 + self.vocabulary_size**2

    def initial(self, rng: np.random.Generator) -> Array:
        return rng.normal(0, 0.1, self.parameter_count)

    def table(self, theta: Array) -> Array:
        return theta[1:].reshape(self.vocabulary_size, -1)

    def embeddings(self, theta: Array) -> Array:
        return self.table(theta)

    def blocks(self, theta: Array) -> Sequence[Block]:
        # The columns are those of targets.
        return Block(theta[:1], "shared"), Block(self.table(theta).T, "target")

    def predictor(self, theta: Array) -> BigramPredictor:
        return BigramPredictor(self, theta)

    def objective(self, table: NgramTable) -> BigramObjective:
        return BigramObjective(self, table)

    def sum_objective(
        self, table: NgramTable, parts: int, seed: int, *, noise: bool = False
    ) -> WeightedSum:
        return WeightedSum(
            [BigramObjective(self, table.select(rows)) for rows in deal(table, parts, seed)]
        )

    def cost(self, text: TextSize) -> Cost:
        contexts = text.contexts
        return Cost(self.parameter_count, contexts, 1e-6 * contexts, 100 * contexts)


class BigramPredictor:
    """The pairs' probabilities."""

    needs_only_windows = True

    def __init__(self, model: Bigrams, theta: Array) -> None:
        self.vocabulary_size, self.context_length = model.vocabulary_size, model.context_length
        unknown = np.zeros((1, model.vocabulary_size))
        self._log_p = log_softmax(
            model.slope * np.vstack([model.table(theta), unknown]) + theta[0], axis=1
        )

    def log_probabilities(self, contexts: Codes) -> Array:
        return self._log_p[contexts[:, -1]]

    def reader(self, codes: Sequence[int] = ()) -> WindowReader:
        return WindowReader(self, codes)


class BigramObjective:
    """The mean loss of a table."""

    def __init__(self, model: Bigrams, table: NgramTable) -> None:
        self.positions = float(table.positions)
        self._model = model
        ngrams, counts = table.ngrams()
        self._counts = np.zeros((model.vocabulary_size, model.vocabulary_size))
        np.add.at(self._counts, (ngrams[:, -2], ngrams[:, -1]), counts)

    def value(self, theta: Array) -> float:
        return self.value_and_gradient(theta)[0]

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        slope = self._model.slope
        log_p = log_softmax(slope * self._model.table(theta), axis=1)
        value = -(self._counts * log_p).sum() / self.positions
        expected = np.exp(log_p) * self._counts.sum(axis=1, keepdims=True)
        gradient = slope * (expected - self._counts) / self.positions
        return float(value), np.concatenate([[0.0], gradient.ravel()])


BIGRAMS = Family("bigrams", ("slope",), Bigrams)


class Popularity:
    """A predictor that needs the whole text: it favours what came most often so far."""

    needs_only_windows = False
    context_length = 2

    def __init__(self, vocabulary_size: int) -> None:
        self.vocabulary_size = vocabulary_size

    def log_probabilities(self, contexts: Codes) -> Array:
        return np.stack([self.reader(context.tolist()).log_probabilities() for context in contexts])

    def reader(self, codes: Sequence[int] = ()) -> CountingReader:
        reader = CountingReader(self.vocabulary_size)
        for code in codes:
            reader.read(code)
        return reader


class CountingReader:
    """Each character once more than it was read."""

    def __init__(self, vocabulary_size: int) -> None:
        self._counts = np.ones(vocabulary_size + 1)

    def log_probabilities(self) -> Array:
        known = self._counts[:-1]
        return np.log(known / known.sum())

    def read(self, code: int) -> None:
        self._counts[code] += 1
