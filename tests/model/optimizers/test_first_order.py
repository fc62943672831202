"""What Adam and SGD do in blocks is what their formulas say of the whole vector."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from problems import quadratic

from model import parallel
from model.errors import OptimizerError, SettingsError
from model.families.network.shape import Network
from model.interruption import interruptible
from model.optimizers import SGD, Adam, first_order, registry
from model.optimizers.schedule import Schedule
from model.optimizers.weight_decay import decay_mask
from model.parts import FunctionSum

Array = NDArray[np.float64]
DECAYS = np.array([True, False, True, True, False, False])


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_order, "_BLOCK", 2)


def recorded(parts: int) -> tuple[FunctionSum, Array, list[Array]]:
    """A sum, where to begin, and the gradients that were asked for, as they come."""
    problem = quadratic(3, parts, 6)
    gradients: list[Array] = []

    def noted(theta: Array, index: int) -> tuple[float, Array]:
        value, gradient = problem.objective.part(theta, index)
        gradients.append(gradient.copy())
        return value, gradient

    return FunctionSum(noted, parts), problem.theta0, gradients


def test_adam_with_decay_clipping_and_schedule_is_its_formula() -> None:
    objective, theta0, gradients = recorded(3)
    schedule, steps = Schedule(warmup_steps=4), 12
    adam = Adam(
        objective,
        theta0,
        learning_rate=0.1,
        decay=(0.8, 0.95),
        weight_decay=0.3,
        decays=DECAYS,
        clip=2.0,
        schedule=schedule,
        progress=lambda: len(gradients) / steps,
        seed=0,
    )
    theta = theta0.copy()
    mean = square = np.zeros(6)
    for step in range(steps):
        length = adam.step().step_length
        gradient = 3 * gradients[step]
        gradient *= min(1.0, 2.0 / float(np.linalg.norm(gradient)))
        rate = 0.1 * schedule.factor((step + 1) / steps, step)
        mean = 0.8 * mean + 0.2 * gradient
        square = 0.95 * square + 0.05 * gradient**2
        adjusted = mean / (1 - 0.8 ** (step + 1))
        size = np.sqrt(square / (1 - 0.95 ** (step + 1))) + 1e-8
        change = -rate * adjusted / size - rate * 0.3 * DECAYS * theta
        theta = theta + change
        np.testing.assert_allclose(adam.theta, theta, rtol=1e-12)
        assert length == pytest.approx(np.linalg.norm(change))


@pytest.mark.parametrize("kind", [Adam, SGD])
def test_threads_share_a_step_and_change_no_bit(
    kind: type[Adam | SGD], monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = quadratic(3, 2, 41)
    moves: list[tuple[Array, float]] = []
    for threads in (0, 1, 2, 3, 50):
        monkeypatch.setattr(first_order, "_WORTH_SHARING", 41 if threads else 42)
        monkeypatch.setattr(parallel, "thread_count", lambda n=threads: n)
        options: dict[str, Any] = {"weight_decay": 0.2, "clip": 1.0, "seed": 0}
        optimizer = kind(problem.objective, problem.theta0, learning_rate=0.01, **options)
        lengths = [optimizer.step().step_length for _ in range(5)]
        moves.append((optimizer.theta, sum(lengths)))
    assert not np.array_equal(moves[0][0], problem.theta0)
    for theta, length in moves[1:]:
        np.testing.assert_array_equal(theta, moves[0][0])
        assert length == moves[0][1]


def test_a_step_that_is_no_longer_wanted_is_not_half_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_order, "_WORTH_SHARING", 1)
    problem, is_unwanted = quadratic(3, 1, 6), False

    def evaluated(theta: Array, index: int) -> tuple[float, Array]:
        nonlocal is_unwanted
        is_unwanted = True
        return problem.objective.part(theta, index)

    adam = Adam(FunctionSum(evaluated, 1), problem.theta0, learning_rate=0.1)
    whole = Adam(problem.objective, problem.theta0, learning_rate=0.1)
    with interruptible(lambda: is_unwanted):
        adam.step()
    whole.step()
    np.testing.assert_array_equal(adam.theta, whole.theta)


def test_sgd_with_decay_is_its_formula() -> None:
    objective, theta0, gradients = recorded(1)
    sgd = SGD(
        objective,
        theta0,
        learning_rate=0.05,
        momentum=0.7,
        weight_decay=0.2,
    )
    theta, velocity = theta0.copy(), np.zeros(6)
    for step in range(8):
        sgd.step()
        velocity = 0.7 * velocity - 0.05 * gradients[step]
        theta = theta + velocity - 0.05 * 0.2 * theta
        np.testing.assert_allclose(sgd.theta, theta, rtol=1e-12)


@pytest.mark.parametrize("kind", [Adam, SGD])
def test_moments_of_single_precision_go_the_same_way(kind: type[Adam | SGD]) -> None:
    problem = quadratic(3, 4, 41)
    double, single = (
        kind(problem.objective, problem.theta0, learning_rate=0.01, clip=5.0, seed=0, precision=p)
        for p in (np.float64, np.float32)
    )
    for _ in range(30):
        before = single.theta
        double.step()
        length = single.step().step_length
        np.testing.assert_allclose(single.theta, double.theta, rtol=1e-5, atol=1e-6)
        assert single.theta.dtype == np.float64
        assert length == pytest.approx(np.linalg.norm(single.theta - before), rel=1e-5)
    # What was saved goes on to the last bit; moments of the version before were float64.
    following = kind(
        problem.objective, problem.theta0, learning_rate=0.01, clip=5.0, precision="f4"
    )
    following.load_state_dict(single.state_dict())
    single.step()
    following.step()
    assert np.array_equal(following.theta, single.theta)
    following.load_state_dict(double.state_dict())
    for name in kind.moments:
        assert following.state_dict()[name].dtype == np.float32
    state = single.state_dict()
    with pytest.raises(OptimizerError, match="type float64"):
        double.load_state_dict(state)


@pytest.mark.parametrize(("name", "kind"), [("Adam", Adam), ("SGD", SGD)])
def test_a_state_of_mini_batches_is_as_large_as_estimated(
    name: str, kind: type[Adam | SGD]
) -> None:
    problem = quadratic(3, 4, 1000)
    for precision, in_batches in ((np.float64, False), (np.float32, True)):
        state = kind(problem.objective, problem.theta0, precision=precision).state_dict()
        found = sum(state[each].nbytes for each in ("theta", *kind.moments))
        assert found == registry.state_bytes(name, 1000, 1, {"in_batches": in_batches})


def test_moments_that_fit_no_single_precision_are_refused() -> None:
    problem = quadratic(3, 4, 6)
    adam = Adam(problem.objective, problem.theta0, precision=np.float32)
    state = adam.state_dict() | {"_square": np.full(6, 1e40)}
    with pytest.raises(OptimizerError, match="too large"):
        adam.load_state_dict(state)


def test_only_matrices_of_a_network_decay() -> None:
    network = Network(5, 2, 3, hidden=4, layers=2)
    mask = decay_mask(network)
    assert mask.sum() == 4 * 2 * 3 + 4 * 4 + 5 * 2 * 3 + 5 * 4
    assert not network.embeddings(mask.astype(float)).any()
    np.testing.assert_array_equal(np.flatnonzero(mask), np.arange(len(mask))[network.decayed])


@pytest.mark.parametrize("bad", [{"learning_rate": 0.0}, {"weight_decay": -1.0}, {"clip": -1.0}])
def test_bad_arguments_are_named(bad: dict[str, Any]) -> None:
    problem = quadratic(0, 1, 3)
    with pytest.raises(SettingsError, match=r"must be positive|0 or more"):
        Adam(problem.objective, problem.theta0, **bad)
