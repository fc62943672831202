"""The windows of a text: what a predictor sees before each of its characters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.families.base import Codes


def windows_before(
    before: Codes, codes: Codes, vocabulary_size: int, context_length: int
) -> NDArray[np.integer]:
    """The window before every character of a text that follows another; (n, M).

    Args:
        before: what was read before, of any number; positions before its beginning are unknown.
        codes: (n,) the text.
        vocabulary_size: V, which stands for what is unknown.
        context_length: M.

    Returns:
        (n, M) a read-only view: windows overlap in memory.
    """
    last = np.asarray(before)[max(0, len(before) - context_length) :]
    unknown = np.full(context_length - len(last), vocabulary_size)
    joined = np.concatenate([unknown, last, codes]).astype(np.intp)
    return np.lib.stride_tricks.sliding_window_view(joined, context_length)[: len(codes)]
