"""SFO against its plain transcription, recorded runs, and what must hold of any run."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from problems import SumProblem, logistic, quadratic
from sfo_oracle import OracleSFO

from model.errors import OptimizerError, SettingsError
from model.families.log_bilinear.objective import Objective
from model.families.log_bilinear.shape import LogBilinear
from model.ngrams import NgramTable
from model.optimizers import LBFGS
from model.optimizers.sfo import SFO, Replay
from model.optimizers.sfo.hessian import estimate_hessian
from model.optimizers.sfo.quadratics import Cholesky, Quadratics
from model.optimizers.sfo.subspace import Subspace
from model.parts import FunctionSum

Array = NDArray[np.float64]
GOLDEN = os.environ.get("CHAREMBED_GOLDEN")
RECORDED = Path(__file__).parent / "recorded"


class Cliffs:
    """A sum whose subfunctions sometimes lie: the steps they suggest fail."""

    def __init__(self, problem: SumProblem, height: float) -> None:
        self._problem, self._height = problem, height

    def __call__(self, theta: Array, i: int) -> tuple[float, Array]:
        value, gradient = self._problem.value_and_gradient(theta, i)
        bumps = np.cos(5 * theta + i)
        return value + self._height * float(bumps.sum()), gradient - 5 * self._height * np.sin(
            5 * theta + i
        )


def follow(problem: SumProblem, algorithm: str, history: int, seed: int, steps: int) -> OracleSFO:
    """Run SFO and the oracle side by side, and check that only rounding tells them apart.

    Rounding grows in a quasi-Newton run. How much, a second oracle tells whose gradients have
    rounding errors; the comparison ends where the two oracles have parted by 1e-9. (Squared
    eigenvalues lose half of their digits, which SFO and oracle do each in its own way: up to ten
    million times as much.) A wrong rule shows as a difference of a percent and more at once.
    """
    sfo = SFO(
        problem.objective,
        problem.theta0,
        max_history_terms=history,
        hessian_algorithm=algorithm,  # type: ignore[arg-type]
        seed=seed,
    )
    first = np.flatnonzero(sfo.models.active).tolist()
    rng = np.random.default_rng(seed)

    def rounded(theta: Array, i: int) -> tuple[float, Array]:
        value, gradient = problem.value_and_gradient(theta, i)
        return value, gradient * (1 + 1e-15 * rng.choice([-1, 1], len(gradient)))

    neighbour = replace(problem, value_and_gradient=rounded)
    oracle, perturbed = (OracleSFO(p, first, history, algorithm) for p in (problem, neighbour))
    compared = 0
    for _ in range(steps):
        before = set(np.flatnonzero(sfo.models.active))
        result = sfo.step()
        newcomers = set(np.flatnonzero(sfo.models.active)) - before
        newcomer = int(newcomers.pop()) if newcomers else None
        for each in (oracle, perturbed):
            each.step(result.subfunction)
            each.grow(newcomer)
        size = np.linalg.norm(oracle.theta)
        rounding = np.linalg.norm(perturbed.theta - oracle.theta) / size
        if not oracle.is_determined or rounding > 1e-9:
            break
        assert np.linalg.norm(sfo.theta - oracle.theta) / size < max(1e-4, 1e7 * float(rounding))
        assert oracle.wants_growth == (newcomer is not None)
        assert sfo.step_scale == pytest.approx(oracle.step_scale)
        compared += 1
    assert compared >= 2
    return oracle


@given(st.integers(0, 2**16), st.integers(2, 6), st.integers(6, 12), st.integers(1, 3))
@settings(deadline=None, max_examples=25)
def test_follows_the_oracle_in_the_full_space(
    seed: int, subfunctions: int, dimension: int, history: int
) -> None:
    follow(quadratic(seed, subfunctions, dimension), "bfgs", history, seed, 6 * subfunctions)


@pytest.mark.parametrize("algorithm", ["bfgs", "rank1"])
@pytest.mark.parametrize("seed", [3, 8, 12, 14])
def test_follows_the_oracle_through_collapses(algorithm: str, seed: int) -> None:
    assert follow(logistic(seed, 3, 40), algorithm, 4, seed, 25).collapses > 1


@pytest.mark.parametrize("seed", [0, 2, 3, 5])
def test_follows_the_oracle_through_failed_steps(seed: int) -> None:
    smooth = quadratic(seed, 4, 6)
    problem = SumProblem(Cliffs(smooth, 0.4), smooth.theta0, 4)
    assert follow(problem, "bfgs", 3, seed, 20).failures


def recorded_characters(data: Any) -> tuple[Callable[[Array, int], tuple[float, Array]], int]:
    """The objective of a recorded run on n-grams: nats, summed, of each subfunction's n-grams."""
    model = LogBilinear(int(data["V"]), int(data["M"]), int(data["H"]))
    count = int(data["subfunction"].max()) + 1
    parts = []
    for i in range(count):
        rows = data["subfunction"] == i
        table = NgramTable.from_ngrams(
            data["ngrams"][rows], data["counts"][rows], model.vocabulary_size
        )
        parts.append(Objective(model, table))

    def value_and_gradient(theta: Array, i: int) -> tuple[float, Array]:
        value, gradient = parts[i].value_and_gradient(theta)
        return value * parts[i].positions, gradient * parts[i].positions

    return value_and_gradient, count


