"""A family on a training text with n-grams beside it and a cache on top, and how they are fitted.

Nothing is fitted on text that is counted or trained on: short blocks of the training text, spread
over all of it, are set aside. The family is trained without them; counts are made without them for
the gate, and without a whole stretch of text around them for the cache. In the end everything is
counted. All but the family's own part is found once, so that a fit to other parameters is quick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from model.errors import Cancelled
from model.families.base import Codes, Model, NeedsText, Predictor, on_text
from model.families.cache.fitting import SIZES, CacheEvidence, without_their_stretch
from model.families.cache.predictor import CachePredictor
from model.families.ensemble.settings import (
    AUTO,
    MOST_CELLS_ASIDE,
    MOST_COUNTED,
    OFF,
    EnsembleSettings,
    Fit,
)
from model.families.mixture.evidence import Evidence, probabilities_after
from model.families.mixture.gate import Gate
from model.families.mixture.predictor import MixturePredictor
from model.families.ngrams.limits import LONGEST
from model.families.ngrams.order import best_order, of_every_order
from model.families.ngrams.predictor import NgramPredictor
from model.families.set_aside import Mask, set_aside
from model.families.text_windows import windows_before
from model.running_text import RunningText

Array = NDArray[np.float64]
IntArray = NDArray[np.integer]

_ENOUGH_FOR_AN_ORDER = 2_000_000  # characters
_FOLDS, _FOLDS_OF_LONG_TEXTS = 5, 2  # stretches of text that are left out, one after another


class Ensemble:
    """What goes with a family on one training text.

    Args:
        model: the family's, complete: see `model.families.base.on_text`.
        training: the text, with a reach of what is longest of all.
        settings: what goes with it; of a list no cache does.

    Attributes:
        aside: (n,) which characters the family must be trained without, as `Dataset.count` takes
            them; None where it counts, and so is counted again without them.
    """

    def __init__(self, model: Model, training: RunningText, settings: EnsembleSettings) -> None:
        self.model, self.settings = model, settings
        self._text = training.end(MOST_COUNTED)
        blocks = set_aside(self._text)
        self.aside: Mask | None = None
        if not isinstance(model, NeedsText):
            aside = np.zeros(len(training), dtype=bool)
            aside[len(training) - len(blocks) :] = blocks
            self.aside = aside if training.counted is None else aside[training.counted]
        self._blocks = blocks
        size = model.vocabulary_size
        asked = np.flatnonzero(blocks & self._text.asked)
        self._positions = asked[:: -(-len(asked) * size // MOST_CELLS_ASIDE)]
        self._lock = Lock()  # guards the two below: several threads may ask
        self._ngrams: NgramPredictor | None = None
        self._shared: _Shared | None = None

    def prepare(self, is_cancelled: Callable[[], bool] | None = None) -> None:
        """Count what all fits share; once. Raises Cancelled if `is_cancelled` said so."""
        with self._lock:
            if self._shared is None:
                self._shared = self._found(is_cancelled or (lambda: False))

    def fit(self, theta: Array) -> Fit:
        """How much to believe each part, with the family at these parameters, (D,)."""
        self.prepare()
        shared = self._shared
        assert shared is not None
        below, gate = shared.counted, None
        if below is None:
            other = probabilities_after(self.model.predictor(theta), shared.windows)
            below = other[np.arange(len(other)), shared.targets]
            if shared.without is not None:
                gate = shared.without.gate(other)
                if shared.around is not None:
                    below = shared.around.mixed(other, gate)
        return Fit(
            shared.order,
            None if gate is None else gate.weights,
            None if shared.cache is None else shared.cache.fitted(below),
        )

    def predictor(self, theta: Array, fit: Fit) -> Predictor:
        """All parts together, with the family at these parameters, (D,), that they were fitted to.

        Raises:
            SettingsError: the fit is of another vocabulary or text.
        """
        found: Predictor = self.model.predictor(theta)
        if fit.gate is not None:
            found = MixturePredictor(self.ngrams(fit.order), found, Gate(fit.gate))
        return found if fit.cache is None else CachePredictor(found, fit.cache)

    def ngrams(self, order: int) -> NgramPredictor:
        """The n-grams of the whole text."""
        with self._lock:
            if self._ngrams is None or self._ngrams.order != order:
                self._ngrams = NgramPredictor.from_text(self._text, order)
            return self._ngrams

    def _found(self, is_cancelled: Callable[[], bool]) -> _Shared:
        text, positions, size = self._text, self._positions, self.model.vocabulary_size
        codes = text.codes
        targets = codes[positions]
        windows = windows_before(codes[:0], codes, size, self._reach)[positions]
        without: Evidence | None = None
        order = 0
        if self._is_mixed:
            order, without = self._without(windows, targets)
        if is_cancelled():
            raise Cancelled("Counting was cancelled.")
        if self._is_mixed and self._ngrams is None:
            self._ngrams = NgramPredictor.from_text(text, order)
        if self.settings.cache == OFF:
            return _Shared(windows, targets, order, without)
        sizes = SIZES if self.settings.cache == AUTO else (self.settings.cache,)
        cache = CacheEvidence(codes, positions, size, sizes)
        model = self.model

        def ask(gapped: IntArray, asked: slice) -> Evidence:
            if is_cancelled():
                raise Cancelled("Counting was cancelled.")
            counted = NgramPredictor.from_codes(gapped, size, order)
            return Evidence.of(counted, windows[asked], targets[asked])

        def ask_family(gapped: IntArray, asked: slice) -> Array:
            if is_cancelled():
                raise Cancelled("Counting was cancelled.")
            counted = on_text(model, RunningText(gapped, size)).predictor(np.empty(0))
            p = probabilities_after(counted, windows[asked])
            return p[np.arange(len(p)), targets[asked]]

        folds = _FOLDS if len(codes) <= _ENOUGH_FOR_AN_ORDER else _FOLDS_OF_LONG_TEXTS
        if self.aside is None:
            pieces = without_their_stretch(codes, positions, size, ask_family, folds)
            return _Shared(windows, targets, order, counted=np.concatenate(pieces), cache=cache)
        if not self._is_mixed:
            return _Shared(windows, targets, order, cache=cache)
        around = Evidence.joined(without_their_stretch(codes, positions, size, ask, folds))
        return _Shared(windows, targets, order, without, around, cache=cache)

    @property
    def _is_mixed(self) -> bool:
        # Counts beside counts would say the same twice.
        return self.settings.ngrams != OFF and self.aside is not None

    @property
    def _reach(self) -> int:
        chosen = LONGEST if self.settings.ngrams == AUTO else self.settings.ngrams
        return max(chosen - 1, self.model.context_length)

    def _without(self, windows: Codes, targets: IntArray) -> tuple[int, Evidence]:
        """The order of the n-grams, and what they say of what is set aside without it."""
        order, gapped = self.settings.ngrams, self._text.without(self._blocks)
        if order == AUTO and len(gapped) > _ENOUGH_FOR_AN_ORDER:
            order = best_order(self._text.end(_ENOUGH_FOR_AN_ORDER))
        if order != AUTO:
            return order, Evidence.of(NgramPredictor.from_text(gapped, order), windows, targets)
        longest = min(LONGEST, max(1, len(gapped) - 1))
        best = min(
            of_every_order(gapped, longest=longest),
            key=lambda counted: -counted.log_probabilities_of(windows, targets).mean(),
        )
        return best.order, Evidence.of(best, windows, targets)


@dataclass(frozen=True, eq=False)
class _Shared:
    """What fits to all parameters share, at some positions of the training text that are set aside.

    Attributes:
        windows: (k, M) before these positions.
        targets: (k,) the characters there.
        order: of the n-grams; 0 for none.
        without: what n-grams without all that is set aside say; None for no n-grams.
        around: what n-grams without the whole stretch around each position say, where a cache
            comes on top.
        counted: (k,) where the family itself counts, what it gives to these characters, counted
            without the stretch around.
        cache: what caches have there; None for no cache.
    """

    windows: Codes
    targets: IntArray
    order: int
    without: Evidence | None = None
    around: Evidence | None = None
    counted: Array | None = None
    cache: CacheEvidence | None = None
