"""What holds of every optimizer: one list of problems, every optimizer on every problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from functools import cache
from typing import Any

import numpy as np
import pytest
from bigrams import Bigrams
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from problems import PLAY, SumProblem, logistic, quadratic

from model.corpus import Corpus
from model.counting import count_ngrams
from model.errors import OptimizerError, SettingsError
from model.families.log_bilinear.shape import LogBilinear
from model.optimizers import LBFGS, SFO, SGD, Adam, Optimizer, Scaled, frequency_scales
from model.optimizers.base import is_finite
from model.parts import FunctionSum

Array = NDArray[np.float64]
Maker = Callable[[SumProblem, int], Optimizer]


def scales_of(problem: SumProblem) -> Array:
    return np.random.default_rng(0).uniform(0.5, 2.0, problem.theta0.size)


OPTIMIZERS: dict[str, Maker] = {
    "SFO": lambda p, seed: SFO(p.objective, p.theta0, seed=seed),
    "SFO rank1": lambda p, seed: SFO(p.objective, p.theta0, hessian_algorithm="rank1", seed=seed),
    "L-BFGS": lambda p, seed: LBFGS(p.objective, p.theta0),
    "Adam": lambda p, seed: Adam(p.objective, p.theta0, seed=seed),
    "SGD": lambda p, seed: SGD(p.objective, p.theta0, learning_rate=0.003, seed=seed),
    "scaled L-BFGS": lambda p, seed: Scaled.of(LBFGS, p.objective, p.theta0, scales_of(p)),
    "scaled SFO": lambda p, seed: Scaled.of(
        lambda f, phi: SFO(f, phi, seed=seed), p.objective, p.theta0, scales_of(p)
    ),
}
PROBLEMS = {
    "quadratic": quadratic(0, 4, 6),
    "wide quadratic": quadratic(1, 8, 60),
    "logistic": logistic(2, 5, 8),
}


@cache
def minimum(name: str) -> float:
    problem = PROBLEMS[name]
    best = LBFGS(problem.objective, problem.theta0)
    for _ in range(100):
        best.step()
    return problem.total(best.theta)


# L-BFGS has long arrived: from then on each step searches in vain.
STEPS = {name: 150 if "L-BFGS" in name else 600 for name in OPTIMIZERS}
every_optimizer = pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())


@pytest.mark.parametrize("optimizer_name", OPTIMIZERS)
@pytest.mark.parametrize("name", PROBLEMS)
def test_improves_every_problem(optimizer_name: str, name: str) -> None:
    problem = PROBLEMS[name]
    optimizer = OPTIMIZERS[optimizer_name](problem, 0)
    for _ in range(STEPS[optimizer_name]):
        optimizer.step()
    start, least = problem.total(problem.theta0), minimum(name)
    assert problem.total(optimizer.theta) - least < 0.02 * (start - least)


@every_optimizer
@given(
    st.sampled_from(list(PROBLEMS)), st.integers(0, 2**16), st.integers(0, 40), st.integers(1, 40)
)
@settings(deadline=None, max_examples=15)
def test_resuming_continues_the_identical_trajectory(
    make: Maker, name: str, seed: int, before: int, after: int
) -> None:
    problem = PROBLEMS[name]
    straight = make(problem, seed)
    for _ in range(before):
        straight.step()
    state = straight.state_dict()
    results = [straight.step() for _ in range(after)]
    resumed = make(problem, seed + 1)
    resumed.step()
    resumed.load_state_dict(state)
    assert [resumed.step() for _ in range(after)] == results
    np.testing.assert_array_equal(resumed.theta, straight.theta)


@every_optimizer
def test_counts_steps_and_lengths(make: Maker) -> None:
    optimizer = make(PROBLEMS["quadratic"], 0)
    for step in range(1, 20):
        before = optimizer.theta.copy()
        result = optimizer.step()
        assert result.step == step
        assert result.step_length == pytest.approx(float(np.linalg.norm(optimizer.theta - before)))
        assert result.evaluations >= 0


@every_optimizer
def test_theta_cannot_be_written_through_and_old_views_do_not_change(make: Maker) -> None:
    optimizer = make(PROBLEMS["quadratic"], 0)
    theta = optimizer.theta
    with pytest.raises(ValueError, match="read-only"):
        theta[0] = 1.0
    copy = theta.copy()
    for _ in range(5):
        optimizer.step()
    np.testing.assert_array_equal(theta, copy)


@every_optimizer
def test_refuses_the_state_of_another_problem(make: Maker) -> None:
    optimizer = make(PROBLEMS["quadratic"], 0)
    with pytest.raises(OptimizerError, match="another"):
        optimizer.load_state_dict(make(PROBLEMS["logistic"], 0).state_dict())
    with pytest.raises(OptimizerError, match="lacks"):
        optimizer.load_state_dict({})


@pytest.mark.parametrize("kind", [Adam, SGD])
def test_first_order_optimizers_name_bad_settings(kind: type[Adam] | type[SGD]) -> None:
    problem = PROBLEMS["quadratic"]
    with pytest.raises(SettingsError, match="learning rate"):
        kind(problem.objective, problem.theta0, learning_rate=0.0)
    with pytest.raises(SettingsError, match="no parts"):
        kind(FunctionSum(problem.value_and_gradient, 0), problem.theta0)


@pytest.mark.parametrize("kind", [Adam, SGD, LBFGS])
def test_non_finite_objectives_are_an_error(kind: type[Adam] | type[SGD] | type[LBFGS]) -> None:
    with pytest.raises(OptimizerError, match="non-finite"):
        kind(FunctionSum(lambda t, i: (np.nan, t)), np.ones(2)).step()


def test_lbfgs_says_when_it_is_done() -> None:
    problem = PROBLEMS["quadratic"]
    optimizer = LBFGS(problem.objective, problem.theta0)
    for _ in range(200):
        if optimizer.step().converged:
            return
    pytest.fail("L-BFGS never reported convergence")


def test_lbfgs_reports_that_it_hardly_moves_and_can_go_on() -> None:
    def endless(theta: Array, i: int) -> tuple[float, Array]:
        """Falls for ever, to 1 and never below."""
        return 1 + 1 / float(1 + theta[0]), np.array([-1 / (1 + theta[0]) ** 2])

    optimizer = LBFGS(FunctionSum(endless), np.ones(1), tolerance=10.0)
    # Any decrease is less than ten times the value: judged every hundred steps.
    message = [optimizer.step().converged for _ in range(150)]
    patient = LBFGS(FunctionSum(endless), np.ones(1), tolerance=0.0)
    first_without_descent = [patient.step().failed for _ in range(150)].index(True)
    assert message.index(True) == min(100, first_without_descent)


def test_scaling_changes_the_units_and_nothing_else() -> None:
    """The trajectory is that of the optimizer on the substituted objective."""
    p = PROBLEMS["logistic"]
    scales = scales_of(p)

    def substituted(phi: Array, _: int) -> tuple[float, Array]:
        value, gradient = p.objective.value_and_gradient(phi * scales)
        return value, gradient * scales

    plain = LBFGS(FunctionSum(substituted), p.theta0 / scales)
    scaled = OPTIMIZERS["scaled L-BFGS"](p, 0)
    for _ in range(20):
        plain.step()
        scaled.step()
        np.testing.assert_array_equal(scaled.theta, plain.theta * scales)


@pytest.mark.parametrize("scales", [np.ones(3), np.zeros(6), np.full(6, np.nan)])
def test_scales_must_fit(scales: Array) -> None:
    p = PROBLEMS["quadratic"]
    with pytest.raises(OptimizerError, match="scales"):
        Scaled.of(LBFGS, p.objective, p.theta0, scales)


def test_rarer_characters_get_longer_units() -> None:
    table = count_ngrams(np.array([0, 1, 0, 2, 0, 1, 0, 1, 0]), 4, 1)
    embeddings, outputs = (m := LogBilinear(4, 1, 2)).unpack(frequency_scales(m, table))
    # As contexts 0 occurs 4 times of 8, 1 three times, 2 once, and 3 never: it counts as once.
    expected = (np.array([4, 3, 1, 1]) / 8) ** -0.25
    np.testing.assert_allclose(embeddings, expected[:, None].repeat(2, axis=1))
    np.testing.assert_allclose(outputs[:, 0], expected[:, None].repeat(2, axis=1))


def test_parameters_of_no_character_keep_their_unit() -> None:
    table = count_ngrams(np.array([0, 1, 0, 2, 0, 1, 0, 1, 0]), 4, 1)
    scales = frequency_scales(m := Bigrams(4, 1), table)
    assert scales[0] == 1.0
    # As targets 0 occurs 4 times of 8, 1 three times, 2 once.
    expected = (np.array([4, 3, 1, 1]) / 8) ** -0.25
    np.testing.assert_allclose(m.table(scales), expected[None].repeat(4, axis=0))


@every_optimizer
def test_one_part_will_do(make: Maker) -> None:
    whole = quadratic(0, 1, 6)
    optimizer = make(whole, 0)
    for _ in range(100):
        optimizer.step()
    assert whole.total(optimizer.theta) < whole.total(whole.theta0)
    assert optimizer.step().subfunction == 0


def test_scaled_steps_are_worth_two_plain_ones_on_text() -> None:
    corpus = Corpus.from_text(PLAY)
    size = len(corpus.vocabulary)
    table, model = count_ngrams(corpus.codes, size, 2), LogBilinear(size, 2, 3)
    objective = model.sum_objective(table, 1, 0)
    theta0 = model.initial(np.random.default_rng(0))
    plain = LBFGS(objective, theta0)
    scaled = Scaled.of(LBFGS, objective, theta0, frequency_scales(model, table))
    for _ in range(20):
        scaled.step()
    for _ in range(40):
        plain.step()
    assert objective.value(scaled.theta) < objective.value(plain.theta)


def leaves(state: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in state.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))


def spoilt(value: Any) -> Iterator[Any]:
    """Values of a wrong type, shape, size or range in place of another."""
    yield from (None, "x", [], {"a": 1}, 10**400, -(10**400))
    if isinstance(value, np.ndarray):
        yield value[None]
        yield value.astype(np.float32 if value.dtype == np.float64 else np.float64)
        if value.dtype == np.float64 and value.size:
            for number in (np.inf, 1e300):
                yield np.full_like(value, number)
    elif not isinstance(value, dict | str):
        yield from (float("inf"), 1e300, True)


@every_optimizer
def test_refuses_a_state_in_which_anything_is_of_another_kind(make: Maker) -> None:
    optimizer = make(PROBLEMS["wide quadratic"], 0)
    for _ in range(20):
        optimizer.step()
    good = optimizer.state_dict()
    for path in leaves(good):
        value = good
        for key in path:
            value = value[key]
        for other in spoilt(value):
            state = deepcopy(good)
            place = state
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = other
            # Numpy takes what can be one for a number of its generators.
            if "rng" in path or "filler" in path:
                with suppress(OptimizerError):
                    optimizer.load_state_dict(state)
                continue
            with pytest.raises(OptimizerError):
                optimizer.load_state_dict(state)
            if path[-1] == "runaway":  # states of earlier versions have none
                continue
            del place[path[-1]]
            with pytest.raises(OptimizerError):
                optimizer.load_state_dict(state)
    optimizer.load_state_dict(good)
    optimizer.step()


def test_finite_vectors_are_told_without_a_warning_however_large() -> None:
    for good in ([], [0.0], [1.0, -2.0], [1e200, -1e308], [5e-324]):
        assert is_finite(np.array(good))
    for bad in ([np.nan], [1.0, np.inf], [-np.inf, np.inf], [1e200, np.nan]):
        assert not is_finite(np.array(bad))
