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

from model.families.ngrams.places import places
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
        self._size, self._table = vocabulary_size, np.concatenate(tables)
        sizes = [len(level.keys) for level in levels]
        ends = np.cumsum([0, *sizes])
        count = int(ends[-1])
        first = np.full(count + 1, count, dtype=np.int64)  # of the contexts one character longer
        shorter = np.zeros(count, dtype=np.int32)  # the context without the first character
        first_codes = np.zeros(count, dtype=np.int32)
        for j, level in enumerate(levels[1:], start=1):
            parents = np.arange(sizes[j - 1]) * vocabulary_size
            first[ends[j - 1] : ends[j]] = ends[j] + np.searchsorted(level.keys, parents)
            shorter[ends[j] : ends[j + 1]] = ends[j - 1] + level.keys // vocabulary_size
            first_codes[ends[j] : ends[j + 1]] = level.keys % vocabulary_size
        followers = np.cumsum([0, *(len(level.following) for level in levels)])
        starts = [
            np.asarray(level.starts[:-1], dtype=np.int64) + before
            for level, before in zip(levels, followers, strict=False)
        ]
        self._starts = np.concatenate([*starts, followers[-1:]])
        self._following = np.concatenate([level.following for level in levels])
        self._each = np.concatenate([level.shares for level in levels])
        own = np.diff(self._starts)
        # Within each context: what it and those before it have together.
        sums = np.append(0.0, np.cumsum(self._each))
        within = sums[1:] - np.repeat(sums[self._starts[:-1]], own)
        # For whole rows: contexts in the table are complete, and nothing is added to those.
        in_table = len(self._table)
        self._deep_levels = len(levels) - len(tables)
        self._up_to_table = shorter.copy()
        self._up_to_table[:in_table] = np.arange(in_table)
        self._rests = np.concatenate([level.rest for level in levels])
        self._rests[:in_table] = 1.0
        self._added = own
        self._added[:in_table] = 0
        # Memory views: their entries are Python's numbers at once, and nothing is copied.
        self._first, self._first_codes, self._shorter = first.data, first_codes.data, shorter.data
        self._depths = np.repeat(np.arange(len(levels), dtype=np.int8), sizes).data
        self._begins, self._codes = self._starts.data, self._following.data
        self._within = within.data
        after = _after_grams(levels, vocabulary_size)
        # Smoothing may leave out what followed the beginning of a text alone. So there are known
        # contexts to which nothing leads that has followed another: those one character shorter,
        # where they are found, may not be the longest.
        missed = np.ones(count, dtype=bool)
        missed[after] = missed[0] = False
        misleading = np.zeros(count, dtype=bool)
        misleading[shorter[missed]] = True
        self._after, self._misleading = after.data, misleading.data
        self._order = len(levels)

    def find(self, context: Sequence[int]) -> int:
        """The number of the longest known context at the end of some codes."""
        number = 0
        for code in context[: -self._order : -1]:
            longer = self._longer(number, code)
            if longer == number:
                break
            number = longer
        return number

    def _longer(self, number: int, code: int) -> int:
        """The context with one more code before it; itself, if that is not known."""
        low, high = self._first[number], self._first[number + 1]
        at = bisect_left(self._first_codes, code, low, high)
        return at if at < high and self._first_codes[at] == code else number

    def follow(self, number: int, code: int) -> int:
        """As `find`, after one more code that is known, from what was found without it."""
        begins, codes, context = self._begins, self._codes, number
        while True:
            start, stop = begins[context], begins[context + 1]
            gram = bisect_left(codes, code, start, stop)
            if gram < stop and codes[gram] == code:
                found = self._after[gram]
                if context == number:
                    return found
                break
            if not context:
                found = 0
                break
            context = self._shorter[context]
        return self._search(number, code) if self._misleading[found] else found

    def after(self, number: int, code: int, context: int, gram: int) -> int:
        """As `follow`, after a code that was drawn: what `draw` returned."""
        return self._after[gram] if context == number else self.follow(number, code)

    def _search(self, number: int, code: int) -> int:
        """As `follow`, from the shortest context on.

        Whatever is known of a text is also known without its last character: only the shorter
        context followed to its end may be known with one more code before it.
        """
        found = self._search(self._shorter[number], code) if number else 0
        if self._depths[found] < self._depths[number]:
            return found
        return self._longer(found, self._first_codes[number] if number else code)

    def rows(self, found: NDArray[np.integer]) -> Array:
        """Probabilities of all characters after contexts that `find` found; (n,) -> (n, V)."""
        n, size = len(found), self._size
        # Of each the context in the table, first, and all longer ones.
        numbers = np.empty((self._deep_levels + 1, n), dtype=np.int32)
        numbers[-1] = found
        for j in range(self._deep_levels, 0, -1):
            self._up_to_table.take(numbers[j], out=numbers[j - 1], mode="clip")
        p = self._table.take(numbers[0], axis=0)
        if not self._deep_levels:
            return p
        deep = numbers[:0:-1].ravel()  # longest first
        # What each leaves to shorter ones, with all longer ones together.
        left = np.ones(len(deep) + n)
        rests = self._rests.take(deep).reshape(-1, n)
        np.multiply.accumulate(rests, axis=0, out=left[n:].reshape(-1, n))
        p *= left[-n:, None]
        each = self._added.take(deep)
        ends = each.cumsum()
        if ends[-1]:
            which = np.arange(len(deep)).repeat(each)
            at = np.arange(ends[-1])
            at += (self._starts.take(deep) - ends + each).take(which)
            where = which % n * size + self._following.take(at)
            shares = left.take(which) * self._each.take(at)
            p += np.bincount(where, shares, p.size).reshape(p.shape)
        return p

    def draw(self, number: int, uniform: float) -> tuple[int, float, int, int]:
        """A character after a context that `find` found, by a number from [0, 1).

        Returns:
            Its code; what is left of the number: uniform in [0, 1) again, whatever the code; the
            number of the context that it was drawn after, and that of both together: all of them
            count the characters that follow contexts, in the order of those. Both are -1 where it
            followed none.
        """
        begins, within = self._begins, self._within
        while True:
            start, stop = begins[number], begins[number + 1]
            if start < stop:
                own = within[stop - 1]
                if uniform < own:
                    at = bisect_right(within, uniform, start, stop)
                    low = within[at - 1] if at > start else 0.0
                    rest = min((uniform - low) / (within[at] - low), BELOW_ONE)
                    return self._codes[at], rest, number, at
                uniform = min((uniform - own) / (1.0 - own), BELOW_ONE) if own < 1.0 else BELOW_ONE
            if not number:
                break
            number = self._shorter[number]
        code = int(uniform * self._size)
        return code, uniform * self._size - code, -1, -1


