"""The cache itself: counts of what followed the contexts of the last K characters."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from model.families.cache.settings import CacheSettings

_FORGOTTEN_AT_ONCE = 4096  # characters no longer in the cache, before their records go too


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What the cache makes of any distribution p: rest * p + own.

    Attributes:
        own: probability that the cache itself gives, by character.
        rest: what it leaves to the distribution below.
    """

    own: dict[int, float] = field(default_factory=dict)
    rest: float = 1.0


NOTHING = Adjustment()
_Occurrence = tuple[int, int]


class Memory:
    """Reads characters one after another and can take them back, last first.

    What followed the shortest contexts is counted. Occurrences of longer ones are indexed by the
    second shortest, and how far they agree is seen when they are asked for: so reading, of which
    there is more, does little. (With a cache of 5,000 characters and six lengths from 3 up, the
    average context has 28 occurrences of its last three characters.)

    Args:
        settings: lengths, strengths, size.
        vocabulary_size: V, which stands for a character outside the vocabulary: it is never
            counted, and no context reaches across it.
        codes: what was read before.
    """

    def __init__(
        self, settings: CacheSettings, vocabulary_size: int, codes: Iterable[int] = ()
    ) -> None:
        self._size, self._characters = vocabulary_size, settings.characters
        self._second = settings.shortest + 1
        self._strength, *longer = settings.strengths
        self._longer = tuple(reversed(longer))
        # A context is one number with its characters as digits, the last one lowest. Digits are
        # one more than codes: 0 is what is unknown.
        self._bits = vocabulary_size.bit_length()
        self._whole = (1 << self._bits * settings.longest) - 1
        self._short = (1 << self._bits * settings.shortest) - 1
        self._long = (1 << self._bits * self._second) - 1
        # Numbers from here on have so many known digits.
        self._least_short = 1 << self._bits * (settings.shortest - 1)
        self._least_long = 1 << self._bits * settings.shortest
        self._context = 0
        # Of every character read: the context before it, and it.
        self._read: list[_Occurrence] = []
        self._first = 0  # of those still in the cache
        self._counts: dict[int, dict[int, int]] = {}
        self._occurrences: dict[int, deque[_Occurrence]] = {}
        for code in codes:
            self.read(code)

    def read(self, code: int) -> None:
        """Move on by one character."""
        occurrence = (self._context, code)
        self._read.append(occurrence)
        if code < self._size:
            long = self._count(occurrence)
            if long:
                found = self._occurrences.get(long)
                if found is None:
                    self._occurrences[long] = deque((occurrence,))
                else:
                    found.append(occurrence)
            self._context = (self._context << self._bits | code + 1) & self._whole
        else:
            self._context = 0
        if len(self._read) - self._first > self._characters:
            oldest = self._read[self._first]
            self._first += 1
            if oldest[1] < self._size:
                long = self._discount(oldest)
                if long:
                    found = self._occurrences[long]
                    found.popleft()
                    if not found:
                        del self._occurrences[long]

    def unread(self) -> None:
        """Take the last character back, one of those read since `forget` was called."""
        last = self._read.pop()
        self._context = last[0]
        if last[1] < self._size:
            long = self._discount(last)
            if long:
                found = self._occurrences[long]
                found.pop()
                if not found:
                    del self._occurrences[long]
        if self._first > 0:
            self._first -= 1
            again = self._read[self._first]
            if again[1] < self._size:
                long = self._count(again)
                if long:
                    self._occurrences.setdefault(long, deque()).appendleft(again)

    def forget(self) -> None:
        """Let go of what `unread` would need; to be called now and then in a long text."""
        if self._first >= _FORGOTTEN_AT_ONCE:
            del self._read[: self._first]
            self._first = 0

    def adjustment(self) -> Adjustment:
        """What the cache makes of the distribution of the next character."""
        here = self._context
        short, long = here & self._short, here & self._long
        shortest = self._counts.get(short) if short >= self._least_short else None
        if shortest is None:
            return NOTHING
        own: dict[int, float] = {}
        rest = 1.0
        found = self._occurrences.get(long) if long >= self._least_long else None
        if found is not None:
            # Followers by how many characters more than the second shortest context agree.
            followers: list[list[int]] = [[] for _ in self._longer]
            bits, known = self._bits, -(-here.bit_length() // self._bits)
            for context, code in found:
                differ = context ^ here
                agree = ((differ & -differ).bit_length() - 1) // bits if differ else known
                followers[agree - self._second].append(code)
            counts: dict[int, int] = {}
            total = 0
            for codes, strength in zip(reversed(followers), self._longer, strict=True):
                for code in codes:
                    counts[code] = counts.get(code, 0) + 1
                total += len(codes)
                if total:
                    below = strength * len(counts)
                    weight = rest / (total + below)
                    for code, count in counts.items():
                        own[code] = own.get(code, 0.0) + count * weight
                    rest *= below / (total + below)
        total = sum(shortest.values())
        below = self._strength * len(shortest)
        weight = rest / (total + below)
        for code, count in shortest.items():
            own[code] = own.get(code, 0.0) + count * weight
        return Adjustment(own, rest * below / (total + below))

    def _count(self, occurrence: _Occurrence) -> int:
        """Count it at its shortest context; its second shortest, or 0 if there is none."""
        context, code = occurrence
        short = context & self._short
        if short < self._least_short:
            return 0
        counts = self._counts.get(short)
        if counts is None:
            self._counts[short] = {code: 1}
        else:
            counts[code] = counts.get(code, 0) + 1
        return self._second_shortest(context)

    def _discount(self, occurrence: _Occurrence) -> int:
        """Take it out of the counts; its second shortest context, or 0 if there is none."""
        context, code = occurrence
        short = context & self._short
        if short < self._least_short:
            return 0
        counts = self._counts[short]
        if counts[code] > 1:
            counts[code] -= 1
        else:
            del counts[code]
            if not counts:
                del self._counts[short]
        return self._second_shortest(context)

    def _second_shortest(self, context: int) -> int:
        long = context & self._long
        return long if self._longer and long >= self._least_long else 0
