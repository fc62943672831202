"""What each part of an ensemble expects after a text, and how much it is believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.families.base import Predictor
from model.families.cache.memory import Memory
from model.families.cache.predictor import CachePredictor, adjusted
from model.families.mixture.evidence import probabilities_after
from model.families.mixture.predictor import MixturePredictor

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Explanation:
    """Distributions over the next character, each (V,), with their weights.

    Attributes:
        whole: of all parts together.
        family: of the family alone.
        ngrams: of the n-grams beside it; None where there are none.
        gate: how much the n-grams are believed, from 0 to 1; the family has the rest.
        cache: what the cache itself expects; None where there is none, or it has nothing to say.
        cached: how much the cache is believed, from 0 to 1.
    """

    whole: Array
    family: Array
    ngrams: Array | None = None
    gate: float = 0.0
    cache: Array | None = None
    cached: float = 0.0


def explain(predictor: Predictor, codes: Sequence[int]) -> Explanation:
    """What the parts of a predictor expect after codes of any number, V for unknown ones."""
    below = predictor.below if isinstance(predictor, CachePredictor) else predictor
    size, m = below.vocabulary_size, below.context_length
    window = np.array([([size] * m + list(codes))[-m:]])
    if isinstance(below, MixturePredictor):
        parts = below.parts(window)
        family, ngrams, gate = parts.other[0], parts.ngrams[0], float(parts.gate[0])
        whole = parts.probabilities[0]
    else:
        family = whole = probabilities_after(below, window)[0]
        ngrams, gate = None, 0.0
    if not isinstance(predictor, CachePredictor):
        return Explanation(whole, family, ngrams, gate)
    adjustment = Memory(predictor.settings, size, codes).adjustment()
    cached = 1.0 - adjustment.rest
    cache = None
    if cached > 0:
        cache = np.zeros(size)
        cache[list(adjustment.own)] = np.array(list(adjustment.own.values())) / cached
    return Explanation(adjusted(whole, adjustment), family, ngrams, gate, cache, cached)
