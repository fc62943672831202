"""A log-bilinear model at fixed parameters: the one place where a context's logits are computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.families.base import Codes
from model.families.log_bilinear.layout import Layout
from model.families.windows import WindowReader

Array = NDArray[np.float64]


class LogBilinearPredictor:
    """Probabilities of the next character after any M characters, known or unknown.

    An unknown character, code V, has the mean of all embeddings: its part of a logit is then the
    mean over the vocabulary.

    Args:
        layout: sizes, and the places of the parameters.
        theta: (D,) parameters, which are copied.

    Raises:
        SettingsError: the parameters do not fit the model, or are not finite.
    """

    def __init__(self, layout: Layout, theta: Array) -> None:
        if not np.isfinite(theta).all():
            raise SettingsError("The parameters are not finite: go back to an earlier step.")
        embeddings, outputs = layout.unpack(np.array(theta, dtype=np.float64))
        self._layout = layout
        self._embeddings = np.vstack([embeddings, embeddings.mean(axis=0)])
        self._outputs = outputs.reshape(layout.vocabulary_size, -1)

    @property
    def vocabulary_size(self) -> int:
        """V."""
        return self._layout.vocabulary_size

    @property
    def context_length(self) -> int:
        """M."""
        return self._layout.context_length

    @property
    def needs_only_windows(self) -> bool:
        """The last M characters are all that the model sees."""
        return True

    def logits(self, contexts: Codes) -> Array:
        """Logits of every next character; (n, M) codes -> (n, V)."""
        return self._embeddings[contexts].reshape(len(contexts), -1) @ self._outputs.T

    def log_probabilities(self, contexts: Codes) -> Array:
        """Natural logarithms of the probabilities of every next character; (n, M) -> (n, V)."""
        logits = self.logits(contexts)
        logits -= logits.max(axis=1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return logits

    def reader(self, codes: Sequence[int] = ()) -> WindowReader:
        """A reader that has read these codes."""
        return WindowReader(self, codes)
