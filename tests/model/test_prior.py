"""A Gaussian prior beside any objective."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import counted_models, quadratic

from model.families.log_bilinear.shape import LogBilinear
from model.ngrams import NgramTable
from model.parts import FunctionSum
from model.prior import WithPrior


@given(counted_models(), st.integers(0, 99), st.sampled_from([0.1, 1.0, 30.0]))
def test_value_and_gradient_are_those_of_the_definition(
    case: tuple[LogBilinear, NgramTable], seed: int, strength: float
) -> None:
    model, table = case
    theta = np.random.default_rng(seed).normal(size=model.parameter_count)
    parts = min(3, len(table.contexts))
    objective = model.sum_objective(table, parts, seed)
    penalized = WithPrior(model.sum_objective(table, parts, seed), strength)
    # The summed loss and lambda / 2 |theta|^2, per position.
    summed = objective.value(theta) * table.positions + strength / 2 * (theta**2).sum()
    assert penalized.value(theta) == pytest.approx(summed / table.positions)
    value, gradient = penalized.value_and_gradient(theta)
    assert value == pytest.approx(penalized.value(theta))
    expected = objective.value_and_gradient(theta)[1] + strength * theta / table.positions
    np.testing.assert_allclose(gradient, expected, atol=1e-12)
    pieces = [penalized.part(theta, i) for i in range(len(penalized))]
    assert sum(piece for piece, _ in pieces) == pytest.approx(value)
    np.testing.assert_allclose(sum(g for _, g in pieces), gradient, atol=1e-12)


def test_the_gradient_is_that_of_the_value() -> None:
    penalized = WithPrior(quadratic(0, 3, 4).objective, 0.7)
    theta = np.random.default_rng(1).normal(size=4)
    _, gradient = penalized.value_and_gradient(theta)
    for i, unit in enumerate(np.eye(4)):
        up, down = penalized.value(theta + 1e-6 * unit), penalized.value(theta - 1e-6 * unit)
        assert gradient[i] == pytest.approx((up - down) / 2e-6, rel=1e-6)


def test_parameters_beyond_all_bounds_have_an_infinite_loss() -> None:
    nothing = FunctionSum(lambda theta, _: (0.0, np.zeros_like(theta)))
    value, gradient = WithPrior(nothing, 4.0).value_and_gradient(np.full(3, 1e200))
    assert value == np.inf
    np.testing.assert_allclose(gradient, 4e200)
