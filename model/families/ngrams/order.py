"""Choosing how long the n-grams of a text should be, by what they predict of parts set aside."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from model.families.ngrams.levels import count_levels
from model.families.ngrams.limits import LONGEST, Smoothing
from model.families.ngrams.predictor import NgramPredictor
from model.families.ngrams.smoothing import (
    kneser_ney_highest,
    kneser_ney_lower,
    witten_bell,
)
from model.families.set_aside import spread_blocks, with_gaps
from model.families.text_windows import windows_before

IntArray = NDArray[np.integer]


def best_order(
    codes: IntArray,
    vocabulary_size: int,
    smoothing: Smoothing = "kneser-ney",
    longest: int = LONGEST,
) -> int:
    """The order whose n-grams predict best what is set aside of a training text.

    Args:
        codes: (n,) the training text, V for gaps.
        vocabulary_size: V.
        smoothing: "kneser-ney" or "witten-bell".
        longest: the longest order tried.

    Returns:
        From 1 to `longest`; of equally good ones the shortest.
    """
    return 1 + int(np.argmin(losses_by_order(codes, vocabulary_size, smoothing, longest)))


def losses_by_order(
    codes: IntArray,
    vocabulary_size: int,
    smoothing: Smoothing = "kneser-ney",
    longest: int = LONGEST,
) -> NDArray[np.float64]:
    """Nats per character on what is set aside, of n-grams of every order from 1 on; (longest,).

    Everything is counted once: orders differ in their longest contexts alone. Arguments as for
    `best_order`.

    Raises:
        SettingsError: the text is too short to set anything aside.
    """
    codes = np.asarray(codes)
    aside = spread_blocks(len(codes))
    asked = aside & (codes < vocabulary_size)
    windows = windows_before(codes[:0], codes, vocabulary_size, max(1, longest - 1))[asked]
    gapped = with_gaps(codes, aside, vocabulary_size)
    return np.array(
        [
            -predictor.log_probabilities_of(windows, codes[asked]).mean()
            for predictor in of_every_order(gapped, vocabulary_size, smoothing, longest)
        ]
    )


def of_every_order(
    codes: IntArray,
    vocabulary_size: int,
    smoothing: Smoothing = "kneser-ney",
    longest: int = LONGEST,
) -> Iterator[NgramPredictor]:
    """N-grams of every order from 1 on, of a text that is counted once; arguments as above."""
    levels = count_levels(codes, vocabulary_size, longest)
    if smoothing == "witten-bell":
        lower = highest = witten_bell(levels)
    else:
        lower = [kneser_ney_lower(level) for level in levels[:-1]]
        highest = [kneser_ney_highest(level) for level in levels]
    for order in range(1, longest + 1):
        yield NgramPredictor([*lower[: order - 1], highest[order - 1]], vocabulary_size)
