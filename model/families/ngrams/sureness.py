"""How sure n-grams are after every context they know, without making one whole distribution.

The distribution after a context is that after the next shorter one, times what is left to it, but
for the characters that followed it itself. So entropy and peak follow from those of the shorter
context and from a few characters: 0.07 s for 1 MB of text and order 7, where all distributions
would be 240 MB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.families.ngrams.places import places
from model.families.ngrams.smoothing import SmoothedLevel

Array = NDArray[np.float64]
IntArray = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Sureness:
    """Of contexts of all lengths in one row, shorter ones first.

    Attributes:
        depths: (C,) how long each is, in characters.
        rests: (C,) the probability each leaves to shorter ones.
        entropies: (C,) of the distribution after each, in nats.
        peaks: (C,) the probability of the most probable character.
        probabilities: (G,) of the characters that followed each itself, in single precision.
    """

    depths: NDArray[np.int8]
    rests: Array
    entropies: Array
    peaks: Array
    probabilities: NDArray[np.float32]

    @classmethod
    def of(cls, levels: Sequence[SmoothedLevel], vocabulary_size: int) -> Sureness:
        """Of a smoothed model; levels as for `NgramPredictor`."""
        known = [_Known.of(levels[0], None, vocabulary_size)]
        for level in levels[1:]:
            known.append(_Known.of(level, known[-1], vocabulary_size))
        return cls(
            np.repeat(np.arange(len(levels), dtype=np.int8), [len(level.keys) for level in levels]),
            np.concatenate([level.rest for level in levels]),
            np.concatenate([k.entropies for k in known]),
            np.concatenate([k.peaks for k in known]),
            np.concatenate([k.probabilities for k in known]).astype(np.float32),
        )


@dataclass(frozen=True, eq=False)
class _Known:
    """The same of contexts of one length."""

    shorter: _Known | None
    parents: NDArray[np.int64]
    grams: NDArray[np.int64]
    rests: Array
    entropies: Array
    peaks: Array
    probabilities: Array

    @classmethod
    def of(cls, level: SmoothedLevel, shorter: _Known | None, size: int) -> _Known:
        contexts, rest = len(level.keys), level.rest
        parents = level.keys // size if shorter else np.zeros(contexts, dtype=np.int64)
        lengths = np.diff(level.starts)
        rows = np.repeat(np.arange(contexts), lengths)
        if shorter is None:
            before = np.full(len(rows), 1.0 / size)
            entropies, peaks = np.full(contexts, np.log(size)), np.full(contexts, 1.0 / size)
        else:
            before = shorter.after(parents[rows], level.following, size)
            entropies, peaks = shorter.entropies[parents], shorter.peaks[parents]
        p = level.shares + rest[rows] * before
        # What the shorter context gives to all characters, less those that followed this one.
        others = -entropies - np.bincount(rows, before * np.log(before), minlength=contexts)
        share = 1.0 - np.bincount(rows, before, minlength=contexts)
        own = np.bincount(rows, p * np.log(p), minlength=contexts)
        entropies = -(own + rest * (others + share * np.log(rest)))
        # The shorter context's peak is that of the others, or belongs to one that has more here.
        peaks = rest * peaks
        followed = np.flatnonzero(lengths)
        if len(followed):
            most = np.maximum.reduceat(p, level.starts[:-1][followed])
            peaks[followed] = np.maximum(peaks[followed], most)
        return cls(shorter, parents, rows * size + level.following, rest, entropies, peaks, p)

    def after(self, numbers: IntArray, codes: IntArray, size: int) -> Array:
        """Probabilities of some characters after some of these contexts; (n,), (n,) -> (n,)."""
        at, there = places(self.grams, numbers * size + codes)
        p = np.empty(len(numbers))
        p[there] = self.probabilities[at[there]]
        if not there.all():
            numbers, codes = numbers[~there], codes[~there]
            if self.shorter is None:
                below: Array | float = 1.0 / size
            else:
                below = self.shorter.after(self.parents[numbers], codes, size)
            p[~there] = self.rests[numbers] * below
        return p
