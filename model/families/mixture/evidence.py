"""What counts say of characters that they do without: all of a gate's evidence but the other part.

No parameters change it, so it is found once for a text, and a gate is fitted to any parameters in
a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from model.families.base import Codes, Predictor
from model.families.mixture.gate import Gate, gate_features
from model.families.ngrams.predictor import NgramPredictor

Array = NDArray[np.float64]
IntArray = NDArray[np.integer]

_AT_ONCE = 2048  # contexts


@dataclass(frozen=True, eq=False)
class Evidence:
    """Distributions of counts at some positions of a text, and the characters that came there.

    Attributes:
        targets: (k,) the characters that came.
        probabilities: (k, V) of the counts.
        depths: (k,) how many characters of each context the counts have seen in this order.
        rests: (k,) the probability that such a context leaves to shorter ones.
        deepest: the largest depth possible.
    """

    targets: IntArray
    probabilities: Array
    depths: IntArray
    rests: Array
    deepest: int

    @classmethod
    def of(cls, ngrams: NgramPredictor, windows: Codes, targets: IntArray) -> Self:
        """What n-grams say after windows, (k, M), of the characters that came, (k,)."""
        return cls(targets, *ngrams.probabilities(windows), ngrams.order - 1)

    @classmethod
    def joined(cls, pieces: Sequence[Evidence]) -> Self:
        """One after another; at least one."""
        return cls(
            np.concatenate([piece.targets for piece in pieces]),
            np.concatenate([piece.probabilities for piece in pieces]),
            np.concatenate([piece.depths for piece in pieces]),
            np.concatenate([piece.rests for piece in pieces]),
            pieces[0].deepest,
        )

    @property
    def of_targets(self) -> Array:
        """What the counts gave to the characters that came; (k,)."""
        return self.probabilities[np.arange(len(self.targets)), self.targets]

    def gate(self, other: Array) -> Gate:
        """A gate between the counts and another part.

        Args:
            other: (k, V) its probabilities at the same positions.
        """
        features = np.vstack(list(self._features(other)))
        return Gate.fitted(features, self.of_targets, self._at_targets(other))

    def mixed(self, other: Array, gate: Gate) -> Array:
        """What the mixture with another part, (k, V), gives to the characters that came; (k,)."""
        shares = np.concatenate([gate.shares(features) for features in self._features(other)])
        return shares * self.of_targets + (1.0 - shares) * self._at_targets(other)

    def _features(self, other: Array) -> Iterator[Array]:
        for start in range(0, len(self.targets), _AT_ONCE):
            at = slice(start, start + _AT_ONCE)
            yield gate_features(
                self.probabilities[at], other[at], self.depths[at], self.rests[at], self.deepest
            )

    def _at_targets(self, other: Array) -> Array:
        return other[np.arange(len(self.targets)), self.targets]


def probabilities_after(predictor: Predictor, windows: Codes) -> Array:
    """Probabilities after windows that may be longer than a predictor's; (k, M) -> (k, V)."""
    return np.exp(predictor.log_probabilities(windows[:, -predictor.context_length :]))
