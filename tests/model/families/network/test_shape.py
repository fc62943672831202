"""The shape of a network: its parameters, its blocks, its beginnings, its errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from network_problems import networks, parameters, random_table
from text_sizes import all_different

from model.errors import SettingsError
from model.families.base import Model
from model.families.network.layout import with_unknown
from model.families.network.shape import Network
from model.ngrams import NgramTable


@settings(max_examples=60, deadline=None)
@given(networks())
def test_weights_and_blocks_cover_theta_once(model: Network) -> None:
    theta = np.zeros(model.parameter_count)
    for block in model.blocks(theta):
        assert np.shares_memory(block.values, theta)
        if block.role != "shared":
            assert len(block.values) == model.vocabulary_size
        block.values[...] += 1
    assert (theta == 1).all()
    assert model.embeddings(theta).shape == (model.vocabulary_size, model.embedding_size)


@settings(max_examples=60, deadline=None)
@given(networks())
def test_weight_decay_is_for_matrices_but_embeddings(model: Network) -> None:
    theta = np.zeros(model.parameter_count)
    theta[model.decayed] = 1
    weights = model.weights(theta)
    matrices = [weights.first, *weights.deeper, weights.outputs]
    matrices += [] if weights.direct is None else [weights.direct]
    assert all((matrix == 1).all() for matrix in matrices)
    assert not weights.embeddings.any()
    assert not any(bias.any() for bias in (*weights.biases, weights.output_bias))


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_initial_activations_keep_their_size(activation: Any) -> None:
    model = Network(40, 6, 16, hidden=400, layers=3, activation=activation)
    theta = model.initial(np.random.default_rng(0))
    assert np.array_equal(theta, model.initial(np.random.default_rng(0)))
    weights = model.weights(theta)
    codes = np.random.default_rng(1).integers(0, 40, (500, 6))
    layer = weights.embeddings[codes].reshape(500, -1)
    for matrix, bias in zip((weights.first, *weights.deeper), weights.biases, strict=True):
        layer = layer @ matrix.reshape(400, -1).T + bias
        layer = np.maximum(layer, 0) if activation == "relu" else np.tanh(layer)
        assert 0.3 < np.sqrt((layer**2).mean()) < 1.5
    value = model.objective(random_table(model, 500, 0)).value(theta)
    assert value == pytest.approx(np.log(40), rel=0.05)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vocabulary_size": 1}, "vocabulary size is 1: it must be at least 2"),
        ({"context_length": 0}, "context length is 0"),
        ({"embedding_size": 0}, "embedding size is 0"),
        ({"hidden": 0}, "hidden units is 0"),
        ({"layers": 0}, "from 1 to 3"),
        ({"layers": 4}, "from 1 to 3"),
        ({"activation": "gelu"}, "one of relu, tanh"),
        ({"dropout": 1.0}, "below 1"),
        ({"dropout": -0.1}, "below 1"),
        ({"dropout": float("nan")}, "below 1"),
    ],
)
def test_settings_out_of_range(settings: dict[str, Any], message: str) -> None:
    sizes = {"vocabulary_size": 3, "context_length": 2, "embedding_size": 2}
    with pytest.raises(SettingsError, match=message):
        Network(**sizes | settings)


def test_parameters_of_another_model() -> None:
    model = Network(3, 2, 2, hidden=4)
    with pytest.raises(SettingsError, match="belong to another model"):
        model.weights(np.zeros(model.parameter_count + 1))


def test_tables_that_do_not_fit() -> None:
    model = Network(3, 2, 2, hidden=4)
    for other in (Network(4, 2, 2), Network(3, 1, 2)):
        table = random_table(other, 20, 0)
        with pytest.raises(SettingsError, match="count the text with the model's two"):
            model.objective(table)
        with pytest.raises(SettingsError, match="count the text with the model's two"):
            model.sum_objective(table, 1, 0)
    empty = NgramTable.from_ngrams(np.empty((0, 3), dtype=int), np.empty(0, dtype=int), 3)
    with pytest.raises(SettingsError, match="counts no n-gram"):
        model.objective(empty)


def test_arguments_of_objectives_out_of_range() -> None:
    model = Network(3, 2, 2, hidden=4)
    table = random_table(model, 20, 0)
    with pytest.raises(SettingsError, match="not float64 or float32"):
        model.objective(table, dtype=np.float16)
    with pytest.raises(SettingsError, match="at least 1"):
        model.sum_objective(table, 1, 0, threads=0)


def test_unknown_is_the_mean() -> None:
    embeddings = np.array([[1.0, 2.0], [3.0, 6.0]])
    assert with_unknown(embeddings).tolist() == [[1, 2], [3, 6], [2, 4]]


def test_cost_grows_with_what_is_computed() -> None:
    model: Model = Network(60, 8, 24, hidden=512)
    cost = model.cost(all_different(10_000))
    assert (cost.parameters, cost.contexts) == (model.parameter_count, 10_000)
    more = [
        model.cost(all_different(20_000)),
        Network(60, 8, 24, hidden=1024).cost(all_different(10_000)),
    ]
    more.append(Network(60, 8, 24, hidden=512, layers=2).cost(all_different(10_000)))
    for other in more:
        assert other.gradient_seconds > 1.3 * cost.gradient_seconds
        held = other.bytes + other.evaluation_bytes
        assert held > cost.bytes + cost.evaluation_bytes


def test_the_family_is_a_model() -> None:
    model: Model = Network(3, 2, 4, hidden=4)
    theta = parameters(Network(3, 2, 4, hidden=4), 0)
    assert model.family == "network"
    assert model.embeddings(theta).shape == (3, 4)
