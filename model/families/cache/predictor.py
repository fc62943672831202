"""A predictor with a cache on top: it remembers what was said a moment ago."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.families.base import Codes, Predictor
from model.families.cache.along_text import TextContexts, adjustments
from model.families.cache.memory import Adjustment, Memory
from model.families.cache.settings import CacheSettings
from model.families.text_windows import windows_before
from model.families.windows import WindowReader

Array = NDArray[np.float64]
IntArray = NDArray[np.integer]

_AT_ONCE = 2048  # contexts


class CachePredictor:
    """A cache on top of any predictor that looks at windows alone.

    Args:
        below: what the cache is interpolated with.
        settings: size, lengths, strengths.

    Raises:
        SettingsError: the predictor below has a memory of its own.
    """

    needs_only_windows = False

    def __init__(self, below: Predictor, settings: CacheSettings) -> None:
        if not below.needs_only_windows:
            raise SettingsError(
                "A cache lies on top of a model that looks at windows alone, and this one "
                "remembers more: leave one of the two memories out."
            )
        self.below, self.settings = below, settings

    @property
    def vocabulary_size(self) -> int:
        """V, at least 2."""
        return self.below.vocabulary_size

    @property
    def context_length(self) -> int:
        """M, of the predictor below."""
        return self.below.context_length

    @property
    def reach(self) -> int:
        """How many characters back it looks."""
        return max(self.context_length, self.settings.characters + self.settings.longest)

    def log_probabilities(self, contexts: Codes) -> Array:
        """As with an empty cache; (n, M) -> (n, V). Only a reader gives the true answers."""
        return self.below.log_probabilities(contexts)

    def reader(self, codes: Sequence[int] = ()) -> CacheReader:
        """A reader that has read these codes, of any number."""
        return CacheReader(self, codes)

    def log_probabilities_along(
        self, codes: IntArray, before: IntArray | Sequence[int] = ()
    ) -> Array:
        """Natural logarithms of the probability of each character of a text, left to right; (n,).

        What a reader would say of each, but all at once. Characters outside the vocabulary, code
        V, have -inf.

        Args:
            codes: (n,) the text.
            before: what was read before it, of any number of characters.
        """
        size, settings = self.vocabulary_size, self.settings
        codes = np.asarray(codes, dtype=np.int64)
        before = np.asarray(before, dtype=np.int64)
        windows = windows_before(before, codes, size, self.context_length)
        known = codes < size
        below = np.zeros(len(codes))
        for start in range(0, len(codes), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            rows = self.below.log_probabilities(windows[part])
            below[part] = np.exp(rows[np.arange(len(rows)), np.where(known[part], codes[part], 0)])
        reach = before[max(0, len(before) - self.reach) :]
        contexts = TextContexts(np.concatenate([reach, codes]), size, settings.lengths)
        positions = np.arange(len(reach), len(reach) + len(codes))
        own, rest = adjustments(contexts.counts(settings.characters, positions), settings)
        found = np.full(len(codes), -np.inf)
        found[known] = np.log((own + rest * below)[known])
        return found


class CacheReader:
    """A reader with a cache: see `Reader`."""

    def __init__(self, predictor: CachePredictor, codes: Sequence[int] = ()) -> None:
        settings = predictor.settings
        self._below = WindowReader(predictor.below, codes)
        # What lies farther back has left the cache.
        last = codes[max(0, len(codes) - settings.characters - settings.longest) :]
        self._memory = Memory(settings, predictor.vocabulary_size, last)

    def log_probabilities(self) -> Array:
        """Natural logarithms of the probabilities of what comes next; (V,)."""
        return np.log(adjusted(np.exp(self._below.log_probabilities()), self.adjustment()))

    def adjustment(self) -> Adjustment:
        """What the cache makes of the distribution below it."""
        return self._memory.adjustment()

    def read(self, code: int) -> None:
        """Move on by one character."""
        self._below.read(code)
        self._memory.read(code)
        self._memory.forget()


def adjusted(p: Array, adjustment: Adjustment) -> Array:
    """Probabilities after an adjustment; (V,) -> (V,)."""
    p = p * adjustment.rest
    for code, own in adjustment.own.items():
        p[code] += own
    return p
