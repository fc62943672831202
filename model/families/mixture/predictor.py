"""A predictor beside counts: p = g p_ngrams + (1 - g) p_other, with a gate g for every context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.families.base import Codes, Predictor, Reader
from model.families.mixture.evidence import Evidence, probabilities_after
from model.families.mixture.gate import Gate, gate_features
from model.families.mixture.sure_shares import SureShares
from model.families.ngrams.order import best_order
from model.families.ngrams.predictor import NgramPredictor
from model.families.set_aside import Mask, with_gaps
from model.families.text_windows import windows_before
from model.families.windows import WindowReader
from model.running_text import RunningText

Array = NDArray[np.float64]
IntArray = NDArray[np.integer]

_AT_ONCE = 2048  # contexts


@dataclass(frozen=True, eq=False)
class Parts:
    """What a mixture is made of after some contexts.

    Attributes:
        ngrams: (n, V) probabilities of the counts.
        other: (n, V) probabilities of the other part.
        gate: (n,) the weight of the counts, between 0 and 1.
    """

    ngrams: Array
    other: Array
    gate: Array

    @property
    def probabilities(self) -> Array:
        """Of the mixture; (n, V)."""
        gate = self.gate[:, None]
        return gate * self.ngrams + (1.0 - gate) * self.other


class MixturePredictor:
    """Any predictor beside n-grams.

    Args:
        ngrams: the counts.
        other: a predictor over the same vocabulary that looks at windows alone.
        gate: how much to believe the counts; made by `fit_gate`.

    Raises:
        SettingsError: the vocabularies differ, or the other part needs more than windows.
    """

    needs_only_windows = True

    def __init__(self, ngrams: NgramPredictor, other: Predictor, gate: Gate) -> None:
        _require_alike(ngrams, other)
        self.ngrams, self.other, self.gate = ngrams, other, gate
        self._drafter: MixtureDrafter | None = None

    @property
    def vocabulary_size(self) -> int:
        """V, at least 2."""
        return self.ngrams.vocabulary_size

    @property
    def context_length(self) -> int:
        """The longer window of both parts."""
        return max(self.ngrams.context_length, self.other.context_length)

    def log_probabilities(self, contexts: Codes) -> Array:
        """Natural logarithms of the probabilities of every next character; (n, M) -> (n, V)."""
        contexts = np.asarray(contexts)
        found = np.empty((len(contexts), self.vocabulary_size))
        for start in range(0, len(contexts), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            np.log(self.parts(contexts[part]).probabilities, out=found[part])
        return found

    def parts(self, contexts: Codes) -> Parts:
        """Both distributions and the gate, after (n, M) contexts."""
        contexts = np.asarray(contexts)
        ngrams, depths, rests = self.ngrams.probabilities(contexts)
        log_other = self.log_other(contexts)
        other = np.exp(log_other)
        deepest = self.ngrams.order - 1
        features = gate_features(ngrams, other, depths, rests, deepest, log_other)
        return Parts(ngrams, other, self.gate.shares(features))

    def log_other(self, contexts: Codes) -> Array:
        """Logarithms of the other part's probabilities; (n, M) -> (n, V)."""
        return self.other.log_probabilities(contexts[:, -self.other.context_length :])

    def drafter(self) -> MixtureDrafter:
        """For writing several characters at once, the counts ahead; made the first time."""
        if self._drafter is None:
            self._drafter = MixtureDrafter(self)
        return self._drafter

    def reader(self, codes: Sequence[int] = ()) -> Reader:
        """A reader that has read these codes, of any number."""
        return WindowReader(self, codes)


class MixtureDrafter:
    """The counts of a mixture as a draft, completed by the rest of it: see `model.speculative`."""

    def __init__(self, mixture: MixturePredictor) -> None:
        self._mixture = mixture
        self._draws = mixture.ngrams.draws()
        self.vocabulary_size = mixture.vocabulary_size
        self.context_length = mixture.context_length
        self.find, self.follow = self._draws.find, self._draws.follow
        self._sure = SureShares(mixture.gate, mixture.ngrams.sureness(), self.vocabulary_size)

    def draw(self, found: int, uniform: float) -> tuple[int, float, float, int]:
        """See `Drafter`."""
        code, rest, context, gram = self._draws.draw(found, uniform)
        after = self._draws.after(found, code, context, gram)
        if context == found:
            return code, rest, self._sure.of_gram(found, gram), after
        return code, rest, self._sure.of_context(found), after

    def complete(self, contexts: NDArray[np.intp], found: Sequence[int]) -> tuple[Array, Array]:
        """Probabilities of the counts alone, and of the whole mixture; (k, M) -> two of (k, V)."""
        numbers = np.array(found)
        ngrams = self._draws.rows(numbers)
        log_other = self._mixture.log_other(contexts)
        other = np.exp(log_other)
        bases = self._sure.bases.take(numbers)
        shares = self._mixture.gate.shares_after(bases, ngrams, other, log_other)
        other += shares[:, None] * (ngrams - other)
        return ngrams, other


def fit_gate(ngrams: NgramPredictor, other: Predictor, codes: IntArray, aside: Mask) -> Gate:
    """A gate from the characters of a training text that both parts do without.

    Args:
        ngrams: counted without what is set aside: see `with_gaps`.
        other: trained without it.
        codes: (n,) the training text, V for gaps.
        aside: (n,) which characters are set aside: see `spread_blocks`.

    Raises:
        SettingsError: nothing is set aside, or the parts do not fit together.
    """
    _require_alike(ngrams, other)
    codes = np.asarray(codes)
    asked = np.flatnonzero(np.asarray(aside) & (codes < ngrams.vocabulary_size))
    if not len(asked):
        raise SettingsError("A gate is fitted on text set aside, and nothing is: set blocks aside.")
    length = max(ngrams.context_length, other.context_length)
    windows = windows_before(codes[:0], codes, ngrams.vocabulary_size, length)[asked]
    evidence = Evidence.of(ngrams, windows, codes[asked])
    return evidence.gate(probabilities_after(other, windows))


def fit_mixture(
    codes: IntArray, aside: Mask, other: Predictor, order: int | None = None
) -> MixturePredictor:
    """Modified Kneser-Ney n-grams of a training text beside a predictor trained on it.

    The gate is fitted with counts that lack what is set aside; then everything is counted.

    Args:
        codes: (n,) the training text, V for gaps.
        aside: (n,) which of its characters the other part was not trained on.
        other: a predictor that looks at windows alone.
        order: of the n-grams, the best one by default: see `best_order`.

    Raises:
        SettingsError: nothing is set aside, or the predictor needs more than windows.
    """
    size = other.vocabulary_size
    if order is None:
        order = best_order(RunningText(codes, size))
    without = NgramPredictor.from_codes(with_gaps(codes, aside, size), size, order)
    gate = fit_gate(without, other, codes, aside)
    return MixturePredictor(NgramPredictor.from_codes(codes, size, order), other, gate)


def _require_alike(ngrams: NgramPredictor, other: Predictor) -> None:
    if ngrams.vocabulary_size != other.vocabulary_size:
        raise SettingsError(
            f"N-grams over {ngrams.vocabulary_size} characters do not mix with a model over "
            f"{other.vocabulary_size}: use one vocabulary for both."
        )
    if not other.needs_only_windows:
        raise SettingsError(
            "N-grams mix with a model that looks at windows alone, and this one remembers more: "
            "put its memory on top of the mixture."
        )
