"""A family with n-grams and a cache, against its parts put together by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from model.errors import Cancelled
from model.families.base import Predictor
from model.families.cache.fitting import SIZES, fit_cache, probabilities_aside
from model.families.cache.predictor import CachePredictor
from model.families.cache.settings import CacheSettings
from model.families.ensemble import ensemble as ensembles
from model.families.ensemble.ensemble import Ensemble
from model.families.ensemble.explanation import explain
from model.families.ensemble.settings import AUTO, OFF, EnsembleSettings, Fit
from model.families.log_bilinear.shape import LogBilinear
from model.families.mixture.gate import Gate
from model.families.mixture.predictor import MixturePredictor, fit_gate
from model.families.ngrams.model import NgramModel
from model.families.ngrams.order import best_order
from model.families.ngrams.predictor import NgramPredictor
from model.families.set_aside import spread_blocks, with_gaps
from model.families.text_windows import windows_before
from model.running_text import RunningText

V = 6
MODEL = LogBilinear(V, 2, 3)
THETA = np.random.default_rng(0).normal(size=MODEL.parameter_count)


def chapters(length: int, seed: int = 0) -> np.ndarray:
    """Chapters of 200 characters, each with an order of its own, a tenth of them at random."""
    rng = np.random.default_rng(seed)
    codes = np.concatenate([np.tile(rng.permutation(V), 34)[:200] for _ in range(length // 200)])
    return np.where(rng.random(len(codes)) < 0.1, rng.integers(V, size=len(codes)), codes)


CODES = chapters(3000)
TEXT = RunningText(CODES, V)
ASIDE = spread_blocks(len(CODES))


def test_the_gate_is_fitted_on_what_is_set_aside_alone() -> None:
    ensemble = Ensemble(MODEL, TEXT, EnsembleSettings(ngrams=3))
    fit = ensemble.fit(THETA)
    np.testing.assert_array_equal(ensemble.aside, ASIDE)
    without = NgramPredictor.from_codes(with_gaps(CODES, ASIDE, V), V, 3)
    other = MODEL.predictor(THETA)
    gate = fit_gate(without, other, CODES, ASIDE)
    assert (fit.order, fit.cache) == (3, None)
    assert fit.gate is not None
    np.testing.assert_allclose(fit.gate, gate.weights)
    # In the end everything is counted.
    mixture = MixturePredictor(NgramPredictor.from_codes(CODES, V, 3), other, gate)
    contexts = np.random.default_rng(1).integers(V + 1, size=(50, 2))
    np.testing.assert_allclose(
        ensemble.predictor(THETA, fit).log_probabilities(contexts),
        mixture.log_probabilities(contexts),
    )


def test_the_best_order_is_that_of_the_counts() -> None:
    assert Ensemble(MODEL, TEXT, EnsembleSettings(ngrams=AUTO)).fit(THETA).order == best_order(TEXT)


@pytest.mark.parametrize("cache", [AUTO, 300])
def test_the_cache_is_fitted_on_counts_without_the_text_around(cache: int) -> None:
    fit = Ensemble(MODEL, TEXT, EnsembleSettings(3, cache)).fit(THETA)
    assert fit.gate is not None
    positions, below = probabilities_aside(
        CODES, ASIDE, MODEL.predictor(THETA), Gate(fit.gate), order=3, folds=5
    )
    sizes = (300,) if cache == 300 else SIZES
    expected = fit_cache(below, CODES, positions, V, sizes)
    assert fit.cache is not None
    assert (fit.cache.characters, fit.cache.lengths) == (expected.characters, expected.lengths)
    np.testing.assert_allclose(fit.cache.strengths, expected.strengths, rtol=1e-4)


def test_a_cache_lies_on_a_family_alone() -> None:
    fit = Ensemble(MODEL, TEXT, EnsembleSettings(cache=200)).fit(THETA)
    assert (fit.order, fit.gate) == (0, None)
    positions = np.flatnonzero(ASIDE)
    windows = windows_before(CODES[:0], CODES, V, 2)[positions]
    below = np.exp(MODEL.predictor(THETA).log_probabilities(windows))
    below = below[np.arange(len(below)), CODES[positions]]
    assert fit.cache == fit_cache(below, CODES, positions, V, (200,))


def test_counts_are_counted_again_without_the_text_around() -> None:
    model = NgramModel.fitted(TEXT, order=3, smoothing="witten-bell")
    ensemble = Ensemble(model, TEXT, EnsembleSettings(ngrams=4, cache=200))
    assert ensemble.aside is None  # nothing is trained
    fit = ensemble.fit(np.empty(0))
    assert (fit.order, fit.gate) == (0, None)  # counts beside counts would say the same twice
    positions, below = np.flatnonzero(ASIDE), []
    for low, high in pairwise(np.linspace(0, len(CODES), 6).astype(int)):
        left_out = np.zeros(len(CODES), dtype=bool)
        left_out[low:high] = True
        gapped = with_gaps(CODES, left_out, V)
        counted = NgramPredictor.from_codes(gapped, V, 3, "witten-bell")
        below += [
            np.exp(counted.log_probabilities(CODES[None, max(0, at - 2) : at])[0, CODES[at]])
            for at in positions[(positions >= low) & (positions < high)]
        ]
    assert fit.cache is not None
    expected = fit_cache(np.array(below), CODES, positions, V, (200,))
    np.testing.assert_allclose(fit.cache.strengths, expected.strengths, rtol=1e-4)
    assert isinstance(ensemble.predictor(np.empty(0), fit), CachePredictor)


def test_all_together_know_a_new_chapter_best() -> None:
    training, held_out = CODES[:-400], CODES[-400:]
    losses = []
    for settings in (EnsembleSettings(3), EnsembleSettings(3, AUTO)):
        ensemble = Ensemble(MODEL, RunningText(training, V), settings)
        predictor = ensemble.predictor(THETA, ensemble.fit(THETA))
        if isinstance(predictor, CachePredictor):
            losses.append(-predictor.log_probabilities_along(held_out, training).mean())
        else:
            windows = windows_before(training, held_out, V, 2)
            losses.append(-predictor.log_probabilities(windows)[np.arange(400), held_out].mean())
    assert losses[1] < losses[0] - 0.2


def test_of_a_long_text_the_end_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensembles, "MOST_COUNTED", 1000)
    monkeypatch.setattr(ensembles, "_ENOUGH_FOR_AN_ORDER", 500)
    ensemble = Ensemble(MODEL, TEXT, EnsembleSettings(AUTO, AUTO))
    end = CODES[-1000:]
    assert ensemble.aside is not None
    np.testing.assert_array_equal(ensemble.aside[-1000:], spread_blocks(1000))
    assert not ensemble.aside[:-1000].any()
    fit = ensemble.fit(THETA)
    assert fit.order == best_order(RunningText(CODES[-500:], V))
    contexts = np.random.default_rng(1).integers(V, size=(50, 3))
    np.testing.assert_array_equal(
        ensemble.ngrams(fit.order).log_probabilities(contexts),
        NgramPredictor.from_codes(end, V, fit.order).log_probabilities(contexts),
    )


def test_of_many_probabilities_some_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensembles, "MOST_CELLS_ASIDE", 60 * V)
    ensemble = Ensemble(MODEL, TEXT, EnsembleSettings(3, 200))
    assert 40 <= len(ensemble._positions) <= 60
    assert set(ensemble._positions) <= set(np.flatnonzero(ASIDE))
    assert ensemble.fit(THETA).gate is not None


def test_counting_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        Ensemble(MODEL, TEXT, EnsembleSettings(3, AUTO)).prepare(lambda: True)


@pytest.mark.parametrize(
    "fit", [Fit(), Fit(4, np.arange(11.0)), Fit(0, None, CacheSettings(7, 2, (1.0, 2.5)))]
)
def test_a_fit_is_made_of_its_state(fit: Fit) -> None:
    again = Fit.of(fit.state_dict())
    assert (again.order, again.cache) == (fit.order, fit.cache)
    np.testing.assert_array_equal(again.gate, fit.gate)


@pytest.mark.parametrize(
    "other",
    [
        {"gate": np.array([1.0, 2.0])},
        {"gate": np.full(11, np.nan)},
        {"gate": None, "order": 99},
        {"cache": [0, 2, [1.0]]},
        {"cache": [10**9, 2, [1.0]]},
        {"cache": [7, 2, [1e-300]]},
        {"cache": [7, 2, []]},
        {"cache": "7"},
    ],
)
def test_what_is_no_fit_is_refused(other: dict[str, object]) -> None:
    good = Fit(4, np.arange(11.0), CacheSettings(7, 2, (1.0, 2.5))).state_dict()
    with pytest.raises((ValueError, TypeError)):
        Fit.of({**good, **other})


@pytest.mark.parametrize(
    "settings",
    [EnsembleSettings(), EnsembleSettings(3), EnsembleSettings(OFF, 300), EnsembleSettings(3, 300)],
)
def test_what_is_explained_adds_up_to_what_a_reader_says(settings: EnsembleSettings) -> None:
    ensemble = Ensemble(MODEL, TEXT, settings)
    predictor: Predictor = ensemble.predictor(THETA, ensemble.fit(THETA))
    for text in (CODES[:50].tolist(), [0], []):
        found = explain(predictor, text)
        whole = np.exp(predictor.reader(text).log_probabilities())
        np.testing.assert_allclose(found.whole, whole)
        family = np.exp(MODEL.predictor(THETA).reader(text).log_probabilities())
        np.testing.assert_allclose(found.family, family)
        together = found.family
        if found.ngrams is not None:
            together = found.gate * found.ngrams + (1 - found.gate) * together
        if found.cache is not None:
            assert found.cache.sum() == pytest.approx(1.0)
            together = found.cached * found.cache + (1 - found.cached) * together
        np.testing.assert_allclose(together, whole)
    assert (found.ngrams is None) == (settings.ngrams == OFF)
    assert explain(predictor, CODES[:50].tolist()).cached > 0 or settings.cache == OFF
