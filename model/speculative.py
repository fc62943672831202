"""Writing several characters at once with a predictor that is slow one context at a time.

A cheap draft goes ahead by some characters, the slow predictor is asked about all their contexts
in one batch, and drafted characters stand as long as the slow predictor agrees: Leviathan, Kalman
and Matias, Fast inference from transformers via speculative decoding, ICML 2023. The text is
distributed exactly as the slow predictor's, whatever the draft.

Each character is a function of its context and one uniform number alone, in one of two ways:

- "maximal": the draft's character stands as often as two distributions allow; what is over is
  drawn where the slow predictor has more than the draft.
- "inverse": the slow predictor's inverse distribution function, as without a draft; the draft's
  character stands where its own inverse is the same.

So how many characters are drafted at a time changes nothing of the text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.families.cache.memory import NOTHING, Adjustment, Memory
from model.families.cache.settings import CacheSettings

Array = NDArray[np.float64]
Adjust = Callable[[Array], Array]
"""Probabilities after temperature, top-k and top-p; (n, V) -> (n, V)."""
Coupling = Literal["maximal", "inverse"]

_AHEAD = 12  # characters drafted at a time
_UNIFORMS_AT_ONCE = 1024


class Draft(Protocol):
    """A cheap distribution, with whatever the slow predictor can make use of."""

    @property
    def probabilities(self) -> Array:
        """Of every next character; (V,)."""
        ...

    adjusted: Array | None
    """Where the writer keeps its probabilities after temperature, top-k and top-p."""


class Drafter(Protocol):
    """A predictor that has a cheaper one inside."""

    @property
    def vocabulary_size(self) -> int:
        """V."""
        ...

    @property
    def context_length(self) -> int:
        """M."""
        ...

    def draft(self, context: tuple[int, ...]) -> Draft:
        """A cheap answer after M codes, V for unknown ones; the caller may write into it."""
        ...

    def complete(self, contexts: NDArray[np.intp], drafts: Sequence[Draft]) -> Array:
        """The true probabilities after (k, M) contexts whose drafts are known; (k, V)."""
        ...