def _after_grams(levels: Sequence[SmoothedLevel], vocabulary_size: int) -> NDArray[np.int32]:
    """The longest known context at the end of each context with a character that followed it; (G,).

    Both in one row over all levels, as `NgramDraws` numbers them.
    """
    begins = np.cumsum([0, *(len(level.keys) for level in levels)])
    after: list[NDArray[np.int32]] = []
    grams = np.zeros(0, dtype=np.int64)
    for j, level in enumerate(levels):
        contexts = np.repeat(np.arange(len(level.keys)), np.diff(level.starts))
        keys = level.keys[contexts]
        first: NDArray[np.integer]  # what stands at the beginning
        if j == 0:
            found, first = np.zeros(len(contexts), dtype=np.int32), level.following
        else:
            # All that followed a context has followed the shorter one, too.
            shorter = keys // vocabulary_size * vocabulary_size + level.following
            found, first = after[-1][np.searchsorted(grams, shorter)], keys % vocabulary_size
        if j + 1 < len(levels):
            # Only where that is known to its end, one character more before it may be.
            whole = np.flatnonzero(found >= begins[j])
            wanted = (found[whole] - begins[j]) * vocabulary_size + first[whole]
            at, there = places(levels[j + 1].keys, wanted)
            found[whole[there]] = begins[j + 1] + at[there]
        grams = contexts * vocabulary_size + level.following
        after.append(found)
    return np.concatenate(after)
