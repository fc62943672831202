"""How far a cache should look back and how strongly it should speak, learned on training text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from model.families.base import Predictor
from model.families.cache.along_text import CacheCounts, TextContexts
from model.families.cache.predictor import CachePredictor
from model.families.cache.settings import CacheSettings
from model.families.mixture.evidence import Evidence, probabilities_after
from model.families.mixture.gate import Gate
from model.families.mixture.predictor import fit_mixture
from model.families.ngrams.predictor import NgramPredictor
from model.families.set_aside import Mask, with_gaps
from model.families.text_windows import windows_before
from model.parallel import in_parallel

Result = TypeVar("Result")
Array = NDArray[np.float64]
IntArray = NDArray[np.integer]

SIZES = (500, 1000, 2000, 5000, 10_000)
LENGTHS = range(3, 9)
_TYPICAL = 16.0  # a strength to begin with, and what short texts stay near
_PRIOR = 1.0
_BOUNDS = (0.0, 8.0)  # of the logarithms of strengths: beyond, a length says nothing any more
_FOLDS = 10


def fit_cached_mixture(
    codes: IntArray, aside: Mask, other: Predictor, order: int | None = None
) -> CachePredictor:
    """A predictor beside n-grams of its training text, with a cache on top.

    Arguments and errors as for `fit_mixture`. On 1 MB of text about ten seconds, half of it for
    the cache.
    """
    mixture = fit_mixture(codes, aside, other, order)
    positions, below = probabilities_aside(codes, aside, other, mixture.gate, mixture.ngrams.order)
    size = mixture.vocabulary_size
    return CachePredictor(mixture, fit_cache(below, codes, positions, size))


def fit_cache(
    below: Array,
    codes: IntArray,
    positions: IntArray,
    vocabulary_size: int,
    sizes: Sequence[int] = SIZES,
    lengths: Sequence[int] = LENGTHS,
) -> CacheSettings:
    """The cache that gives some characters of a training text the highest probability.

    Args:
        below: (n,) what the predictor below gives to these characters, fitted without them.
        codes: the training text, V for gaps.
        positions: (n,) ascending: where these characters stand in it.
        vocabulary_size: V.
        sizes: of the memory, in characters, to choose from.
        lengths: of contexts, ascending, in steps of one.
    """
    return CacheEvidence(codes, positions, vocabulary_size, sizes, lengths).fitted(below)


class CacheEvidence:
    """What caches of several sizes have at some positions of a text, whatever lies below them.

    Arguments as for `fit_cache`.
    """

    def __init__(
        self,
        codes: IntArray,
        positions: IntArray,
        vocabulary_size: int,
        sizes: Sequence[int] = SIZES,
        lengths: Sequence[int] = LENGTHS,
    ) -> None:
        codes, positions = within_reach(codes, positions, max(sizes) + max(lengths))
        contexts = TextContexts(codes, vocabulary_size, lengths)
        self._counts = [(size, contexts.counts(size, positions)) for size in sizes]
        self._lengths = lengths

    def fitted(self, below: Array) -> CacheSettings:
        """The cache that does best on top of what gives these probabilities, (n,)."""
        from scipy.optimize import minimize  # takes long to load: not at start-up

        lengths = self._lengths
        found, best_loss = CacheSettings(), np.inf
        start = np.full(len(lengths), np.log(_TYPICAL))
        for characters, counts in self._counts:
            result = minimize(
                cache_loss,
                start,
                args=(counts, below),
                jac=True,
                method="L-BFGS-B",
                bounds=[_BOUNDS] * len(lengths),
                options={"maxiter": 100},
            )
            if result.fun < best_loss:
                strengths = tuple(float(s) for s in np.exp(result.x))
                found = CacheSettings(characters, lengths[0], strengths)
                best_loss = float(result.fun)
            start = result.x
        return found


def within_reach(
    codes: IntArray, positions: IntArray, reach: int
) -> tuple[IntArray, NDArray[np.intp]]:
    """A text without what is farther before all of some positions than a reach.

    Between positions whose reaches do not touch, the stretches of text stand side by side; what
    belongs to another stretch is then still beyond the reach.

    Args:
        codes: (n,) the text.
        positions: (k,) ascending.
        reach: in characters.

    Returns:
        The text that is left, and where the positions are in it, (k,).
    """
    positions = np.asarray(positions)
    edges = np.zeros(len(codes) + 1, dtype=np.int64)
    np.add.at(edges, np.maximum(positions - reach, 0), 1)
    np.add.at(edges, positions + 1, -1)
    needed = np.cumsum(edges[:-1]) > 0
    return np.asarray(codes)[needed], (np.cumsum(needed) - 1)[positions]


def cache_loss(
    logarithms: Array, counts: Sequence[CacheCounts], below: Array, prior: float = _PRIOR
) -> tuple[float, Array]:
    """What fitting minimizes: nats per character with a cache, plus the prior's share.

    Args:
        logarithms: (k,) of the strengths, one for each length of context.
        counts: what the memory has on each length, k of them.
        below: (n,) what the predictor below gives to the characters that came.
        prior: lambda of lambda/2 (logarithm - that of a typical strength)^2 beside the summed loss.

    Returns:
        The loss, and its gradient, (k,).
    """
    p, n = below, len(below)
    slopes, passed_on = [], []
    for level, strength in zip(counts, np.exp(logarithms), strict=True):
        rest = strength * level.different
        scale = 1.0 / np.where(level.total > 0, level.total + rest, 1.0)
        passed = np.where(level.total > 0, rest * scale, 1.0)
        own = level.count * scale
        slopes.append(passed * ((1.0 - passed) * p - own))
        passed_on.append(passed)
        p = passed * p + own
    away = logarithms - np.log(_TYPICAL)
    gradient = prior / n * away
    weight = -1.0 / (n * p)
    for j in reversed(range(len(slopes))):
        gradient[j] += weight @ slopes[j]
        weight = weight * passed_on[j]
    return float(-np.log(p).mean() + 0.5 * prior / n * (away @ away)), gradient


def probabilities_aside(
    codes: IntArray, aside: Mask, other: Predictor, gate: Gate, order: int, folds: int = _FOLDS
) -> tuple[NDArray[np.intp], Array]:
    """What a mixture gives to characters set aside, counted without the whole chapter around them.

    Counts that have the rest of a scene know its names already, so that a cache seems to be worth
    less than it is in a new text: on the training text of a play, with 50 blocks set aside, it
    chose 1,000 characters where 10,000 would have been right. Counted without the tenth of the
    text around, it chose well.

    Args:
        codes: (n,) the training text, V for gaps.
        aside: (n,) which characters to ask about; the other part was trained without them.
        other: the other part of the mixture.
        gate: between the counts and it.
        order: of the counts.
        folds: in how many stretches the text is left out, one after another.

    Returns:
        Positions in the text, (k,) ascending, and their characters' probabilities, (k,).
    """
    codes = np.asarray(codes)
    size = other.vocabulary_size
    positions = np.flatnonzero(np.asarray(aside) & (codes < size))
    length = max(order - 1, 1, other.context_length)
    windows = windows_before(codes[:0], codes, size, length)[positions]

    def without(gapped: IntArray, asked: slice) -> Evidence:
        counted = NgramPredictor.from_codes(gapped, size, order)
        return Evidence.of(counted, windows[asked], codes[positions[asked]])

    evidence = Evidence.joined(without_their_stretch(codes, positions, size, without, folds))
    return positions, evidence.mixed(probabilities_after(other, windows), gate)


def without_their_stretch(
    codes: IntArray,
    positions: NDArray[np.intp],
    vocabulary_size: int,
    ask: Callable[[IntArray, slice], Result],
    folds: int = _FOLDS,
) -> list[Result]:
    """Ask about positions of a text with the whole stretch of text around them left out.

    Args:
        codes: (n,) the text, V for gaps.
        positions: (k,) ascending.
        vocabulary_size: V.
        ask: called for every stretch that has positions, on several threads, with the text that
            lacks it, (n,) codes, and which of the positions lie in it.
        folds: how many stretches there are.

    Returns:
        The answers, in the order of the text.
    """
    edges = np.linspace(0, len(codes), folds + 1).astype(np.intp)

    def task(low: int, high: int) -> Result:
        left_out = np.zeros(len(codes), dtype=bool)
        left_out[low:high] = True
        asked = slice(*np.searchsorted(positions, [low, high]))
        return ask(with_gaps(codes, left_out, vocabulary_size), asked)

    counts = np.diff(np.searchsorted(positions, edges))
    return in_parallel(
        [
            partial(task, int(low), int(high))
            for (low, high), count in zip(pairwise(edges), counts, strict=True)
            if count
        ]
    )
