"""Sequences of codes side by side: files with an end, lines of a list. No n-gram crosses between.

A file's first windows begin with its first character: nothing is known before it, and nothing is
counted there. A line of a list has a boundary on both sides instead: the code of the line feed
stands before it as often as a context is long, and once behind it, where it is predicted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from model.errors import CorpusError, SettingsError

IntArray = NDArray[np.integer]
Mask = NDArray[np.bool_]

PIECE = 1 << 22  # characters at a time


def _nothing() -> NDArray[np.int32]:
    return np.empty(0, dtype=np.int32)


@dataclass(frozen=True, eq=False)
class Sequences:
    """One text, several, or a list, as codes one after another.

    >>> list_of_two = Sequences.of_lines(np.array([1, 2, 0, 3, 0]), boundary=0)
    >>> [part.tolist() for part, _ in list_of_two.parts(2)]
    [[1, 2, 0], [3, 0]]
    >>> codes, asked = list_of_two.padded(2, unknown=4)
    >>> codes.tolist()
    [0, 0, 1, 2, 0, 0, 0, 3, 0]
    >>> codes[asked].tolist()
    [1, 2, 0, 3, 0]

    Attributes:
        codes: (n,) int32, read-only.
        starts: (S,) where each sequence begins, ascending; the first at 0.
        boundary: the code that stands on both sides of every sequence of a list, and at its end in
            `codes`; None for texts.
        before: codes that the first sequence goes on from: they are known, not part of it.
    """

    codes: NDArray[np.int32]
    starts: NDArray[np.int64]
    boundary: int | None = None
    before: NDArray[np.int32] = field(default_factory=_nothing)

    @classmethod
    def of(cls, codes: IntArray, before: IntArray | None = None) -> Self:
        """One text, which may go on from another."""
        starts = np.zeros(min(1, len(codes)), dtype=np.int64)
        known = _nothing() if before is None else before.astype(np.int32, copy=False)
        return cls(codes.astype(np.int32, copy=False), starts, None, known)

    @classmethod
    def of_lines(cls, codes: IntArray, boundary: int) -> Self:
        """A list whose every line ends with the boundary's code."""
        ends = np.flatnonzero(codes == boundary) + 1
        starts = np.append(0, ends[:-1])[: len(ends)].astype(np.int64)
        return cls(codes.astype(np.int32, copy=False), starts, boundary)

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """How many characters each sequence has, boundaries at their ends included; (S,)."""
        return np.diff(self.starts, append=len(self.codes))

    def positions(self, context_length: int) -> int:
        """How many windows of `context_length` + 1 characters are counted."""
        if self.boundary is not None:
            return len(self)
        lengths = self.lengths.copy()
        lengths[:1] += min(len(self.before), context_length)
        return int(np.maximum(lengths - context_length, 0).sum())

    def following(self, context: Sequence[int], vocabulary_size: int) -> NDArray[np.int64]:
        """How often each character follows a context of any length; (V,)."""
        codes, asked = self.padded(len(context), unknown=vocabulary_size)
        places = np.flatnonzero(asked)
        for back, code in enumerate(reversed(context), start=1):
            places = places[codes[places - back] == code]
        return np.bincount(codes[places], minlength=vocabulary_size)

    def require_context_length(self, context_length: int, name: str) -> None:
        """Refuse what holds fewer than two windows. Raises CorpusError."""
        if self.positions(context_length) < 2:
            longest = int(self.lengths.max(initial=0))
            raise CorpusError(_too_short(longest, len(self.starts), context_length, name))

    def head(self, characters: int) -> Sequences:
        """The first characters."""
        codes = self.codes[:characters]
        return Sequences(codes, self.starts[self.starts < len(codes)], self.boundary, self.before)

    def split(self, cut: int) -> tuple[Sequences, Sequences]:
        """The first `cut` characters, and what follows, which goes on from them."""
        first = self.head(cut)
        place = int(np.searchsorted(self.starts, cut))
        later = self.starts[place:] - cut
        if len(later) and later[0] == 0:
            return first, Sequences(self.codes[cut:], later, self.boundary)
        before = self.codes[self.starts[place - 1] if place else 0 : cut]
        starts = np.append(0, later).astype(np.int64)
        return first, Sequences(self.codes[cut:], starts, self.boundary, before)

    def chosen(self, which: Mask) -> Sequences:
        """Some of the sequences, in their order; which (S,)."""
        codes = self.codes[np.repeat(which, self.lengths)]
        codes.flags.writeable = False
        lengths = self.lengths[which]
        return Sequences(codes, np.cumsum(lengths) - lengths, self.boundary)

    def parts(self, context_length: int) -> Iterator[tuple[IntArray, IntArray]]:
        """Every sequence, and what is known before it."""
        pad = _nothing()
        if self.boundary is not None:
            pad = np.full(context_length, self.boundary, dtype=np.int32)
        ends = np.append(self.starts[1:], len(self.codes))
        for number, (start, end) in enumerate(zip(self.starts, ends, strict=True)):
            known = self.before if number == 0 and len(self.before) else pad
            yield self.codes[start:end], known

    def padded(self, context_length: int, unknown: int) -> tuple[NDArray[np.int32], Mask]:
        """All characters, each sequence with as many codes before it as a context is long.

        Args:
            context_length: M.
            unknown: V, the code of what is unknown, which stands before texts.

        Returns:
            (n + S M,) codes, and which of them are characters of the sequences.
        """
        m, pad = context_length, unknown if self.boundary is None else self.boundary
        codes = np.full(len(self) + m * len(self.starts), pad, dtype=np.int32)
        asked = np.ones(len(codes), dtype=bool)
        asked[(self.starts + m * np.arange(len(self.starts)))[:, None] + np.arange(m)] = False
        codes[asked] = self.codes
        known = self.before[max(0, len(self.before) - m) :]
        if len(known) and len(self.starts):
            codes[m - len(known) : m] = known
        return codes, asked

    def joined(self, unknown: int) -> NDArray[np.int32]:
        """All texts with one unknown code between them, for what reads gaps; (n + S - 1,)."""
        if len(self.starts) < 2:
            return self.codes
        return np.insert(self.codes, self.starts[1:], unknown).astype(np.int32, copy=False)

    def pieces(self, context_length: int) -> Iterator[tuple[IntArray, Mask | None, int]]:
        """What a counter of windows is to read one after another.

        Yields:
            Codes; which windows are to be counted, by their last characters, None for all; and how
            many of the characters are read with them.
        """
        m = context_length
        if self.boundary is not None:
            yield np.full(m, self.boundary, dtype=np.int32), None, 0
            after = True
            for start in range(0, len(self), PIECE):
                plain = self.codes[start : start + PIECE]
                piece = with_boundaries(plain, self.boundary, m)
                yield piece, inside_lines(piece, self.boundary, after), start + len(plain)
                after = bool(plain[-1] == self.boundary)
            return
        if len(self.before):
            yield self.before[-m:], None, 0
        for start in range(0, len(self), PIECE):
            piece = self.codes[start : start + PIECE]
            done = start + len(piece)
            # Windows that would reach back over a start.
            low, high = np.searchsorted(self.starts, [max(1, start - m + 1), done])
            if low == high:
                yield piece, None, done
                continue
            counted = np.ones(len(piece), dtype=bool)
            crossing = (self.starts[low:high, None] - start + np.arange(m)).ravel()
            counted[crossing[(crossing >= 0) & (crossing < len(piece))]] = False
            yield piece, counted, done


