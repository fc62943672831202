"""The different windows of a text, and how often each occurs.

Neighbouring windows overlap, so a few characters at each place of the text are given a number
once, and windows become two or three of these numbers, one key of 64 bits. Numbers are packed
characters as long as there are not many; then their ranks among those that occur, of which there
are few in any text. Few different keys are counted in bins, many by sorting, which is so fast
that windows which fit a key are mostly packed as they are. Ranks keep the lexicographic order, and
no step rounds or hashes: exact for any vocabulary and length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.interruption import give_up_if_unwanted
from model.sorting import is_sorting_quick
from model.unique_ngrams import KEY_BITS, count_keys, most_bins, ranks, stretches

IntArray = NDArray[np.integer]

_PACKED = 1 << 31, 1 << KEY_BITS  # so many windows that there could be are sorted as they are
_LONG = 1 << 17  # characters: counting fewer takes less than finding out how quick sorting is
_TABLE_ELEMENTS = 1 << 20  # of a table of the characters that ranks stand for


@dataclass(frozen=True, eq=False)
class _Numbers:
    """A number for the `width` characters from each place of a text on.

    Attributes:
        at: (n,) below `room`, in the order of the characters; of the smallest type that holds that.
        room: how many different numbers there could be.
        width: in characters.
        write: puts the characters of numbers, (k,), into an array (k, width).
    """

    at: IntArray
    room: int
    width: int
    write: Callable[[IntArray, NDArray[np.int32]], None]

    def __len__(self) -> int:
        return len(self.at)


def distinct_windows(
    codes: IntArray, length: int, size: int, chosen: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Different windows of a text in lexicographic order, (G, length), and their counts, (G,).

    Args:
        codes: (n,) characters, from 0 to V - 1; at least `length`.
        length: of the windows.
        size: V.
        chosen: (n - length + 1,) which windows are counted, by their beginnings; all without it.
    """
    bins = most_bins(len(codes))
    width = _characters_in_bins(size, bins, length)
    # A megabyte with M = 3: 11 ms, and 19 by ranks to numbers that have bins, or 37 and 12 where
    # sorting is slow. Two ranks may fit 32 bits where the characters do not, three do not: 54 ms
    # with M = 8, and 76 by ranks.
    most = _PACKED[1] if length > 2 * width else _PACKED[0]
    if length == width + 1 and len(codes) >= _LONG and not is_sorting_quick():
        most = 0
    numbers = _packed(codes, length if size**length <= most else width, size)
    while numbers.width < length:
        give_up_if_unwanted()
        numbers = _ranked(numbers)
        rest = length - numbers.width
        times = -(-length // numbers.width)
        if numbers.room * size**rest <= bins:
            numbers = _followed(numbers, _packed(codes, rest, size), numbers.width, bins)
        else:
            while (numbers.room**times - 1).bit_length() > KEY_BITS:
                times -= 1
            numbers = _repeated(numbers, times, min(length, times * numbers.width), bins)
    give_up_if_unwanted()
    whole = numbers.at.copy() if numbers.at is codes else numbers.at
    keys = whole if chosen is None else whole[chosen]
    found, counts = count_keys(keys, numbers.room)
    ngrams = np.empty((len(found), length), dtype=np.int32)
    numbers.write(found, ngrams)
    return ngrams, counts


def _characters_in_bins(size: int, bins: int, most: int) -> int:
    """How many characters, from one to `most`, have a bin for everything that they could be."""
    count = 1
    while count < most and size ** (count + 1) <= bins:
        count += 1
    return count


def _kind(room: int) -> type[np.int32] | type[np.int64]:
    """For numbers below a limit: half as wide is twice as fast."""
    return np.int32 if room <= 1 << 31 else np.int64


def _packed(codes: IntArray, width: int, size: int) -> _Numbers:
    """Characters as the digits of a number."""
    codes = codes.astype(_kind(size**width), copy=False)
    at = codes
    if width > 1:
        at = np.empty(len(codes) - width + 1, dtype=codes.dtype)
        for some in stretches(len(at)):
            part = np.multiply(codes[some], size, out=at[some])
            for offset in range(1, width):
                part += codes[some.start + offset : some.stop + offset]
                if offset < width - 1:
                    part *= size

    def write(numbers: IntArray, out: NDArray[np.int32]) -> None:
        for column in reversed(range(1, width)):
            numbers, out[:, column] = np.divmod(numbers, size)
        out[:, 0] = numbers

    return _Numbers(at, size**width, width, write)


def _ranked(numbers: _Numbers) -> _Numbers:
    """The same in as few numbers as occur."""
    found, at = ranks(numbers.at, numbers.room, _kind(len(numbers)))
    if len(found) * numbers.width > _TABLE_ELEMENTS:

        def write(ranked: IntArray, out: NDArray[np.int32]) -> None:
            numbers.write(found[ranked], out)

        return _Numbers(at, len(found), numbers.width, write)
    table = np.empty((len(found), numbers.width), dtype=np.int32)
    numbers.write(found, table)

    def look_up(ranked: IntArray, out: NDArray[np.int32]) -> None:
        out[...] = table[ranked]

    return _Numbers(at, len(found), numbers.width, look_up)


def _followed(first: _Numbers, second: _Numbers, offset: int, bins: int) -> _Numbers:
    """The numbers at each place with those further on, which may be about some characters again."""
    count = min(len(first), len(second) - offset)
    room = first.room * second.room
    at: NDArray[Any] = np.empty(count, dtype=np.intp if room <= bins else _kind(room))
    for some in stretches(count):
        part, other = at[some], second.at[some.start + offset : some.stop + offset]
        part[:] = first.at[some]
        part *= second.room
        part += other

    def write(numbers: IntArray, out: NDArray[np.int32]) -> None:
        before = numbers // second.room
        first.write(before, out[:, : first.width])
        second.write(numbers - before * second.room, out[:, offset : offset + second.width])

    return _Numbers(at, room, offset + second.width, write)


def _repeated(numbers: _Numbers, times: int, length: int, bins: int) -> _Numbers:
    """So many of the numbers after each other, the last of which ends after `length` characters."""
    result = numbers
    for turn in range(1, times):
        offset = min(turn * numbers.width, length - numbers.width)
        result = _followed(result, numbers, offset, bins)
    return result