def recorded_problem(data: Any) -> SumProblem:
    """The problem that a recorded run was made on, from the data in its file."""
    if "A" in data:
        a, b = data["A"], data["b"]
        return SumProblem(
            lambda t, i: (float(0.5 * t @ a[i] @ t - b[i] @ t), a[i] @ t - b[i]),
            data["theta0"],
            len(a),
        )
    if "X" in data:
        x, y = data["X"], data["y"]

        def value_and_gradient(t: Array, i: int) -> tuple[float, Array]:
            z = x[i] @ t
            value = np.logaddexp(0, z).sum() - y[i] @ z + 0.005 * t @ t
            return float(value), x[i].T @ (1 / (1 + np.exp(-z)) - y[i]) + 0.01 * t

        return SumProblem(value_and_gradient, data["theta0"], len(x))
    objective, count = recorded_characters(data)
    return SumProblem(objective, data["theta0"], count)


def replay(data: Any, problem: SumProblem, history: int) -> tuple[SFO, Array, int, list[int]]:
    """Run along a recording: errors of theta, disagreements in the checked part, calls."""
    recording = Replay(data["initially_active"], data["index"], data["activated"])
    calls: list[int] = []

    def counted(theta: Array, i: int) -> tuple[float, Array]:
        calls.append(i)
        return problem.value_and_gradient(theta, i)

    sfo = SFO(
        FunctionSum(counted, problem.subfunctions),
        problem.theta0,
        max_history_terms=history,
        selection=recording,
    )
    errors = []
    for theta in data["theta"]:
        sfo.step()
        errors.append(np.linalg.norm(sfo.theta - theta) / np.linalg.norm(theta))
    return sfo, np.array(errors), recording.disagreements, calls


@pytest.mark.skipif(GOLDEN is None, reason="CHAREMBED_GOLDEN names no folder of recorded runs")
@pytest.mark.parametrize(
    ("name", "history", "agreement", "steps", "final"),
    [
        ("sfo_quadratic_fullspace", 10, 1e-6, 200, 1e-6),
        ("sfo_quadratic_subspace", 10, 1e-6, 120, 1e-6),
        ("sfo_logistic_subspace", 6, 1e-6, 25, 0.02),
        ("sfo_logistic_fullspace", 6, 1e-2, 150, 0.001),
        ("sfo_characters", 6, 1e-6, 40, 0.02),
    ],
)
def test_reproduces_the_runs_of_the_authors_implementation(
    name: str, history: int, agreement: float, steps: int, final: float
) -> None:
    data = np.load(Path(str(GOLDEN)) / f"{name}.npz")
    problem = recorded_problem(data)
    sfo, errors, disagreements, calls = replay(data, problem, history)
    assert errors[:steps].max() <= agreement
    assert disagreements == 0
    exact = int(data["calls_after_step"][steps - 1])
    assert calls[:exact] == data["call_index"][:exact].tolist()
    assert problem.total(sfo.theta) == pytest.approx(float(data["objective"][-1]), rel=final)


@pytest.mark.parametrize("name", ["quadratic_subspace", "logistic_fullspace"])
def test_reproduces_our_own_recorded_runs(name: str) -> None:
    """Made by the oracle, see `record_sfo.py` beside the recordings."""
    data = np.load(RECORDED / f"{name}.npz")
    _, errors, disagreements, _ = replay(data, recorded_problem(data), history=5)
    assert errors.max() <= 1e-6
    assert disagreements == 0