def with_boundaries(codes: IntArray, boundary: int, context_length: int) -> IntArray:
    """Lines with every boundary as often as a context is long."""
    return np.repeat(codes, np.where(codes == boundary, context_length, 1))


def inside_lines(codes: IntArray, boundary: int, after_boundary: bool) -> Mask:
    """Which codes do not merely repeat a boundary; `after_boundary` says what stands before."""
    is_boundary = codes == boundary
    repeats = is_boundary.copy()
    repeats[1:] &= is_boundary[:-1]
    repeats[:1] &= after_boundary
    return ~repeats


def pieces_without_gaps(
    codes: IntArray, context_length: int, gap: int
) -> Iterator[tuple[IntArray, Mask | None, int]]:
    """As `Sequences.pieces`, of a text in which a code stands for what is left out."""
    last_gap = -1
    for start in range(0, len(codes), PIECE):
        piece = codes[start : start + PIECE]
        places = np.arange(start, start + len(piece))
        gaps = np.maximum.accumulate(np.where(piece == gap, places, last_gap))
        last_gap = int(gaps[-1])
        yield np.where(piece == gap, 0, piece), places - gaps > context_length, start + len(piece)


def require_held_out_part(part: float) -> None:
    """Refuse a part to hold out that is none. Raises SettingsError."""
    if not 0 <= part < 1:
        raise SettingsError(f"The part to hold out is {part}: choose a number from 0 to below 1.")


def require_context(context_length: int) -> None:
    """Refuse contexts of no character. Raises SettingsError."""
    if context_length < 1:
        raise SettingsError(f"The context length is {context_length}: it must be at least 1.")


def require_length(characters: int, context_length: int, name: str) -> None:
    """Refuse a text too short to hold two n-grams. Raises CorpusError."""
    if characters < context_length + 2:
        raise CorpusError(_too_short(characters, 1, context_length, name))


LEAST_CHARACTERS = 3  # characters: two windows of one character and the one that follows


def _too_short(characters: int, sequences: int, context_length: int, name: str) -> str:
    counted = f"{characters:,} character" + "s" * (characters != 1)
    has = f"{name} has {counted}"
    if sequences > 1:
        has = f"The longest of {sequences:,} texts of {name} has {counted}"
    if characters < LEAST_CHARACTERS:
        return f"{has}, too few: the least there is to learn from is {LEAST_CHARACTERS}."
    return (
        f"{has}, too few for a context length of {context_length}: choose a longer text "
        f"({context_length + 2} at least) or a context length of at most {characters - 2}."
    )
