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
from model.families.set_aside import set_aside
from model.families.text_windows import windows_before
from model.running_text import RunningText

# Whole rows of every level of every order would be made for a few questions: on 20 kB of text they
# took 95 MB, and most of the time.
_TABLE_CELLS = 1 << 16


def best_order(
    text: RunningText, smoothing: Smoothing = "kneser-ney", longest: int = LONGEST
) -> int:
    """The order whose n-grams predict best what is set aside of a training text.

    Args:
        text: the training text, with a reach of `longest` - 1 at least.
        smoothing: "kneser-ney" or "witten-bell".
        longest: the longest order tried.

    Returns:
        From 1 to `longest`; of equally good ones the shortest.
    """
    return 1 + int(np.argmin(losses_by_order(text, smoothing, longest)))


def losses_by_order(
    text: RunningText, smoothing: Smoothing = "kneser-ney", longest: int = LONGEST
) -> NDArray[np.float64]:
    """Nats per character on what is set aside, of n-grams of every order from 1 on; (longest,).

    Everything is counted once: orders differ in their longest contexts alone. Arguments as for
    `best_order`.

    Raises:
        SettingsError: the text is too short to set anything aside.
    """
    aside = set_aside(text)
    asked, codes = aside & text.asked, text.codes
    windows = windows_before(codes[:0], codes, text.vocabulary_size, max(1, longest - 1))[asked]
    return np.array(
        [
            -predictor.log_probabilities_of(windows, codes[asked]).mean()
            for predictor in of_every_order(text.without(aside), smoothing, longest)
        ]
    )


def of_every_order(
    text: RunningText, smoothing: Smoothing = "kneser-ney", longest: int = LONGEST
) -> Iterator[NgramPredictor]:
    """N-grams of every order from 1 on, of a text that is counted once; arguments as above."""
    levels = count_levels(text.codes, text.vocabulary_size, longest, text.counted)
    if smoothing == "witten-bell":
        lower = highest = witten_bell(levels)
    else:
        lower = [kneser_ney_lower(level) for level in levels[:-1]]
        highest = [kneser_ney_highest(level) for level in levels]
    for order in range(1, longest + 1):
        chosen = [*lower[: order - 1], highest[order - 1]]
        yield NgramPredictor(chosen, text.vocabulary_size, _TABLE_CELLS)
