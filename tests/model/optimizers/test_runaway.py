"""A run of SFO that loses what it gained begins anew where it was best."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import SumProblem, quadratic

from model.optimizers.sfo import SFO
from model.optimizers.sfo.runaway import Runaway

totals = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50)


@given(totals)
def test_it_is_told_by_half_of_what_was_gained_and_a_tenth_of_the_best(values: list[float]) -> None:
    runaway = Runaway(np.zeros(1))
    lowest = np.inf
    for place, value in enumerate(values):
        lowest = min(lowest, value)
        lost = value - lowest
        expected = lost > max((values[0] - lowest) / 2, abs(lowest) / 10)
        assert runaway.note(value, np.array([float(place)])) == expected
        assert values[int(runaway.theta[0])] == lowest
    again = Runaway(np.zeros(1))
    again.load_state_dict(runaway.state_dict())
    assert again.theta == runaway.theta
    assert again.note(values[0], np.zeros(1)) == runaway.note(values[0], np.zeros(1))


def sfos(count: int) -> tuple[SumProblem, list[SFO]]:
    problem = quadratic(seed=3, dimension=30, subfunctions=5)
    make = partial(SFO, problem.objective, problem.theta0, seed=0, begins_anew=True)
    return problem, [make() for _ in range(count)]


@pytest.mark.parametrize("distance", [30.0, 3e3])
def test_sfo_goes_back_to_its_best_and_on_from_there(distance: float) -> None:
    problem, (sfo, other) = sfos(2)
    for _ in range(60):
        sfo.step()
    best = sfo.theta.copy()
    gained = problem.total(problem.theta0) - problem.total(best)
    # As if nobody had noticed for some steps: the place to step back to is as bad.
    sfo._go_to(best + distance)
    sfo._before_step = sfo._theta
    assert problem.total(sfo.theta) - problem.total(best) > gained
    other.load_state_dict(sfo.state_dict())
    result = sfo.step()
    assert result.failed
    assert problem.total(sfo.theta) - problem.total(best) < 0.01 * gained
    for _ in range(60):
        sfo.step()
    assert problem.total(sfo.theta) <= problem.total(best) + 1e-6 * gained
    for _ in range(61):
        other.step()
    np.testing.assert_array_equal(other.theta, sfo.theta)


def test_a_state_of_before_it_was_noted_goes_on() -> None:
    _, (sfo, other) = sfos(2)
    for _ in range(20):
        sfo.step()
    state = sfo.state_dict()
    del state["runaway"]
    other.load_state_dict(state)
    for _ in range(20):
        sfo.step()
        other.step()
    np.testing.assert_array_equal(other.theta, sfo.theta)


def test_other_subfunctions_have_other_totals() -> None:
    _, (sfo,) = sfos(1)
    for _ in range(40):
        sfo.step()
    sfo.replace_subfunction(2)
    assert not len(sfo.state_dict()["runaway"]["totals"])
