"""N-grams before a text is counted: what is known of them then, without loading what counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np
from numpy.typing import NDArray

from model.cost import Cost, TextSize
from model.errors import SettingsError
from model.families.base import Block
from model.families.ngrams.cost import ngram_cost
from model.families.ngrams.limits import AUTO, LONGEST, Smoothing

if TYPE_CHECKING:
    from model.families.ngrams.model import NgramModel
    from model.ngrams import NgramTable
    from model.running_text import RunningText

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NgramShape:
    """What a person chose about n-grams. `on` a training text it becomes a model.

    Attributes:
        vocabulary_size: V, at least 2.
        order: length of the longest n-grams, 1 to 10, or 0 for the best one of the text.
        smoothing: "kneser-ney" or "witten-bell".
        embedding_size: H, columns of what the plane shows.
    """

    vocabulary_size: int
    order: int = AUTO
    smoothing: Smoothing = "kneser-ney"
    embedding_size: int = 5

    family = "n-grams"
    parameter_count = 0

    @property
    def context_length(self) -> int:
        """M, one less than the order, at least 1; as long as it may become for the best order."""
        return max(1, (self.order or LONGEST) - 1)

    def on(self, training: RunningText) -> NgramModel:
        """The model of a training text. Raises SettingsError if it is too short."""
        from model.families.ngrams.model import NgramModel  # with scipy: not at start-up

        return NgramModel.fitted(
            training,
            order=self.order,
            smoothing=self.smoothing,
            embedding_size=self.embedding_size,
        )

    def initial(self, rng: np.random.Generator) -> Array:
        """No parameters; (0,)."""
        return np.empty(0)

    def blocks(self, theta: Array) -> Sequence[Block]:
        """None: there are no parameters."""
        return ()

    def cost(self, text: TextSize) -> Cost:
        """What counting takes, and one evaluation of the loss of so many contexts."""
        return ngram_cost(text)

    def embeddings(self, theta: Array) -> NoReturn:
        """Raises SettingsError, as all that needs counts."""
        raise _uncounted()

    def predictor(self, theta: Array) -> NoReturn:
        """Raises SettingsError, as all that needs counts."""
        raise _uncounted()

    def objective(self, table: NgramTable) -> NoReturn:
        """Raises SettingsError, as all that needs counts."""
        raise _uncounted()

    def sum_objective(
        self, table: NgramTable, parts: int, seed: int, *, noise: bool = False
    ) -> NoReturn:
        """Raises SettingsError, as all that needs counts."""
        raise _uncounted()


def make(
    vocabulary_size: int,
    _: int,
    *,
    order: int = AUTO,
    smoothing: Smoothing = "kneser-ney",
    embedding_size: int = 5,
) -> NgramShape:
    """A shape for the registry; the order says how long n-grams are, not a context length."""
    return NgramShape(vocabulary_size, order, smoothing, embedding_size)


def _uncounted() -> SettingsError:
    return SettingsError("N-grams know nothing before a text is counted: put them `on` one.")
