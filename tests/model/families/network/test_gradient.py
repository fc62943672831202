"""The hand-derived gradient: finite differences, the formulas themselves, and every short cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import network_oracle as oracle
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from network_problems import counted, networks, parameters, positions_of, random_table
from numpy.typing import NDArray

from model.families.log_bilinear.objective import Objective as LogBilinearObjective
from model.families.log_bilinear.shape import LogBilinear
from model.families.network import input_layer, rows, tables
from model.families.network.shape import Network
from model.ngrams import NgramTable

Array = NDArray[np.float64]

CONFIGURATIONS = [
    Network(5, 3, 2, hidden=4, layers=layers, activation=activation, direct=direct)
    for layers in (1, 2, 3)
    for activation in ("relu", "tanh")
    for direct in (True, False)
]


def differences(value: Callable[[Array], float], theta: Array, step: float = 1e-6) -> Array:
    """The gradient by central differences, entry by entry."""
    gradient = np.empty_like(theta)
    for i in range(len(theta)):
        moved = theta.copy()
        moved[i] += step
        above = value(moved)
        moved[i] -= 2 * step
        gradient[i] = (above - value(moved)) / (2 * step)
    return gradient


def far_from_kinks(model: Network, theta: Array, table: NgramTable) -> bool:
    """Whether no hidden unit is so close to zero that a difference would cross ReLU's kink."""
    w = model.weights(theta)
    layer = w.embeddings[table.contexts].reshape(len(table.contexts), -1)
    for matrix, bias in zip((w.first, *w.deeper), w.biases, strict=True):
        inputs = layer @ matrix.reshape(model.hidden, -1).T + bias
        if np.abs(inputs).min() < 1e-4:
            return False
        layer = np.maximum(inputs, 0)
    return True


