"""Parts of a training text set aside, to fit on them what must not be fitted on counted text.

Short blocks spread over the whole text are like it everywhere. One slice at the end is not: a new
chapter begins, with names that nothing before has, and what is trained without it lacks them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.running_text import RunningText

IntArray = NDArray[np.integer]
Mask = NDArray[np.bool_]

_FRACTION = 0.05
_ENOUGH = 1 << 16  # characters: a few dozen numbers are learned from them
_LONGEST_BLOCK = 1000  # characters
_FEWEST_BLOCKS = 20


def fraction_aside(characters: int) -> float:
    """How much of a text of so many characters is enough: of a long one, little."""
    return min(_FRACTION, _ENOUGH / max(characters, 1))


def spread_blocks(
    characters: int, fraction: float | None = None, length: int | None = None
) -> Mask:
    """Which characters of a text are set aside; (n,), the same for the same arguments.

    Args:
        characters: n.
        fraction: of the text, about as much as will be set aside; between 0 and 1/2. By default a
            twentieth, of long texts less.
        length: characters of a block; by default 1,000, in a short text less, so that there are
            at least twenty.

    Raises:
        SettingsError: an argument is out of range, or the text is too short for a block.
    """
    if fraction is None:
        fraction = fraction_aside(characters)
    if not 0 < fraction <= 0.5:
        raise SettingsError(f"A part of {fraction} cannot be set aside: choose 0 to 0.5.")
    if length is None:
        length = min(_LONGEST_BLOCK, max(1, int(characters * fraction / _FEWEST_BLOCKS)))
    if length < 1 or length > characters // 2:
        raise SettingsError(
            f"Blocks of {length} characters cannot be set aside in a text of {characters}: "
            "choose shorter blocks or a longer text."
        )
    count = max(1, round(characters * fraction / length))
    # One in the middle of each of as many equal stretches.
    starts = (np.arange(count) + 0.5) * characters / count - length / 2
    mask = np.zeros(characters, dtype=bool)
    mask[(starts.astype(np.intp)[:, None] + np.arange(length)).ravel()] = True
    return mask


def set_aside(text: RunningText) -> Mask:
    """Which characters of a text are set aside: `spread_blocks`, of a list whole lines; (n,).

    Raises:
        SettingsError: the text is too short to set anything aside.
    """
    if text.line is None:
        return spread_blocks(len(text))
    lines = int(text.line[-1]) + 1 if len(text) else 0
    fraction = min(_FRACTION, _ENOUGH / max(1, int(text.asked.sum())))
    return spread_blocks(lines, fraction, length=1)[text.line]


def with_gaps(codes: IntArray, mask: Mask, vocabulary_size: int) -> NDArray[np.int32]:
    """A text with the code V, a gap, in place of each character that is set aside; (n,)."""
    return np.where(mask, vocabulary_size, codes).astype(np.int32)
