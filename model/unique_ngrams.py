"""The different n-grams among many, and how often each occurs.

N-grams become numbers one character at a time. As long as the numbers stay small, they are
replaced by their ranks among those that occur (direct binning), which keeps them small; larger
ones are packed into 64 bits and sorted; where they would not fit any more, sorting gives ranks
too. Ranks keep the lexicographic order, and no step rounds or hashes: exact for any vocabulary and
length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.interruption import give_up_if_unwanted

IntArray = NDArray[np.integer]
Counts = NDArray[np.int64] | NDArray[np.float64]

KEY_BITS = 63
_ALWAYS_BINNED = 1 << 16
_BINS_PER_WINDOW = 4
_STRETCH = 1 << 16
_SMALL_ENOUGH = 256  # keys below this need no ranks


def distinct_ngrams(
    columns: Sequence[IntArray], size: int, weights: NDArray[np.number] | None = None
) -> tuple[NDArray[np.int32], Counts]:
    """Different n-grams in lexicographic order, (G, M + 1), and their counts, (G,).

    Args:
        columns: M + 1 vectors (n,): the windows' first characters, second characters and so on.
        size: V; characters are 0 to V - 1.
        weights: (n,) how often each window counts, which may be fractional; once without it.

    Counts are int64 where the weights are whole numbers, else float64.
    """
    bins = most_bins(len(columns[0]))
    ranked: list[tuple[IntArray, int]] = []  # keys that occur, and how many characters they hold
    keys = columns[0].astype(np.int64)
    room, held = size, 1  # keys are below room and hold some characters since the last ranking
    for column in columns[1:]:
        give_up_if_unwanted()
        # Weighted keys are sorted in any case, and those of tables stand in order nearly.
        wanted = weights is None and _SMALL_ENOUGH < room <= bins
        if wanted or (room * size - 1).bit_length() > KEY_BITS:
            found, keys = ranks(keys, room)
        else:
            found = None
        if found is not None:
            ranked.append((found, held))
            room, held = len(found), 0
        keys *= size
        keys += column
        room, held = room * size, held + 1
    different, counts = count_keys(keys, room) if weights is None else _weigh(keys, weights)
    return _characters(different, held, ranked, size, len(columns)), counts


def ranks(
    keys: IntArray, room: int, kind: type[np.integer] = np.int64
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """The different ones of some keys in ascending order, and each key's place among them.

    Args:
        keys: (n,) from 0 to room - 1.
        room: how many different keys there could be.
        kind: of the places.
    """
    if room > most_bins(len(keys)):
        found, places = np.unique(keys, return_inverse=True)
        return found.astype(np.int64, copy=False), places.astype(kind, copy=False)
    present = np.zeros(room, dtype=bool)
    for some in stretches(len(keys)):
        present[keys[some]] = True
    place = np.cumsum(present, dtype=kind)
    place -= 1
    places = np.empty(len(keys), dtype=kind)
    for some in stretches(len(keys)):
        # 'clip' takes without a detour through a buffer; the keys are in range.
        np.take(place, keys[some], out=places[some], mode="clip")
    return np.flatnonzero(present), places


def stretches(count: int) -> Iterator[slice]:
    """Parts of so many numbers that stay in a core's cache, and need no memory from the system."""
    for start in range(0, count, _STRETCH):
        yield slice(start, min(start + _STRETCH, count))


def most_bins(keys: int) -> int:
    """With how many bins at the most so many keys are binned, and not sorted."""
    return max(_ALWAYS_BINNED, _BINS_PER_WINDOW * keys)


def count_keys(keys: IntArray, room: int) -> tuple[IntArray, NDArray[np.int64]]:
    """The different ones of some keys in ascending order, and how often each occurs.

    Args:
        keys: (n,) from 0 to room - 1; overwritten.
        room: how many different keys there could be.
    """
    if room <= most_bins(len(keys)):
        counts = np.bincount(keys, minlength=room)
        found = np.flatnonzero(counts)
        return found, counts[found]
    # Half as wide sorts faster.
    ordered = keys.astype(np.uint32) if 1 << 31 < room <= 1 << 32 else keys
    ordered.sort()
    starts = _starts(ordered)
    return ordered[starts].astype(np.int64), np.diff(starts, append=len(ordered))


def _weigh(keys: NDArray[np.int64], weights: NDArray[np.number]) -> tuple[IntArray, Counts]:
    """The different ones of some keys in ascending order, and the sum of the weights of each."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = _starts(keys)
    if np.issubdtype(weights.dtype, np.integer):
        return keys[starts], _sums(weights[order].astype(np.int64), starts)
    return keys[starts], _sums(weights[order].astype(np.float64), starts)


def _sums(ordered: Counts, starts: NDArray[np.intp]) -> Counts:
    return np.add.reduceat(ordered, starts) if len(starts) else ordered


def _starts(ordered: IntArray) -> NDArray[np.intp]:
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return np.flatnonzero(new)


def _characters(
    keys: IntArray, held: int, ranked: list[tuple[IntArray, int]], size: int, length: int
) -> NDArray[np.int32]:
    """The n-grams of keys, unpacked from the last character to the first."""
    ngrams = np.empty((len(keys), length), dtype=np.int32)
    for column in reversed(range(length)):
        if held == 0:
            found, held = ranked.pop()
            keys = found[keys]
        keys, ngrams[:, column] = np.divmod(keys, size)
        held -= 1
    return ngrams
