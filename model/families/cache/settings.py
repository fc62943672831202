"""How far a cache looks back, at which contexts, and how strongly it speaks."""

from __future__ import annotations

from dataclasses import dataclass

from model.errors import SettingsError


@dataclass(frozen=True)
class CacheSettings:
    """A cache as Kuhn and De Mori describe it, over contexts of several lengths.

    A cache-based natural language model for speech recognition, IEEE Transactions on Pattern
    Analysis and Machine Intelligence 12, 1990; theirs counts words, this one characters. With n(c)
    the number of times c followed the last j characters within the cache, N their sum and d how
    many different ones there were, for every length j from the shortest to the longest::

        P_j(c) = (n(c) + s_j d P_shorter(c)) / (N + s_j d)

    Attributes:
        characters: K, how many characters back it remembers, at least 1.
        shortest: of the contexts it counts, in characters, at least 1.
        strengths: s_j, one for each length from the shortest on: how much what lies below weighs
            for every different character that followed.
    """

    characters: int = 2000
    shortest: int = 4
    strengths: tuple[float, ...] = (4.0, 4.0, 4.0, 4.0)

    def __post_init__(self) -> None:
        if self.characters < 1:
            raise SettingsError(f"A cache of {self.characters} characters: it must have one.")
        if self.shortest < 1 or not self.strengths:
            raise SettingsError("A cache counts contexts of at least one character: name one.")
        if not all(0 < strength < float("inf") for strength in self.strengths):
            raise SettingsError(f"The strengths are {self.strengths}: all must be above 0.")

    @property
    def longest(self) -> int:
        """Characters of the longest contexts that are counted."""
        return self.shortest + len(self.strengths) - 1

    @property
    def lengths(self) -> range:
        """Of the contexts that are counted, in characters, ascending."""
        return range(self.shortest, self.longest + 1)
