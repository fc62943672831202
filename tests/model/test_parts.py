"""Sums of parts: the whole is what its parts add up to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import counted_models, quadratic

from model.dealing import deal
from model.families.log_bilinear.shape import LogBilinear
from model.ngrams import NgramTable
from model.parts import FunctionSum, WeightedSum


@given(counted_models(), st.integers(0, 2**32 - 1), st.integers(1, 5))
@settings(deadline=None)
def test_means_of_parts_make_the_mean_of_the_whole(
    case: tuple[LogBilinear, NgramTable], seed: int, count: int
) -> None:
    model, table = case
    count = min(count, len(table.contexts))
    theta = np.random.default_rng(seed).normal(size=model.parameter_count)
    parts = [model.objective(table.select(rows)) for rows in deal(table, count, seed)]
    whole, summed = model.objective(table), WeightedSum(parts)
    assert len(summed) == count
    assert summed.positions == table.positions
    value, gradient = whole.value_and_gradient(theta)
    assert summed.value(theta) == pytest.approx(value, rel=1e-10, abs=1e-13)
    found = summed.value_and_gradient(theta)
    assert found[0] == pytest.approx(value, rel=1e-10, abs=1e-13)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-8, atol=1e-12)
    shares = [summed.part(theta, i) for i in range(count)]
    assert sum(share for share, _ in shares) == pytest.approx(value, rel=1e-10, abs=1e-13)


def test_a_sum_of_functions_adds_up() -> None:
    problem = quadratic(0, 4, 6)
    summed = FunctionSum(problem.value_and_gradient, 4, positions=2.0)
    value, gradient = summed.value_and_gradient(problem.theta0)
    assert value == summed.value(problem.theta0) == pytest.approx(problem.total(problem.theta0))
    each = [summed.part(problem.theta0, i)[1] for i in range(4)]
    np.testing.assert_allclose(gradient, np.sum(each, axis=0))
    assert (len(summed), summed.positions) == (4, 2.0)
