"""What stands whatever the other part says: beside other parts that try everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.families.mixture.gate import Gate, gate_features
from model.families.mixture.sure_shares import SureShares
from model.families.ngrams.predictor import NgramPredictor

V = 5
ORDER = 4


def others(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Distributions of all kinds, many of them near p; (n, V)."""
    corners = np.eye(V)
    spread = [rng.dirichlet(np.full(V, a), size=8) for a in (0.1, 0.5, 5.0)]
    far = np.concatenate([corners, *spread, np.full((1, V), 1.0 / V)])
    moved = [p + step * (q - p) for q in far for step in (0.01, 0.1, 0.3, 0.6)]
    return np.concatenate([far, moved, p[None]])


def accepted(gate: Gate, p: np.ndarray, q: np.ndarray, depth: int, rest: float) -> np.ndarray:
    """With what share of rests each character stands beside each q; (n, V)."""
    n = len(q)
    ps = np.tile(p, (n, 1))
    features = gate_features(ps, q, np.full(n, depth), np.full(n, rest), ORDER - 1)
    g = gate.shares(features)[:, None]
    return g + (1.0 - g) * q / ps


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([0.3, 1.0, 4.0]))
@settings(deadline=None, max_examples=40)
def test_no_other_part_lets_less_stand(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    codes = np.minimum(rng.geometric(0.5, size=80) - 1, V - 1)
    predictor = NgramPredictor.from_codes(codes, V, ORDER)
    gate = Gate(rng.normal(scale=scale, size=8 + ORDER - 1))
    draws = predictor.draws()
    sure = SureShares(gate, predictor.sureness(), V)
    for end in range(0, len(codes), 9):
        context = codes[max(0, end - 3) : end].tolist()
        found = draws.find(context)
        p, depths, rests = (x[0] for x in predictor.probabilities(np.array([[V] * 3 + context])))
        least = accepted(gate, p, others(p, rng), depths, rests).min(axis=0)
        assert sure.of_context(found) <= least.min()
        for uniform in np.linspace(0.0, 0.99, 20):
            code, _, number, gram = draws.draw(found, float(uniform))
            if number == found:
                assert 0 <= sure.of_gram(number, gram) <= least[code]


def test_much_is_sure_where_the_gate_believes_the_counts() -> None:
    codes = np.random.default_rng(0).integers(0, V, size=80)
    predictor = NgramPredictor.from_codes(codes, V, ORDER)
    sureness, draws = predictor.sureness(), predictor.draws()
    drawn = (draws.draw(draws.find(codes[i : i + 3].tolist()), 0.0) for i in range(70))
    number, likely = max((d[2:] for d in drawn), key=lambda d: sureness.probabilities[d[1]])
    weights = np.zeros(8 + ORDER - 1)
    # The gate sees nothing but a one: what is sure is its share, but for the width of a cell.
    for one in (-20.0, -1.0, 0.0, 3.0, 11.0, 30.0):
        weights[7] = one
        sure = SureShares(Gate(weights), sureness, V)
        share = 1.0 / (1.0 + np.exp(-min(one, 12.0)))
        assert sure.of_context(0) == pytest.approx(share if one > -8 else 0.0, abs=0.06)
        # Something that is drafted with certainty stands oftener than that.
        assert sure.of_gram(number, likely) >= sure.of_context(number)
    # An other part that agrees lets it stand, one that does not tells the gate.
    weights[:] = 0.0
    weights[4], weights[7] = -6.0, 3.0
    sure = SureShares(Gate(weights), sureness, V)
    assert sure.of_gram(number, likely) > sure.of_context(number) + 0.1
