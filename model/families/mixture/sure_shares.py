"""What of a draft from the counts of a mixture stands, whatever the other part would say.

A drafted character c stands where a number from [0, 1) is below g + (1 - g) q(c) / p(c), with the
counts' p, the other part's q and the gate's g. Before q is known, it may be anything; but the less
it agrees with p, the more the gate has to say about that, and the more it agrees, the less it
matters what the gate says. With t the distance of both in total variation, so that the overlap is
1 - t: q(c) is p(c) - t at the least, the peak of q lies within t of that of p, and an entropy is
bounded by the peak. The least over all t of what follows stands for sure.

Of the characters that stand with the best preset's network on 1 MB of text, 43 in 100 stand so, and
the network need not be asked about them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.families.mixture.gate import Gate, sigmoid
from model.families.ngrams.sureness import Sureness

Array = NDArray[np.float64]

# Twice as many cells of each kind would let 1 in 100 more characters stand.
_LOWEST, _CELLS_OF_ONE, _CELLS_OF_BASES = -8.0, 5, 100
_CELLS = 16  # of peaks and of probabilities
_BASES = np.append(-np.inf, _LOWEST + np.arange(_CELLS_OF_BASES + 1) / _CELLS_OF_ONE)
_ENDS = np.linspace(0.0, 1.0, _CELLS + 1)
_DISTANCES = np.linspace(0.0, 1.0, 41)
_PEAKS_OF_OTHER = 200
_IMPOSSIBLE = 1e6  # so near no other part can be: there are too few characters
_ROUNDING = 1e-6  # more than single precision can be wrong by


class SureShares:
    """Shares of drafted characters that stand for sure.

    Args:
        gate: of the mixture.
        sureness: of its counts.
        vocabulary_size: V.

    Attributes:
        bases: (C,) of every known context, what the counts alone add up to before the gate.
    """

    def __init__(self, gate: Gate, sureness: Sureness, vocabulary_size: int) -> None:
        self.bases = gate.bases(sureness)
        rows = ((self.bases - (_LOWEST - 1.0 / _CELLS_OF_ONE)) * _CELLS_OF_ONE).clip(
            0, len(_BASES) - 1
        )
        rows = rows.astype(np.int32) * _CELLS + _cells(sureness.peaks)
        # Memory views: their entries are Python's numbers at once.
        self._rows = (rows * _CELLS).data
        self._columns = _cells(sureness.probabilities).data
        self._table = _table(gate, vocabulary_size).ravel().data

    def of_context(self, number: int) -> float:
        """Of any character drafted after the context of a number."""
        return self._table[self._rows[number]]

    def of_gram(self, number: int, gram: int) -> float:
        """Of a character that has followed this context itself, by the number of both together."""
        return self._table[self._rows[number] + self._columns[gram]]


def _cells(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.int8]:
    return (probabilities * _CELLS).clip(0, _CELLS - 1).astype(np.int8)


def _table(gate: Gate, vocabulary_size: int) -> Array:
    """Shares by what the counts add up to, by their peak, and by the character's probability.

    Of every cell the least: bases and probabilities are at the lower ends of theirs. The first
    bases are those below all cells, after which nothing is sure.
    """
    farthest = _DISTANCES[1:]
    other = _least_of_other(gate, vocabulary_size)
    least = sigmoid(_BASES[:, None, None] + other)  # (bases, peaks, distances)
    least_beside = 1.0 - least
    shares = np.empty((len(_BASES), _CELLS, _CELLS))
    for i, probability in enumerate(_ENDS[:-1]):
        agreed = np.maximum(probability - farthest, 0.0) / max(probability, _ENDS[1])
        shares[:, :, i] = (least + least_beside * agreed).min(axis=2)
    return np.maximum(shares - _ROUNDING, 0.0)


def _least_of_other(gate: Gate, vocabulary_size: int) -> Array:
    """The least the other part can add before the gate, by the counts' peak and by distance."""
    entropy, peak, overlap, same = gate.of_other
    low, high = _peaks_of_other(vocabulary_size)
    by_peak = entropy * (
        _least_entropy(high) if entropy > 0 else _most_entropy(low, vocabulary_size)
    )
    by_peak += peak * np.log(low if peak > 0 else high)
    nearest, farthest = _DISTANCES[:-1], _DISTANCES[1:]
    from_below = (_ENDS[:-1, None] - farthest)[:, :, None] <= high
    from_above = (_ENDS[1:, None] + farthest)[:, :, None] >= low
    least = np.where(from_below & from_above, by_peak, _IMPOSSIBLE).min(axis=2)
    least += overlap * (1.0 - (farthest if overlap > 0 else nearest))
    return least + min(same, 0.0)


def _peaks_of_other(vocabulary_size: int) -> tuple[Array, Array]:
    """Lower and upper ends of intervals that peaks of a distribution may lie in."""
    ends = np.geomspace(1.0 / vocabulary_size, 1.0, _PEAKS_OF_OTHER)
    ends[-1] = 1.0
    return ends[:-1], ends[1:]


def _least_entropy(peaks: Array) -> Array:
    """Of distributions with these peaks: as many characters as possible have that much."""
    whole = np.floor(1.0 / peaks)
    rest = np.maximum(1.0 - whole * peaks, 0.0)
    return -whole * _x_log_x(peaks) - _x_log_x(rest)


def _most_entropy(peaks: Array, vocabulary_size: int) -> Array:
    """Of distributions with these peaks: all other characters have equally much."""
    rest = np.maximum(1.0 - peaks, 0.0)
    return rest * np.log(vocabulary_size - 1) - _x_log_x(peaks) - _x_log_x(rest)


def _x_log_x(x: Array) -> Array:
    return x * np.log(np.maximum(x, 1e-300))
