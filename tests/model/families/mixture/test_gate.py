"""The gate: what it sees, its gradient, and what it learns."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model.families.mixture.gate import Gate, gate_features, gate_loss
from model.families.ngrams.sureness import Sureness


def distributions(rng: np.random.Generator, n: int, v: int) -> np.ndarray:
    return rng.dirichlet(np.full(v, 0.3), size=n)


def test_features_are_what_they_say() -> None:
    rng = np.random.default_rng(0)
    p, q = distributions(rng, 6, 5), distributions(rng, 6, 5)
    depths, rests = np.array([0, 1, 2, 3, 3, 0]), rng.uniform(0.1, 1.0, size=6)
    found = gate_features(p, q, depths, rests, 3)
    for i in range(6):
        entropies = [-sum(x * math.log(x) for x in row[i] if x > 0) for row in (p, q)]
        expected = [
            *entropies,
            math.log(max(p[i])),
            math.log(max(q[i])),
            sum(min(a, b) for a, b in zip(p[i], q[i], strict=True)),
            float(np.argmax(p[i]) == np.argmax(q[i])),
            math.log(rests[i]),
            1.0,
            *(float(depths[i] > k) for k in range(3)),
        ]
        assert found[i] == pytest.approx(expected)
    certain = np.eye(5)[:2]
    assert np.isfinite(gate_features(certain, certain[::-1], depths[:2], np.zeros(2), 3)).all()


def test_what_the_counts_add_up_to_is_known_beforehand() -> None:
    rng = np.random.default_rng(5)
    p, q = distributions(rng, 6, 5), distributions(rng, 6, 5)
    depths, rests = np.array([0, 1, 2, 3, 3, 0]), rng.uniform(0.1, 1.0, size=6)
    gate = Gate(rng.normal(size=11))
    entropies = -(p * np.log(p)).sum(axis=1)
    probabilities = np.zeros(0, dtype=np.float32)
    sureness = Sureness(depths.astype(np.int8), rests, entropies, p.max(axis=1), probabilities)
    np.testing.assert_allclose(
        gate.shares_after(gate.bases(sureness), p, q, np.log(q)),
        gate.shares(gate_features(p, q, depths, rests, 3)),
        rtol=1e-12,
    )


@pytest.mark.parametrize("prior", [0.0, 2.0])
def test_the_gradient_is_that_of_finite_differences(prior: float) -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(40, 7))
    of_ngrams, of_other = rng.uniform(1e-6, 1, size=(2, 40))
    weights = rng.normal(size=7)
    _, gradient = gate_loss(weights, features, of_ngrams, of_other, prior)
    for k in range(7):
        step = np.zeros(7)
        step[k] = 1e-6
        ahead = gate_loss(weights + step, features, of_ngrams, of_other, prior)[0]
        behind = gate_loss(weights - step, features, of_ngrams, of_other, prior)[0]
        assert gradient[k] == pytest.approx((ahead - behind) / 2e-6, rel=1e-6, abs=1e-9)


def test_the_loss_is_that_of_the_mixture() -> None:
    rng = np.random.default_rng(2)
    features = rng.normal(size=(9, 3))
    of_ngrams, of_other = rng.uniform(size=(2, 9))
    weights = np.array([0.5, -2.0, 1.0])
    gates = [1 / (1 + math.exp(-float(row @ weights))) for row in features]
    losses = [
        -math.log(g * a + (1 - g) * b) for g, a, b in zip(gates, of_ngrams, of_other, strict=True)
    ]
    found, _ = gate_loss(weights, features, of_ngrams, of_other, prior=0.0)
    assert found == pytest.approx(np.mean(losses))
    assert Gate(weights).shares(features) == pytest.approx(gates)
    extreme = Gate(weights * 1e6).shares(features)
    assert extreme.tolist() == [float(row @ weights > 0) for row in features]


def test_a_fitted_gate_tells_where_each_part_is_right() -> None:
    # The counts know the deep contexts, the other part the rest; each says so by its entropy.
    rng = np.random.default_rng(3)
    n, v = 4000, 6
    deep = rng.random(n) < 0.5
    targets = rng.integers(v, size=n)
    sure, unsure = np.full((n, v), 0.02), np.full((n, v), 1 / v)
    sure[np.arange(n), targets] = 1 - 0.02 * (v - 1)
    p = np.where(deep[:, None], sure, unsure)
    q = np.where(deep[:, None], unsure, sure)
    features = gate_features(p, q, np.where(deep, 3, 1), np.where(deep, 0.1, 0.9), 3)
    rows = np.arange(n)
    gate = Gate.fitted(features, p[rows, targets], q[rows, targets])
    shares = gate.shares(features)
    assert shares[deep].min() > 0.9
    assert shares[~deep].max() < 0.1


def test_fitting_is_at_a_minimum() -> None:
    rng = np.random.default_rng(4)
    p, q = distributions(rng, 300, 5), distributions(rng, 300, 5)
    targets = np.array([rng.choice(5, p=(a + b) / 2) for a, b in zip(p, q, strict=True)])
    features = gate_features(p, q, rng.integers(4, size=300), rng.uniform(0.1, 1, size=300), 3)
    rows = np.arange(300)
    a, b = p[rows, targets], q[rows, targets]
    gate = Gate.fitted(features, a, b)
    # In standardized features, where the prior is.
    scale = np.where(features.std(axis=0) > 0, features.std(axis=0), 1.0)
    mean = np.where(features.std(axis=0) > 0, features.mean(axis=0), 0.0)
    weights = gate.weights * scale
    weights[7] = gate.weights[7] + mean @ gate.weights
    _, gradient = gate_loss(weights, (features - mean) / scale, a, b)
    assert np.abs(gradient).max() < 1e-4