@pytest.mark.parametrize(
    "policy", ["distance both", "distance", "single distance", "random", "cyclic"]
)
@pytest.mark.parametrize("algorithm", ["bfgs", "rank1"])
@pytest.mark.parametrize("dimension", [6, 60])
def test_every_selection_finds_the_minimum(policy: str, algorithm: str, dimension: int) -> None:
    problem = quadratic(1, 5, dimension)
    sfo = SFO(
        problem.objective,
        problem.theta0,
        hessian_algorithm=algorithm,  # type: ignore[arg-type]
        subfunction_selection=policy,  # type: ignore[arg-type]
        seed=0,
    )

    def slope() -> float:
        parts = [problem.value_and_gradient(sfo.theta, i)[1] for i in range(5)]
        return float(np.linalg.norm(np.sum(parts, axis=0)))

    slopes = [slope()]
    for _ in range(400):
        sfo.step()
        slopes.append(slope())
    # With distances by each part's own Hessian it wanders off again, as the oracle does: on some of
    # these problems up to a fifth of where it began.
    end = min(slopes) if policy == "single distance" else slopes[-1]
    assert end < 1e-3 * slopes[0]


@given(st.integers(0, 2**16), st.integers(1, 6), st.integers(1, 14), st.booleans())
@settings(deadline=None, max_examples=60)
def test_a_history_is_explained_as_by_one_update_after_another(
    seed: int, terms: int, more: int, has_negative_curvature: bool
) -> None:
    rng = np.random.default_rng(seed)
    size = terms + more
    vectors = np.linalg.qr(rng.normal(size=(size, size)))[0]
    curvature = rng.uniform(0.1, 10.0, size)
    curvature[0] *= -1 if has_negative_curvature else 1
    # As in training, steps differ in length by far more than in direction.
    steps = rng.normal(size=(terms, size)) * 10.0 ** rng.uniform(-6, 0, (terms, 1))
    changes = steps @ (vectors * curvature) @ vectors.T
    assume(np.linalg.cond(steps / np.linalg.norm(steps, axis=1)[:, None]) < 100)

    factors, signs, smallest = estimate_hessian(steps, changes, "bfgs")

    singular = np.linalg.svd((np.linalg.pinv(steps) @ changes).T, compute_uv=False)
    assert smallest == pytest.approx(singular[terms - 1], rel=1e-6)
    expected = smallest * np.eye(size)
    for s, y in zip(steps, changes, strict=True):
        hs = expected @ s
        expected += np.outer(y, y) / (y @ s) - np.outer(hs, hs) / (s @ hs)
    eigenvalues, vectors = np.linalg.eigh(expected)
    largest, is_weak = np.abs(eigenvalues).max(), eigenvalues < 1e-8 * np.abs(eigenvalues).max()
    assume(largest < 1e4 and np.abs(eigenvalues).min() > 1e-4)
    if is_weak.any():
        # Those count that are of the space of steps and changes.
        known = np.linalg.qr(np.vstack([steps, changes]).T)[0]
        inside = np.linalg.eigvalsh(known.T @ expected @ known)
        eigenvalues[is_weak] = np.median(inside[inside > 0])
    repaired = (vectors * eigenvalues) @ vectors.T
    estimate = (factors.T * signs) @ factors + smallest * np.eye(size)
    np.testing.assert_allclose(estimate, repaired, atol=1e-7 * largest)


def test_running_sums_do_not_drift() -> None:
    problem = logistic(0, 6, 30)
    sfo = SFO(problem.objective, problem.theta0, max_history_terms=4, seed=1)
    steps = 4000
    for _ in range(steps):
        sfo.step()
    most = 1e-12 * steps
    models = sfo.models
    hessian, gradient = recomputed(models, sfo._position)
    total = models.hessian()
    assert np.abs(total - hessian).max() <= most * np.abs(hessian).max()
    scale = max(1.0, float(np.abs(models.gradients).max()))
    assert np.abs(models.gradient(sfo._position) - gradient).max() <= most * scale


def recomputed(models: Quadratics, position: Array) -> tuple[Array, Array]:
    """Total Hessian and gradient from the definition of every model."""
    k = models.size
    hessian, gradient = np.zeros((k, k)), np.zeros(k)
    for i in range(len(models.active)):
        f = models.factors[i, :, :k]
        own = (f.T * models.signs[i]) @ f + models.smallest[i] * np.eye(k)
        hessian += own
        gradient += models.gradients[i, :k] + own @ (position - models.positions[i, :k])
    return hessian, gradient


