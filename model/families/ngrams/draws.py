"""Drawing single characters from a counting model without making a distribution.

An interpolated model is a mixture: with probability 1 - rest the longest known context speaks for
itself, otherwise the next shorter one does, and so on. So a character is drawn in a few steps down
the tree of contexts, whatever the size of the vocabulary.

Here the contexts of all lengths are numbered in one row, shorter ones first, so that what is known
of each stands in one array whatever its length.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.families.ngrams.smoothing import SmoothedLevel

Array = NDArray[np.float64]

BELOW_ONE = float(np.nextafter(1.0, 0.0))
_SHORT = 3  # characters, the last one with them
_MOST_STEPS = 1 << 18  # remembered from context to context, about 60 MB


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
        self._size, self._levels_in_table = vocabulary_size, len(tables)
        self._table = np.concatenate(tables)
        sizes = [len(level.keys) for level in levels]
        ends = np.cumsum([0, *sizes])
        count = self._nothing = int(ends[-1])
        first = np.full(count + 1, count, dtype=np.int64)  # of the contexts one character longer
        last_codes = np.zeros(count, dtype=np.int32)
        for j, level in enumerate(levels[1:], start=1):
            parents = np.arange(sizes[j - 1]) * vocabulary_size
            first[ends[j - 1] : ends[j]] = ends[j] + np.searchsorted(level.keys, parents)
            last_codes[ends[j] : ends[j + 1]] = level.keys % vocabulary_size
        followers = np.cumsum([0, *(len(level.following) for level in levels)])
        starts = [
            np.asarray(level.starts[:-1], dtype=np.int64) + before
            for level, before in zip(levels, followers, strict=False)
        ]
        # One context more than there are: nothing follows it, and it leaves all to shorter ones.
        self._starts = np.concatenate([*starts, [followers[-1]] * 2])
        self._following = np.concatenate([level.following for level in levels])
        self._each = np.concatenate([level.shares for level in levels])
        self._rests = np.concatenate([*(level.rest for level in levels), [1.0]])
        # Within each context: what it and those before it have together.
        sums = np.append(0.0, np.cumsum(self._each))
        own = np.diff(self._starts)
        within = sums[1:] - np.repeat(sums[self._starts[:-1]], own)
        # Memory views: their entries are Python's numbers at once, and nothing is copied.
        self._first, self._last_codes = first.data, last_codes.data
        self._begins, self._codes = self._starts.data, self._following.data
        self._within = within.data
        self._order = len(levels)
        self._steps: dict[int, list[int]] = {}

    def find(self, context: Sequence[int]) -> list[int]:
        """Numbers of the known contexts at the end of some codes, from that of none on."""
        return self._deeper([0], context)

    def _deeper(self, numbers: list[int], context: Sequence[int]) -> list[int]:
        """All numbers for some codes, where those of the shorter contexts are found."""
        size, first, last_codes, number = self._size, self._first, self._last_codes, numbers[-1]
        numbers = numbers.copy()
        for code in context[-len(numbers) : -self._order : -1]:
            if code >= size:
                break
            low, high = first[number], first[number + 1]
            number = bisect_left(last_codes, code, low, high)
            if number == high or last_codes[number] != code:
                break
            numbers.append(number)
        return numbers

    def follow(self, numbers: list[int], code: int, context: Sequence[int]) -> list[int]:
        """As `find`, of a context that ends with a code after one that was found before.

        The longest known context and the code say which contexts are known then: whatever is known
        of a text is also known without its last character. So a step taken before is remembered.

        Args:
            numbers: found for all but the last of the codes.
            code: the last one, known.
            context: the codes.
        """
        step = numbers[-1] * self._size + code
        found = self._steps.get(step)
        if found is None:
            if len(self._steps) >= _MOST_STEPS:
                self._steps.clear()
            known = numbers[:_SHORT]
            if len(known) < len(numbers):
                # After so few characters most steps have been taken, whatever stands before.
                shorter = self.follow(known, code, context[-_SHORT:])
                found = shorter if len(shorter) <= _SHORT else self._deeper(shorter, context)
            else:
                found = self.find(context)
            self._steps[step] = found
        return found

    def rows(self, found: Sequence[list[int]]) -> Array:
        """Probabilities of all characters after contexts that `find` found; (n, V)."""
        # Of each the longest context that is in the table, and all longer ones.
        last, size = self._levels_in_table - 1, self._size
        padding = [self._nothing] * (self._order - 1 - last)
        numbers = np.array(
            [
                (known[last:] or known[-1:]) + padding[max(0, len(known) - 1 - last) :]
                for known in found
            ]
        )
        deep = numbers[:, 1:].ravel()
        rests = self._rests[numbers[:, 1:]]
        # What all longer contexts together leave to each.
        left = np.ones(numbers.shape)
        np.multiply.accumulate(rests[:, ::-1], axis=1, out=left[:, -2::-1])
        p = self._table[numbers[:, 0]]
        p *= left[:, :1]
        first = self._starts[deep]
        each = self._starts[deep + 1] - first
        ends = each.cumsum()
        if len(ends) and ends[-1]:
            which = np.repeat(np.arange(len(deep)), each)
            at = np.arange(ends[-1]) + (first - ends + each)[which]
            where = which // len(padding) * size + self._following[at]
            shares = left[:, 1:].ravel()[which] * self._each[at]
            p += np.bincount(where, shares, minlength=p.size).reshape(p.shape)
        return p

    def draw(self, numbers: Sequence[int], uniform: float) -> tuple[int, float, int, int]:
        """A character after a context that `find` found, by a number from [0, 1).

        Returns:
            Its code; what is left of the number: uniform in [0, 1) again, whatever the code; the
            number of the context that it was drawn after, and that of both together: all of them
            count the characters that follow contexts, in the order of those. Both are -1 where it
            followed none.
        """
        begins, within = self._begins, self._within
        for number in reversed(numbers):
            start, stop = begins[number], begins[number + 1]
            if start == stop:
                continue
            own = within[stop - 1]
            if uniform < own:
                at = bisect_right(within, uniform, start, stop)
                low = within[at - 1] if at > start else 0.0
                rest = min((uniform - low) / (within[at] - low), BELOW_ONE)
                return self._codes[at], rest, number, at
            uniform = min((uniform - own) / (1.0 - own), BELOW_ONE) if own < 1.0 else BELOW_ONE
        code = int(uniform * self._size)
        return code, uniform * self._size - code, -1, -1
