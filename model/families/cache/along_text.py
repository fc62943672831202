"""What a cache would say at every position of a known text, all at once.

The memory at a position holds the K characters before it, so its counts are differences of ranks:
among the occurrences of a context in order, how many lie before the position, less how many lie
before the reach of the memory. Different followers are counted as spans: a follower is in memory
from one character after an occurrence to K characters after it; where spans of the same one
overlap they are joined, and what is counted is starts passed less ends passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.families.cache.settings import CacheSettings

Array = NDArray[np.float64]
IntArray = NDArray[np.integer]
_Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CacheCounts:
    """What the memory has on contexts of one length, at some positions of a text.

    Attributes:
        count: (n,) how often the character that came had followed the context.
        total: (n,) how often any character had.
        different: (n,) how many different ones had.
    """

    count: _Ints
    total: _Ints
    different: _Ints


@dataclass(frozen=True, eq=False)
class _Occurrences:
    """Where the contexts of one length occur in the text, in order of context and time.

    Keys are number * span + position, ascending. `ends` are positions in order of time, with the
    numbers of their contexts and of their grams; `before` and `after` say, in the order of the
    context keys, how far away the same gram is on either side.
    """

    ends: _Ints
    contexts: _Ints
    grams: _Ints
    context_keys: _Ints
    gram_keys: _Ints
    before: _Ints
    after: _Ints


class TextContexts:
    """The contexts of a text, of all lengths a cache may count, ready for memories of any size.

    Args:
        codes: (n,) the text, V for a character outside the vocabulary.
        vocabulary_size: V.
        lengths: of contexts, ascending, in steps of one.
    """

    def __init__(self, codes: IntArray, vocabulary_size: int, lengths: Sequence[int]) -> None:
        codes = np.asarray(codes).astype(np.int64)
        # Far enough apart that no position, plus the size of a memory, reaches the next number.
        self._span = 2 * len(codes) + 2
        self._levels: list[_Occurrences] = []
        ends = np.flatnonzero(codes < vocabulary_size)
        contexts = np.zeros(len(ends), dtype=np.int64)
        for j in range(1, max(lengths) + 1):
            whole = ends >= j
            whole[whole] = codes[ends[whole] - j] < vocabulary_size
            ends = ends[whole]
            contexts, order = _numbers(contexts[whole] * vocabulary_size + codes[ends - j])
            if j >= min(lengths):
                grams, by_gram = _numbers(contexts * vocabulary_size + codes[ends])
                self._levels.append(self._occurrences(ends, contexts, order, grams, by_gram))

    def _occurrences(
        self, ends: _Ints, contexts: _Ints, order: _Ints, grams: _Ints, by_gram: _Ints
    ) -> _Occurrences:
        gaps = np.full(len(ends) + 1, self._span)
        times, same = ends[by_gram], np.diff(grams[by_gram]) == 0
        gaps[1:-1][same] = np.diff(times)[same]
        before, after = np.empty_like(ends), np.empty_like(ends)
        before[by_gram], after[by_gram] = gaps[:-1], gaps[1:]
        return _Occurrences(
            ends,
            contexts,
            grams,
            (contexts * self._span + ends)[order],
            (grams * self._span + ends)[by_gram],
            before[order],
            after[order],
        )

    def counts(self, characters: int, positions: IntArray) -> list[CacheCounts]:
        """What a memory of K characters has at some positions.

        Args:
            characters: K.
            positions: (n,) ascending.

        Returns:
            For each length of context, three (n,) vectors; zeros where a position has no such
            context, or is that of an unknown character.
        """
        # A memory longer than the text holds all of it.
        characters = min(characters, self._span // 2)
        return [self._counts(level, characters, np.asarray(positions)) for level in self._levels]

    def _counts(self, level: _Occurrences, characters: int, positions: IntArray) -> CacheCounts:
        places = np.searchsorted(level.ends, positions)
        there = places < len(level.ends)
        there[there] = level.ends[places[there]] == positions[there]
        places, at = places[there], positions[there]

        def between(keys: _Ints, numbers: _Ints) -> _Ints:
            here = numbers * self._span
            low = np.searchsorted(keys, here + np.maximum(at - characters, 0))
            return np.searchsorted(keys, here + at) - low

        numbers = level.contexts[places]
        starts = (level.context_keys + 1)[level.before > characters]
        stops = (level.context_keys + characters + 1)[level.after > characters]
        # Each context's spans that began earlier, less those that ended; spans of contexts that
        # come before in the order have all begun and ended.
        here = numbers * self._span + at
        different = np.searchsorted(starts, here, "right") - np.searchsorted(stops, here, "right")
        found = np.zeros((3, len(positions)), dtype=np.int64)
        found[0, there] = between(level.gram_keys, level.grams[places])
        found[1, there] = between(level.context_keys, numbers)
        found[2, there] = different
        return CacheCounts(*found)


def adjustments(counts: Sequence[CacheCounts], settings: CacheSettings) -> tuple[Array, Array]:
    """What the cache itself gives to each character that came, and what it leaves; (n,), (n,).

    The probability of the character is own + rest * what lies below gives it.
    """
    own, rest = np.zeros(len(counts[0].count)), np.ones(len(counts[0].count))
    for level, strength in zip(counts, settings.strengths, strict=True):
        below = strength * level.different
        scale = 1.0 / np.where(level.total > 0, level.total + below, 1.0)
        passed = np.where(level.total > 0, below * scale, 1.0)
        own = passed * own + level.count * scale
        rest *= passed
    return own, rest


def _numbers(keys: _Ints) -> tuple[_Ints, _Ints]:
    """Numbers of equal keys, in ascending order of the keys, and what sorts them stably."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    new = np.zeros(len(keys), dtype=np.int64)
    new[1:] = ordered[1:] != ordered[:-1]
    numbers = np.empty_like(new)
    numbers[order] = np.cumsum(new)
    return numbers, order