@pytest.mark.parametrize("own_metric", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_the_farthest_subfunction_is_so_by_the_definition_of_its_distance(
    own_metric: bool, seed: int
) -> None:
    problem = logistic(seed, 6, 30)
    sfo = SFO(problem.objective, problem.theta0, max_history_terms=3, seed=seed)
    for steps in (4, 40):  # before all are active, and after
        for _ in range(steps):
            sfo.step()
        models, k = sfo.models, sfo.models.size
        assert models.all_active() == models.active.all() == (steps == 40)
        assert models.least_evaluations() == models.evaluations.min()
        distances = np.full(6, -np.inf)
        for i in np.flatnonzero(models.active):
            f = models.factors[i, :, :k]
            metric = (f.T * models.signs[i]) @ f + models.smallest[i] * np.eye(k)
            if not own_metric:
                metric = recomputed(models, sfo._position)[0]
            away = sfo._position - models.positions[i, :k]
            distances[i] = np.sqrt(away @ metric @ away)
        farthest, distance = models.farthest(sfo._position, own_metric=own_metric)
        assert farthest == np.argmax(distances)
        assert distance == pytest.approx(distances.max())


def test_a_matrix_that_rounding_left_indefinite_is_factored_nearly_as_it_is() -> None:
    rng = np.random.default_rng(0)
    vectors = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    matrix = (vectors * [1e4, 1.0, 2.0, 3.0, -1e-12]) @ vectors.T
    factored = Cholesky(lambda: np.triu(matrix))
    row = rng.normal(size=(1, 5))
    assert factored.norms(row.copy())[0] == pytest.approx(row[0] @ matrix @ row[0])
    solution = factored.solve(matrix @ vectors[:, 1])
    np.testing.assert_allclose(vectors[:, :4].T @ solution, [0, 1, 0, 0], atol=1e-9)
    assert factored.inverse_norms(vectors[:, 1:2].T)[0] == pytest.approx(1.0, rel=1e-3)


def test_says_when_it_has_converged_and_not_before() -> None:
    problem = logistic(0, 5, 8)
    sfo = SFO(problem.objective, problem.theta0, seed=0)
    for _ in range(3000):
        if sfo.step().converged:
            break
    else:
        pytest.fail("never reported convergence")
    gradient = np.sum([problem.value_and_gradient(sfo.theta, i)[1] for i in range(5)], axis=0)
    start = np.sum([problem.value_and_gradient(problem.theta0, i)[1] for i in range(5)], axis=0)
    assert np.linalg.norm(gradient) < 1e-3 * np.linalg.norm(start)


def test_replaced_subfunctions_are_evaluated_next_and_learned() -> None:
    """A stream: the minibatches of one problem give way to those of another, one by one."""
    first, second = logistic(3, 4, 6), logistic(4, 4, 6)
    current = [first] * 4
    sfo = SFO(
        FunctionSum(lambda t, i: current[i].value_and_gradient(t, i), 4), first.theta0, seed=0
    )
    for _ in range(100):
        sfo.step()
    before = second.total(sfo.theta)
    for i in range(4):
        current[i] = second
        sfo.replace_subfunction(i)
        assert sfo.step().subfunction == i
        # Once more for its curvature, if the first step did not fail and look twice.
        assert sfo.models.evaluations[i] == 2 or sfo.step().subfunction == i
    for _ in range(200):
        sfo.step()
    best = LBFGS(second.objective, second.theta0)
    for _ in range(200):
        best.step()
    least = second.total(best.theta)
    assert second.total(sfo.theta) - least < 0.01 * (before - least)
    with pytest.raises(SettingsError, match="from 0 to 3"):
        sfo.replace_subfunction(4)


def test_step_failures_are_reported_and_survived() -> None:
    smooth = quadratic(0, 4, 6)
    sfo = SFO(FunctionSum(Cliffs(smooth, 0.4), 4), smooth.theta0, seed=0)
    results = [sfo.step() for _ in range(60)]
    assert any(r.failed and r.evaluations > 1 for r in results)
    assert np.isfinite(sfo.theta).all()


def test_non_finite_values_count_as_failed_steps() -> None:
    def wall(theta: Array, i: int) -> tuple[float, Array]:
        if theta[0] < 0.5:
            return np.inf, np.full(2, np.nan)
        return float(theta @ theta), 2 * theta

    sfo = SFO(FunctionSum(wall, 2), np.array([2.0, 1.0]), seed=0)
    for _ in range(60):
        sfo.step()
        assert sfo.theta[0] >= 0.5 or np.isfinite(sfo.theta).all()
    assert abs(sfo.theta[1]) < 0.5


def test_a_start_that_is_not_finite_is_an_error() -> None:
    sfo = SFO(FunctionSum(lambda t, i: (np.nan, t), 2), np.ones(3), seed=0)
    with pytest.raises(OptimizerError, match="not finite where the last step began"):
        sfo.step()


def test_a_recording_ends() -> None:
    problem = quadratic(0, 3, 4)
    sfo = SFO(problem.objective, problem.theta0, selection=Replay([0, 1], [0], [-1]))
    sfo.step()
    with pytest.raises(OptimizerError, match="ends after 1 steps"):
        sfo.step()


def test_bad_arguments_are_named() -> None:
    problem = quadratic(0, 3, 4)
    f, x = problem.objective, problem.theta0
    with pytest.raises(SettingsError, match="subfunctions"):
        SFO(FunctionSum(problem.value_and_gradient, 0), x)
    with pytest.raises(SettingsError, match="history terms"):
        SFO(f, x, max_history_terms=0)
    with pytest.raises(SettingsError, match="'bfgs' or 'rank1'"):
        SFO(f, x, hessian_algorithm="newton")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="'nearest'"):
        SFO(f, x, subfunction_selection="nearest")  # type: ignore[arg-type]
    with pytest.raises(OptimizerError, match="finite numbers"):
        SFO(f, np.array([np.nan]))
    with pytest.raises(OptimizerError, match="return one number for each parameter"):
        SFO(FunctionSum(lambda t, i: (0.0, np.zeros(2)), 3), x, seed=0).step()


