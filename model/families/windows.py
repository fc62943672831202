"""Readers for predictors that look at windows: the last M characters are all they need."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.families.base import Predictor

Array = NDArray[np.float64]


class WindowReader:
    """A reader that asks a predictor for the window it has come to.

    Args:
        predictor: whose answers depend on its last M characters alone.
        codes: what was read before, of any number; positions before its beginning are unknown.
    """

    def __init__(self, predictor: Predictor, codes: Sequence[int] = ()) -> None:
        self._predictor = predictor
        m, unknown = predictor.context_length, predictor.vocabulary_size
        last = list(codes[-m:])
        self._window = np.array([[unknown] * (m - len(last)) + last], dtype=np.intp)

    def log_probabilities(self) -> Array:
        """Natural logarithms of the probabilities of what comes next; (V,)."""
        return self._predictor.log_probabilities(self._window)[0]

    def read(self, code: int) -> None:
        """Move the window on by one character."""
        self._window[0, :-1] = self._window[0, 1:]
        self._window[0, -1] = code
