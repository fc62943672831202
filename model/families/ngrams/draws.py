"""Drawing single characters from a counting model without making a distribution.

An interpolated model is a mixture: with probability 1 - rest the longest known context speaks for
itself, otherwise the next shorter one does, and so on. So a character is drawn in a few steps down
the tree of contexts, whatever the size of the vocabulary.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from model.families.ngrams.smoothing import SmoothedLevel

Array = NDArray[np.float64]

BELOW_ONE = float(np.nextafter(1.0, 0.0))


class NgramDraws:
    """A smoothed model, ready to draw from.

    Args:
        levels: smoothed contexts of 0 to order - 1 characters.
        tables: (C, V) whole rows of the first levels, at least of the first.
        vocabulary_size: V.
    """

    def __init__(
        self, levels: Sequence[SmoothedLevel], tables: Sequence[Array], vocabulary_size: int
    ) -> None:
        self._size, self._tables = vocabulary_size, tables
        # Of all levels that are no tables, one after another: they are read in one go.
        sparse = levels[len(tables) :]
        self._following = np.concatenate([np.empty(0, np.int32), *(x.following for x in sparse)])
        self._each = np.concatenate([np.empty(0), *(x.shares for x in sparse)])
        sizes = [len(level.following) for level in sparse]
        self._offsets = [0] * len(tables) + [sum(sizes[:j]) for j in range(len(sizes))]
        self._rests = [np.ascontiguousarray(level.rest).data for level in levels]
        # Memory views: their entries are Python's numbers at once, and nothing is copied.
        self._longer = []
        for shorter, level in pairwise(levels):
            parents = np.arange(len(shorter.keys) + 1) * vocabulary_size
            first = np.searchsorted(level.keys, parents).astype(np.int32)
            self._longer.append((first.data, np.ascontiguousarray(level.keys).data))
        self._shares = []
        for level in levels:
            starts = level.starts.astype(np.int64)
            ends_at = np.append(0.0, np.cumsum(level.shares))
            lengths = np.diff(starts)
            # Within each context: what it and those before it have together.
            within = ends_at[1:] - np.repeat(ends_at[starts[:-1]], lengths)
            following = np.ascontiguousarray(level.following)
            self._shares.append((starts.data, following.data, within.data))

    def find(self, context: Sequence[int]) -> list[int]:
        """Numbers of the known contexts at the end of some codes, from that of none on."""
        size, number = self._size, 0
        numbers = [0]
        for (first, keys), code in zip(self._longer, reversed(context), strict=False):
            if code >= size:
                break
            wanted, high = number * size + code, first[number + 1]
            number = bisect_left(keys, wanted, first[number], high)
            if number == high or keys[number] != wanted:
                break
            numbers.append(number)
        return numbers

    def rows(self, found: Sequence[Sequence[int]]) -> tuple[Array, NDArray[np.int64], Array]:
        """As `NgramPredictor.probabilities`, after contexts that `find` found."""
        last = len(self._tables) - 1
        p = np.empty((len(found), self._size))
        starts, lengths, weights, scales, cells = [], [], [], [], []
        for i, numbers in enumerate(found):
            scale = 1.0
            for j in range(len(numbers) - 1, last, -1):
                bounds, number = self._shares[j][0], numbers[j]
                start = bounds[number]
                starts.append(start + self._offsets[j])
                lengths.append(bounds[number + 1] - start)
                weights.append(scale)
                cells.append(i * self._size)
                scale *= self._rests[j][number]
            scales.append(scale)
            level = min(len(numbers) - 1, last)
            p[i] = self._tables[level][numbers[level]]
        p *= np.array(scales)[:, None]
        if starts:
            each = np.array(lengths)
            ends = each.cumsum()
            at = np.arange(ends[-1]) + np.repeat(np.array(starts) - ends + each, each)
            where = np.repeat(cells, each) + self._following[at]
            shares = np.repeat(weights, each) * self._each[at]
            p += np.bincount(where, shares, minlength=p.size).reshape(p.shape)
        depths = np.array([len(numbers) - 1 for numbers in found])
        rests = np.array([self._rests[len(n) - 1][n[-1]] for n in found])
        return p, depths, rests

    def draw(self, numbers: Sequence[int], uniform: float) -> tuple[int, float]:
        """A character after a context that `find` found, by a number from [0, 1).

        Returns:
            Its code, and what is left of the number: uniform in [0, 1) again, whatever the code.
        """
        for level in range(len(numbers) - 1, -1, -1):
            starts, following, within = self._shares[level]
            start, stop = starts[numbers[level]], starts[numbers[level] + 1]
            if start == stop:
                continue
            own = within[stop - 1]
            if uniform < own:
                at = bisect_right(within, uniform, start, stop)
                low = within[at - 1] if at > start else 0.0
                return following[at], min((uniform - low) / (within[at] - low), BELOW_ONE)
            uniform = min((uniform - own) / (1.0 - own), BELOW_ONE) if own < 1.0 else BELOW_ONE
        code = int(uniform * self._size)
        return code, uniform * self._size - code