def test_a_state_stays_as_it_was_while_somebody_has_it() -> None:
    """The basis is lent: what of it is in use is written over when nobody has it any more."""
    problem = quadratic(0, 4, 60)
    sfo = SFO(problem.objective, problem.theta0, seed=0)
    sfo.step()
    state = sfo.state_dict()
    in_use = state["basis"][: state["size"]]
    before = in_use.copy()
    for _ in range(40):  # the subspace grows, and collapses
        sfo.step()
    np.testing.assert_array_equal(in_use, before)
    again = SFO(problem.objective, problem.theta0, seed=0)
    again.load_state_dict(state)
    for _ in range(40):
        again.step()
    np.testing.assert_array_equal(again.theta, sfo.theta)
    rows = sfo._space.rows
    del state
    for _ in range(40):
        sfo.state_dict()
        sfo.step()
    assert sfo._space.rows is rows


@given(st.integers(0, 2**16), st.sampled_from([0.0, 1e-10, 1e-3, 1.0]), st.integers(0, 4))
@settings(deadline=None, max_examples=50)
def test_a_subspace_gives_coordinates_of_what_it_includes(
    seed: int, distance: float, before: int
) -> None:
    rng = np.random.default_rng(seed)
    space = Subspace(rng.normal(size=30), 3)
    for _ in range(before):
        space.include(rng.normal(size=30))
    inside = rng.normal(size=space.size) @ space.rows[: space.size]
    size, vector = space.size, 1e3 * (inside + distance * rng.normal(size=30))
    coordinates = space.include(vector)
    basis = space.rows[: space.size]
    assert space.size == size + (distance > 0)
    np.testing.assert_allclose(basis @ basis.T, np.eye(space.size), atol=1e-12)
    np.testing.assert_allclose(coordinates, basis @ vector, atol=1e-10)
    np.testing.assert_allclose(coordinates @ basis, vector, atol=1e-9)


def test_growing_leaves_what_is_lent_where_it_is() -> None:
    """And so does going back to it, wherever the subspace has come to meanwhile."""
    rng = np.random.default_rng(0)
    space = Subspace(rng.normal(size=50), 3)
    for is_collapsed in (False, True):
        while space.size < space.least:
            space.include(rng.normal(size=50))
        first, size, rows = space.lend(), space.size, space.rows
        before = first.copy()
        space.include(rng.normal(size=50))
        assert space.rows is rows
        second, after = space.lend(), space.rows[: space.size].copy()
        if is_collapsed:
            space.collapse(rng.normal(size=(space.least, space.size)), rng)
        space.restore(first, size)
        space.include(rng.normal(size=50))  # where the second has a row
        np.testing.assert_array_equal(first, before)
        np.testing.assert_array_equal(second, after)
        np.testing.assert_array_equal(space.rows[:size], before)
        assert space.rows is not rows


def test_states_of_earlier_versions_have_rows_that_are_not_in_use() -> None:
    problem = quadratic(0, 4, 60)
    sfo = SFO(problem.objective, problem.theta0, seed=0)
    for _ in range(3):
        sfo.step()
    state = sfo.state_dict()
    size, capacity = state["size"], sfo._space.capacity
    assert state["basis"].shape == (size, 60)
    whole = np.zeros((capacity, 60))
    whole[:size] = state["basis"]
    again = SFO(problem.objective, problem.theta0, seed=0)
    with pytest.raises(OptimizerError, match="rows"):
        again.load_state_dict(state | {"basis": whole[:-1]})
    again.load_state_dict(state | {"basis": whole})
    for _ in range(40):
        sfo.step()
        again.step()
    np.testing.assert_array_equal(again.theta, sfo.theta)
