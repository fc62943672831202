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


class Memory:
    """Reads characters one after another and can take them back, last first.

    Occurrences are indexed by their shortest contexts only; how far the longer ones agree is seen
    when they are asked for.

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
        self._shortest, self._strengths = settings.shortest, settings.strengths
        # A context is one number with its characters as digits, the last one lowest. Digits are
        # one more than codes: 0 is what is unknown, and agrees with nothing.
        self._bits = vocabulary_size.bit_length()
        self._whole = (1 << self._bits * settings.longest) - 1
        self._short = (1 << self._bits * settings.shortest) - 1
        self._least = 1 << self._bits * (settings.shortest - 1)  # so many digits are known
        self._context = 0
        # Of every character read: the context before it, and it.
        self._read: list[tuple[int, int]] = []
        self._first = 0  # of those still in the cache
        self._occurrences: dict[int, deque[tuple[int, int]]] = {}
        for code in codes:
            self.read(code)

    def read(self, code: int) -> None:
        """Move on by one character."""
        occurrence = (self._context, code)
        self._read.append(occurrence)
        if code < self._size:
            if self._context & self._short >= self._least:
                key = self._context & self._short
                found = self._occurrences.get(key)
                if found is None:
                    self._occurrences[key] = deque((occurrence,))
                else:
                    found.append(occurrence)
            self._context = (self._context << self._bits | code + 1) & self._whole
        else:
            self._context = 0
        if len(self._read) - self._first > self._characters:
            context, code = self._read[self._first]
            if code < self._size and context & self._short >= self._least:
                key = context & self._short
                found = self._occurrences[key]
                found.popleft()
                if not found:
                    del self._occurrences[key]
            self._first += 1

    def unread(self) -> None:
        """Take the last character back, one of those read since `forget` was called."""
        self._context, code = self._read.pop()
        if code < self._size and self._context & self._short >= self._least:
            key = self._context & self._short
            found = self._occurrences[key]
            found.pop()
            if not found:
                del self._occurrences[key]
        if self._first > 0:
            self._first -= 1
            context, code = occurrence = self._read[self._first]
            if code < self._size and context & self._short >= self._least:
                key = context & self._short
                self._occurrences.setdefault(key, deque()).appendleft(occurrence)

    def forget(self) -> None:
        """Let go of what `unread` would need; to be called now and then in a long text."""
        if self._first >= _FORGOTTEN_AT_ONCE:
            del self._read[: self._first]
            self._first = 0

    def adjustment(self) -> Adjustment:
        """What the cache makes of the distribution of the next character."""
        here = self._context
        found = self._occurrences.get(here & self._short)
        if found is None or here & self._short < self._least:
            return NOTHING
        # Followers by how many characters more than the shortest context agree.
        followers: list[list[int]] = [[] for _ in self._strengths]
        bits, known = self._bits, -(-here.bit_length() // self._bits)
        for context, code in found:
            differ = context ^ here
            agree = ((differ & -differ).bit_length() - 1) // bits if differ else known
            followers[agree - self._shortest].append(code)
        own: dict[int, float] = {}
        counts: dict[int, int] = {}
        total, rest = 0, 1.0
        for codes, strength in zip(reversed(followers), reversed(self._strengths), strict=True):
            for code in codes:
                counts[code] = counts.get(code, 0) + 1
            total += len(codes)
            if total:
                below = strength * len(counts)
                weight = rest / (total + below)
                for code, count in counts.items():
                    own[code] = own.get(code, 0.0) + count * weight
                rest *= below / (total + below)
        return Adjustment(own, rest)
