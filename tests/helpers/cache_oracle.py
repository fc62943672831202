"""A cache written out from its definition: everything is counted anew at every position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from model.families.cache.settings import CacheSettings


def counts(
    codes: Sequence[int], size: int, settings: CacheSettings, length: int
) -> Counter[int] | None:
    """What followed the last `length` characters within the cache; None if one is unknown."""
    context = tuple(codes[-length:])
    if len(context) < length or size in context:
        return None
    found: Counter[int] = Counter()
    for at in range(max(0, len(codes) - settings.characters), len(codes)):
        if at >= length and tuple(codes[at - length : at]) == context and codes[at] != size:
            found[codes[at]] += 1
    return found


def with_cache(
    below: np.ndarray, codes: Sequence[int], size: int, settings: CacheSettings
) -> np.ndarray:
    """The distribution after some codes, (V,), given the one below the cache."""
    p = np.array(below)
    for length, strength in zip(settings.lengths, settings.strengths, strict=True):
        found = counts(codes, size, settings, length)
        if found:
            total, different = sum(found.values()), len(found)
            own = np.array([found[c] for c in range(size)])
            p = (own + strength * different * p) / (total + strength * different)
    return p
