"""The mixture as a predictor, and fitting it on training text alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from model.errors import SettingsError
from model.families.base import Codes, Reader
from model.families.mixture import predictor as mixtures
from model.families.mixture.gate import Gate
from model.families.mixture.predictor import MixturePredictor, fit_gate, fit_mixture
from model.families.ngrams.predictor import NgramPredictor
from model.families.set_aside import spread_blocks, with_gaps
from model.families.text_windows import windows_before
from model.families.windows import WindowReader

V = 5


class SkipPredictor:
    """Knows what follows the character three back, and nothing else."""

    vocabulary_size = V
    context_length = 3
    needs_only_windows = True

    def __init__(self, codes: Codes) -> None:
        counts = np.full((V + 1, V), 0.1)
        np.add.at(counts, (codes[:-3], codes[3:]), 1.0)
        self._rows = np.log(counts / counts.sum(axis=1, keepdims=True))

    def log_probabilities(self, contexts: Codes) -> np.ndarray:
        assert contexts.shape[1] == 3
        return self._rows[contexts[:, 0]]

    def reader(self, codes: Sequence[int] = ()) -> Reader:
        return WindowReader(self, codes)


def text(length: int, seed: int) -> np.ndarray:
    """Half of it follows from the character before, half from the one three back."""
    rng = np.random.default_rng(seed)
    codes = [0, 1, 2]
    while len(codes) < length:
        codes.append((codes[-1] + 1) % V if rng.random() < 0.5 else (2 * codes[-3] + 1) % V)
    return np.array(codes)


def loss(log_p: np.ndarray, targets: np.ndarray) -> float:
    return float(-log_p[np.arange(len(targets)), targets].mean())


def test_the_mixture_is_the_weighted_sum_of_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = text(500, 0)
    ngrams, other = NgramPredictor.from_codes(codes, V, 5), SkipPredictor(codes)
    rng = np.random.default_rng(1)
    gate = Gate(0.3 * rng.normal(size=12))
    mixture = MixturePredictor(ngrams, other, gate)
    assert mixture.context_length == 4
    contexts = rng.integers(V + 1, size=(50, 4))
    parts = mixture.parts(contexts)
    np.testing.assert_allclose(parts.ngrams, np.exp(ngrams.log_probabilities(contexts)))
    np.testing.assert_allclose(parts.other, np.exp(other.log_probabilities(contexts[:, 1:])))
    assert ((parts.gate > 0) & (parts.gate < 1)).all()
    assert np.ptp(parts.gate) > 0.1
    found = np.exp(mixture.log_probabilities(contexts))
    for i in range(50):
        g = parts.gate[i]
        expected = [
            g * a + (1 - g) * b for a, b in zip(parts.ngrams[i], parts.other[i], strict=True)
        ]
        assert found[i] == pytest.approx(expected)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    monkeypatch.setattr(mixtures, "_AT_ONCE", 7)
    np.testing.assert_allclose(np.exp(mixture.log_probabilities(contexts)), found)
    reader = mixture.reader([0, 1, 2, 3, 4, 0])
    reader.read(1)
    np.testing.assert_allclose(
        reader.log_probabilities(), mixture.log_probabilities(np.array([[3, 4, 0, 1]]))[0]
    )


def test_a_fitted_mixture_beats_both_parts() -> None:
    codes = text(8000, 2)
    training, held_out = codes[:7000], codes[7000:]
    aside = spread_blocks(len(training), 0.1)
    # A few orders: two characters of context see no farther than the one before.
    other = SkipPredictor(training[~aside])
    mixture = fit_mixture(training, aside, other, order=3)
    windows = windows_before(training, held_out, V, 3)
    mixed = loss(mixture.log_probabilities(windows), held_out)
    alone = min(
        loss(mixture.ngrams.log_probabilities(windows), held_out),
        loss(other.log_probabilities(windows), held_out),
    )
    assert mixed < alone - 0.03
    everything = NgramPredictor.from_codes(training, V, 3)
    np.testing.assert_array_equal(
        mixture.ngrams.log_probabilities(windows), everything.log_probabilities(windows)
    )


def test_the_gate_never_sees_counted_text() -> None:
    codes = text(3000, 3)
    aside = spread_blocks(len(codes), 0.1)
    other = SkipPredictor(codes)
    without = NgramPredictor.from_codes(with_gaps(codes, aside, V), V, 6)
    gate = fit_gate(without, other, codes, aside)
    mixture = fit_mixture(codes, aside, other, order=6)
    np.testing.assert_array_equal(mixture.gate.weights, gate.weights)
    # Characters that are not set aside could be anything to the gate: only contexts reach them.
    counted = fit_gate(NgramPredictor.from_codes(codes, V, 6), other, codes, aside)
    contexts = windows_before(codes[:0], codes, V, 5)[aside]
    assert mixture.parts(contexts).gate.mean() < (
        MixturePredictor(mixture.ngrams, other, counted).parts(contexts).gate.mean()
    )


def test_parts_that_do_not_fit_are_refused() -> None:
    codes = text(100, 4)
    ngrams, other = NgramPredictor.from_codes(codes, V, 2), SkipPredictor(codes)
    gate = Gate(np.zeros(9))
    with pytest.raises(SettingsError, match="one vocabulary"):
        MixturePredictor(NgramPredictor.from_codes(codes, V + 1, 2), other, gate)
    with pytest.raises(SettingsError, match="nothing is"):
        fit_gate(ngrams, other, codes, np.zeros(100, dtype=bool))
    other.needs_only_windows = False
    with pytest.raises(SettingsError, match="windows alone"):
        MixturePredictor(ngrams, other, gate)