@pytest.fixture(params=["tables", "gathered"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the two ways to compute the first layer, whatever is faster."""
    kinds = {"tables": input_layer.InputTables, "gathered": input_layer.GatheredInputs}
    kind = kinds[request.param]
    monkeypatch.setattr(
        "model.families.network.evaluation.input_layer", lambda weights, _: kind(weights)
    )
    return str(request.param)


@pytest.mark.parametrize("model", CONFIGURATIONS, ids=str)
def test_gradient_is_that_of_finite_differences(model: Network, way: str) -> None:
    table = random_table(model, 60, 1)
    theta = next(t for s in range(99) if far_from_kinks(model, t := parameters(model, s), table))
    objective = model.objective(table, dtype=np.float64, threads=2)
    value, gradient = objective.value_and_gradient(theta)
    assert value == pytest.approx(objective.value(theta), rel=1e-14)
    # Threads take longer to meet, hundreds of times, than for so few positions.
    expected = differences(model.objective(table, dtype=np.float64, threads=1).value, theta)
    assert np.abs(gradient - expected).max() < 1e-8
    assert (np.abs(expected) > 1e-4).any()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_gradient_of_any_network_and_text(data: st.DataObject) -> None:
    model = data.draw(networks())
    table = data.draw(counted(model, fractional=data.draw(st.booleans())))
    theta = parameters(model, data.draw(st.integers(0, 1000)))
    assume(model.activation == "tanh" or far_from_kinks(model, theta, table))
    objective = model.objective(table, dtype=np.float64, threads=data.draw(st.integers(1, 3)))
    gradient = objective.value_and_gradient(theta)[1]
    alone = model.objective(table, dtype=np.float64, threads=1)
    assert np.abs(gradient - differences(alone.value, theta)).max() < 1e-8


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_loss_is_what_the_formulas_say(data: st.DataObject) -> None:
    model = data.draw(networks())
    table = data.draw(counted(model, fractional=data.draw(st.booleans())))
    theta = parameters(model, data.draw(st.integers(0, 1000)))
    objective = model.objective(table, dtype=np.float64, threads=1)
    positions = positions_of(table)
    assert objective.positions == pytest.approx(sum(weight for _, _, weight in positions))
    assert objective.value(theta) == pytest.approx(oracle.loss(model, theta, positions), rel=1e-12)


@pytest.mark.parametrize("model", CONFIGURATIONS, ids=str)
def test_tables_and_gathering_agree(model: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    table, theta = random_table(model, 300, 2), parameters(model, 3)
    objective = model.objective(table, dtype=np.float64, threads=2)
    results = []
    for kind in (input_layer.InputTables, input_layer.GatheredInputs):
        monkeypatch.setattr(
            "model.families.network.evaluation.input_layer", lambda weights, _, k=kind: k(weights)
        )
        results.append(objective.value_and_gradient(theta))
    (value, gradient), (other_value, other_gradient) = results
    assert value == pytest.approx(other_value, rel=1e-13)
    np.testing.assert_allclose(gradient, other_gradient, rtol=1e-11, atol=1e-14)


def test_the_way_follows_from_rows_and_vocabulary() -> None:
    model = Network(50, 3, 8, hidden=4)
    weights = model.weights(model.initial(np.random.default_rng(0)))
    assert isinstance(input_layer.input_layer(weights, 1000), input_layer.InputTables)
    assert isinstance(input_layer.input_layer(weights, 10), input_layer.GatheredInputs)


def test_tables_that_would_not_fit_are_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Network(50, 3, 8, hidden=4)
    weights = model.weights(model.initial(np.random.default_rng(0)))
    monkeypatch.setattr(tables, "_LARGEST", 3 * 50 * 54 - 1)
    assert isinstance(input_layer.input_layer(weights, 1000), input_layer.GatheredInputs)


@pytest.mark.parametrize("model", CONFIGURATIONS, ids=str)
def test_float32_is_close(model: Network) -> None:
    table, theta = random_table(model, 300, 2), parameters(model, 3)
    value, gradient = model.objective(table, dtype=np.float64).value_and_gradient(theta)
    close_value, close_gradient = model.objective(table).value_and_gradient(theta)
    assert close_gradient.dtype == np.float64
    assert close_value == pytest.approx(value, rel=1e-6)
    assert np.abs(close_gradient - gradient).max() < 1e-6


@pytest.mark.parametrize("size", [1, 7, 64])
def test_blocks_change_nothing(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = CONFIGURATIONS[4]
    table, theta = random_table(model, 400, 2), parameters(model, 3)
    value, gradient = model.objective(table, dtype=np.float64).value_and_gradient(theta)
    monkeypatch.setattr(rows, "BLOCK_ROWS", size)
    other, cut = model.objective(table, dtype=np.float64).value_and_gradient(theta)
    assert other == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(cut, gradient, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_change_roundings_only(threads: int) -> None:
    model = CONFIGURATIONS[4]
    table, theta = random_table(model, 400, 2), parameters(model, 3)
    value, gradient = model.objective(table, dtype=np.float64, threads=1).value_and_gradient(theta)
    other, shared = model.objective(table, dtype=np.float64, threads=threads).value_and_gradient(
        theta
    )
    assert other == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(shared, gradient, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_results_are_repeated_bit_for_bit(threads: int) -> None:
    model = Network(30, 5, 8, hidden=64, layers=2, dropout=0.3)
    table, theta = random_table(model, 3000, 2), model.initial(np.random.default_rng(1))
    results = [
        model.sum_objective(table, 3, seed=4, threads=threads).part(theta, 1) for _ in range(5)
    ]
    for value, gradient in results[1:]:
        assert value == results[0][0]
        assert np.array_equal(gradient, results[0][1])


def test_who_is_done_first_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Network(30, 5, 8, hidden=64, layers=2, dropout=0.3)
    table, theta = random_table(model, 3000, 2), model.initial(np.random.default_rng(1))
    value, gradient = model.sum_objective(table, 3, 4, threads=3).part(theta, 1)

    def last_first(tasks: Sequence[Callable[[], object]]) -> list[object]:
        return [task() for task in reversed(tasks)][::-1]

    monkeypatch.setattr("model.families.network.evaluation.in_parallel", last_first)
    other, slope = model.sum_objective(table, 3, 4, threads=3).part(theta, 1)
    assert other == value
    assert np.array_equal(slope, gradient)


def test_without_hidden_units_it_is_the_log_bilinear_model() -> None:
    model = Network(6, 3, 4, hidden=2)
    table = random_table(model, 500, 2)
    log_bilinear = LogBilinear(6, 3, 4)
    start = log_bilinear.initial(np.random.default_rng(0))
    embeddings, outputs = log_bilinear.unpack(start)
    theta = np.zeros(model.parameter_count)
    weights = model.weights(theta)
    assert weights.direct is not None
    weights.embeddings[:], weights.direct[:] = embeddings, outputs
    value, gradient = model.objective(table, dtype=np.float64).value_and_gradient(theta)
    expected, slope = LogBilinearObjective(log_bilinear, table).value_and_gradient(start)
    assert value == pytest.approx(expected, rel=1e-13)
    by_embeddings, by_outputs = log_bilinear.unpack(slope)
    parts = model.weights(gradient)
    np.testing.assert_allclose(parts.embeddings, by_embeddings, atol=1e-14)
    assert parts.direct is not None
    np.testing.assert_allclose(parts.direct, by_outputs, atol=1e-14)


@pytest.mark.parametrize("size", [1e200, np.inf, np.nan])
def test_overflow_is_an_infinite_loss(size: float) -> None:
    model = CONFIGURATIONS[0]
    objective = model.objective(random_table(model, 100, 2), threads=2)
    theta = np.full(model.parameter_count, size)
    assert objective.value(theta) == np.inf
    value, gradient = objective.value_and_gradient(theta)
    assert value == np.inf
    assert np.isnan(gradient).all()


def test_large_logits_are_exact() -> None:
    model = Network(3, 1, 1, hidden=1)
    theta = parameters(model, 0) * 1e6
    table = NgramTable.from_ngrams(np.array([[0, 1], [1, 2]]), np.array([1, 3]), 3)
    objective = model.objective(table, dtype=np.float64)
    expected = oracle.loss(model, theta, positions_of(table))
    assert expected > 1e3
    assert objective.value(theta) == pytest.approx(expected, rel=1e-12)
    assert np.isfinite(objective.value_and_gradient(theta)[1]).all()
