"""The cache itself: what followed the contexts of the last K characters."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from model.families.cache.settings import CacheSettings

_BELOW_ONE = math.nextafter(1.0, 0.0)
_FORGOTTEN_AT_ONCE = 4096  # characters no longer in the cache, before their places go too


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What the cache makes of any distribution p: rest * p + own.

    Attributes:
        own: probability that the cache itself gives, by character.
        rest: what it leaves to the distribution below.
    """

    own: dict[int, float] = field(default_factory=dict)
    rest: float = 1.0


class Recall:
    """What followed contexts of all lengths that the end of a text has in common with the cache.

    Args:
        text: codes.
        levels: from the shortest length on, of each where in the text something followed, in order
            of time, at least one place; and its strength.
    """

    # What followed is looked up where it is asked for: a draw mostly ends at the longest length,
    # which has the fewest places.
    __slots__ = ("_levels", "_text")

    def __init__(self, text: Sequence[int], levels: Sequence[tuple[Sequence[int], float]]) -> None:
        self._text, self._levels = text, levels

    def draw(self, uniform: float) -> tuple[int, float]:
        """Draw a character, or none, by a number from [0, 1).

        With the probability that a context of each length has of its own, from the longest one
        down, one of its places is chosen, and what followed there comes again.

        Returns:
            A code, or -1 if what lies below the cache decides; and what is left of the number,
            which is uniform in [0, 1) again.
        """
        text = self._text
        for places, strength in reversed(self._levels):
            own = len(places)
            below = strength * (len({text[place] for place in places}) if own > 1 else 1)
            at = uniform * (own + below)
            if at < own:
                chosen = int(at)
                return text[places[chosen]], at - chosen
            uniform = (at - own) / below
        return -1, min(uniform, _BELOW_ONE)

    def adjustment(self) -> Adjustment:
        """The same as a change of any distribution."""
        own: dict[int, float] = {}
        rest = 1.0
        for places, strength in reversed(self._levels):
            counts: dict[int, int] = {}
            for place in places:
                code = self._text[place]
                counts[code] = counts.get(code, 0) + 1
            below = strength * len(counts)
            weight = rest / (len(places) + below)
            for code, count in counts.items():
                own[code] = own.get(code, 0.0) + count * weight
            rest *= below / (len(places) + below)
        return Adjustment(own, rest)


class Memory:
    """Reads characters one after another and can take them back, last first.

    The places of the shortest contexts are indexed. Which of them have more in common with the end
    of what was read is seen when that is asked for, length by length: there are soon few of them.
    (Of the last three characters a cache of 5,000 has 28 places on average.)

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
        self._lengths = tuple(zip(settings.lengths, settings.strengths, strict=True))
        # A short context is one number with its characters as digits, the last one lowest. Digits
        # are one more than codes: 0 is what is unknown.
        self._bits = vocabulary_size.bit_length()
        self._all = (1 << self._bits * settings.shortest) - 1
        self._least = 1 << self._bits * (settings.shortest - 1)  # with all digits known
        self._begin(codes)

    def _begin(self, codes: Iterable[int]) -> None:
        # Something unknown stands before the beginning: every place has characters before it.
        self._text = [self._size] * self._settings.longest
        self._contexts = [0]  # short ones, before each character and at the end
        self._places: dict[int, list[int]] = {}
        for code in codes:
            self.read(code)

    def read(self, code: int) -> None:
        """Move on by one character."""
        if code < self._size:
            context = self._contexts[-1]
            if context >= self._least:
                places = self._places.get(context)
                if places is None:
                    self._places[context] = [len(self._text)]
                else:
                    places.append(len(self._text))
            self._contexts.append((context << self._bits | code + 1) & self._all)
        else:
            self._contexts.append(0)
        self._text.append(code)

    def unread(self) -> None:
        """Take the last character back, one of those read since `forget` was called."""
        self._contexts.pop()
        context = self._contexts[-1]
        if self._text.pop() < self._size and context >= self._least:
            self._places[context].pop()

    def forget(self) -> None:
        """Let go of what is no longer in the cache; to be called now and then in a long text."""
        within = self._settings.characters + self._settings.longest
        # Those within are read again: not often.
        if len(self._text) - within >= max(_FORGOTTEN_AT_ONCE, within):
            self._begin(self._text[-within:])

    def adjustment(self) -> Adjustment:
        """What the cache makes of the distribution of the next character."""
        return self.recall().adjustment()

    def recall(self) -> Recall:
        """What followed contexts like the one at the end of what was read.

        It holds while characters are read and taken back, until some are forgotten.
        """
        text = self._text
        levels: list[tuple[list[int], float]] = []
        indexed = self._places.get(self._contexts[-1])
        if not indexed:
            return Recall(text, levels)
        oldest = len(text) - self._settings.characters
        # A copy: the next character that is read belongs to the same context.
        places = indexed[bisect_left(indexed, oldest) if indexed[0] < oldest else 0 :]
        for length, strength in self._lengths:
            if levels:
                code = text[-length]
                if code == self._size:
                    break
                places = [place for place in places if text[place - length] == code]
            if not places:
                break
            levels.append((places, strength))
        return Recall(text, levels)
