"""The cache itself: counts of what followed the contexts of the last K characters."""

from __future__ import annotations

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
_Followers = dict[int, int]


class Memory:
    """Reads characters one after another and can take them back, last first.

    Args:
        settings: lengths, strengths, size.
        vocabulary_size: V, which stands for a character outside the vocabulary: it is never
            counted, and no context reaches across it.
        codes: what was read before.
    """

    def __init__(
        self, settings: CacheSettings, vocabulary_size: int, codes: Iterable[int] = ()
    ) -> None:
        self._settings, self._size = settings, vocabulary_size
        self._lengths = tuple(settings.lengths)
        self._strengths = settings.strengths
        # A context is one number, its characters' codes as digits.
        self._moduli = tuple(vocabulary_size**length for length in self._lengths)
        self._counts: tuple[dict[int, _Followers], ...] = tuple({} for _ in self._lengths)
        self._context, self._known = 0, 0  # the last characters as digits, and how many are known
        # For every character read: it, and the state before it.
        self._read: list[tuple[int, int, int]] = []
        self._first = 0  # of those still in the cache
        for code in codes:
            self.read(code)

    def read(self, code: int) -> None:
        """Move on by one character."""
        self._read.append((code, self._context, self._known))
        if code < self._size:
            self._add(code, self._context, self._known)
            self._context = (self._context * self._size + code) % self._moduli[-1]
            self._known = min(self._known + 1, self._lengths[-1])
        else:
            self._context = self._known = 0
        if len(self._read) - self._first > self._settings.characters:
            self._remove(*self._read[self._first])
            self._first += 1

    def unread(self) -> None:
        """Take the last character back, which must be one of the last `forget` left in place."""
        last = self._read.pop()
        code, self._context, self._known = last
        if code < self._size:
            self._remove(*last)
        if self._first > 0:
            self._first -= 1
            before = self._read[self._first]
            if before[0] < self._size:
                self._add(*before)

    def forget(self) -> None:
        """Let go of what `unread` would need; to be called now and then in a long text."""
        if self._first >= _FORGOTTEN_AT_ONCE:
            del self._read[: self._first]
            self._first = 0

    def adjustment(self) -> Adjustment:
        """What the cache makes of the distribution of the next character."""
        own: dict[int, float] = {}
        rest = 1.0
        for length, modulus, strength, counts in zip(
            self._lengths, self._moduli, self._strengths, self._counts, strict=True
        ):
            if length > self._known:
                break
            followers = counts.get(self._context % modulus)
            if followers is None:
                break  # nor do longer contexts occur
            below = strength * len(followers)
            scale = 1.0 / (sum(followers.values()) + below)
            below *= scale
            for code in own:
                own[code] *= below
            for code, count in followers.items():
                own[code] = own.get(code, 0.0) + count * scale
            rest *= below
        return Adjustment(own, rest) if own else NOTHING

    def _add(self, code: int, context: int, known: int) -> None:
        for length, modulus, counts in zip(
            self._lengths, self._moduli, self._counts, strict=True
        ):
            if length > known:
                break
            key = context % modulus
            followers = counts.get(key)
            if followers is None:
                counts[key] = {code: 1}
            else:
                followers[code] = followers.get(code, 0) + 1

    def _remove(self, code: int, context: int, known: int) -> None:
        if code >= self._size:
            return
        for length, modulus, counts in zip(
            self._lengths, self._moduli, self._counts, strict=True
        ):
            if length > known:
                break
            key = context % modulus
            followers = counts[key]
            if followers[code] > 1:
                followers[code] -= 1
            else:
                del followers[code]
                if not followers:
                    del counts[key]
