"""A text dealt out to parts, and dropout in their evaluation."""

from __future__ import annotations

import json
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_problems import counted, networks, parameters, random_table, with_fractions

from model.errors import OptimizerError, SettingsError
from model.families.network.dropout import MaskStream, retained_levels, scale
from model.families.network.rows import deal
from model.families.network.shape import Network
from model.ngrams import NgramTable

MODEL = Network(7, 3, 2, hidden=16, layers=2, dropout=0.4)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_parts_add_up_to_the_whole(data: st.DataObject) -> None:
    model = data.draw(networks(dropout=0.5))
    table = data.draw(counted(model, fractional=data.draw(st.booleans())))
    theta = parameters(model, data.draw(st.integers(0, 1000)))
    parts = data.draw(st.integers(1, max(1, int(table.counts.data.sum()))))
    sums = model.sum_objective(table, parts, 5, dtype=np.float64, threads=1)
    assert len(sums) == parts
    pairs = [sums.part(theta, i) for i in range(parts)]
    value, gradient = model.objective(table, dtype=np.float64).value_and_gradient(theta)
    assert sums.positions == pytest.approx(table.counts.data.sum())
    assert sum(v for v, _ in pairs) == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(sum(g for _, g in pairs), gradient, rtol=1e-9, atol=1e-13)
    assert sums.value(theta) == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(sums.value_and_gradient(theta)[1], gradient, rtol=1e-9, atol=1e-13)


def test_counted_contexts_cost_less_and_mean_the_same_as_positions() -> None:
    """A part whose equal contexts share a row against one row a position."""
    table, theta = random_table(MODEL, 500, 1), parameters(MODEL, 2)
    rows = deal(MODEL, table, 4, 3, np.float64)
    assert len(rows) < 400
    grams = np.repeat(table.ngrams()[0], table.counts.data, axis=0)
    dealt = np.empty(len(grams), dtype=int)
    dealt[np.random.default_rng(3).permutation(len(grams))] = np.arange(500) * 4 // 500
    sums = MODEL.sum_objective(table, 4, 3, dtype=np.float64)
    for part in range(4):
        of_part = grams[dealt == part]
        alone = NgramTable.from_ngrams(of_part, np.ones(len(of_part), dtype=np.int64), 7)
        value, gradient = MODEL.objective(alone, dtype=np.float64).value_and_gradient(theta)
        found, slope = sums.part(theta, part)
        assert found == pytest.approx(value / 4, rel=1e-12)
        np.testing.assert_allclose(slope, gradient / 4, rtol=1e-9, atol=1e-14)


def test_parts_have_equal_weight_and_are_dealt_at_random() -> None:
    table = random_table(MODEL, 1003, 1)
    rows = deal(MODEL, table, 10, 0, np.float64)
    shares = [
        sum(b.weights.sum() for b in rows.blocks(int(a), int(z))) * 1003
        for a, z in zip(rows.parts[:-1], rows.parts[1:], strict=True)
    ]
    assert {round(s) for s in shares} == {100, 101}
    theta = parameters(MODEL, 0)
    values = [MODEL.sum_objective(table, 10, seed).part(theta, 0)[0] for seed in (0, 0, 1)]
    assert values[0] == values[1] != values[2]


def test_fractional_counts_are_dealt_as_positions_and_a_rest() -> None:
    table = with_fractions(random_table(MODEL, 300, 1))
    rows = deal(MODEL, table, 5, 0, np.float64)
    assert rows.positions == pytest.approx(table.counts.data.sum())
    blocks = list(rows.blocks(0, len(rows)))
    assert sum(b.counts.sum() for b in blocks) == pytest.approx(1)
    assert max(b.counts.max() for b in blocks) * rows.positions > 1  # equal ones are merged


@pytest.mark.parametrize("parts", [0, -1, 501])
def test_a_number_of_parts_that_cannot_be(parts: int) -> None:
    table = random_table(MODEL, 500, 1)
    with pytest.raises(SettingsError, match="between 1 and 500"):
        MODEL.sum_objective(table, parts, 0, noise=True)


def test_a_part_that_is_not_there() -> None:
    sums = MODEL.sum_objective(random_table(MODEL, 50, 1), 3, 0, noise=True)
    for index in (-1, 3):
        with pytest.raises(IndexError, match="no part"):
            sums.part(parameters(MODEL, 0), index)


@pytest.mark.parametrize("dropout", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_masks_keep_their_share(dropout: float) -> None:
    mask = MaskStream(dropout, 1, 2, 0).draw(400, 250)
    assert mask.shape == (400, 250)
    expected = retained_levels(dropout) / 256
    assert abs(expected - (1 - dropout)) <= 1 / 256
    assert mask.mean() == pytest.approx(expected, abs=5 * np.sqrt(expected / 1e5))
    assert scale(dropout) * expected == 1


def test_masks_depend_on_seed_evaluation_thread_and_place() -> None:
    first = MaskStream(0.5, 1, 2, 0)
    drawn = first.draw(8, 9)
    again = MaskStream(0.5, 1, 2, 0)
    assert np.array_equal(again.draw(8, 9), drawn)
    assert np.array_equal(again.draw(8, 9), first.draw(8, 9))
    others = [(2, 2, 0), (1, 3, 0), (1, 2, 1)]
    for other in others:
        assert not np.array_equal(MaskStream(0.5, *other).draw(8, 9), drawn)
    assert not np.array_equal(first.draw(8, 9), drawn)


def test_masks_of_all_units_are_independent() -> None:
    mask = MaskStream(0.3, 1, 2, 0).draw(20_000, 24).astype(float)
    correlation = np.corrcoef(mask.T) - np.eye(24)
    assert np.abs(correlation).max() < 5 / np.sqrt(20_000)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_part_with_dropout_is_the_network_with_masked_units(
    layers: int, activation: Literal["relu", "tanh"]
) -> None:
    """The value and gradient for the very masks that the stream gives, by finite differences."""
    model = Network(4, 2, 2, hidden=6, layers=layers, activation=activation, dropout=0.4)
    table, theta = random_table(model, 40, 1), parameters(model, 5)

    def masked(theta: np.ndarray) -> float:
        stream = MaskStream(0.4, 9, 0, 0)
        w = model.weights(theta)
        ngrams, counts = table.ngrams()
        grouped = np.flatnonzero(np.any(np.diff(ngrams[:, :-1], axis=0, prepend=-1) != 0, axis=1))
        row = np.searchsorted(grouped, np.arange(len(ngrams)), "right") - 1
        x = w.embeddings[ngrams[grouped, :-1]].reshape(len(grouped), -1)
        layer = x
        for matrix, bias in zip((w.first, *w.deeper), w.biases, strict=True):
            layer = layer @ matrix.reshape(model.hidden, -1).T + bias
            layer = np.maximum(layer, 0) if activation == "relu" else np.tanh(layer)
            layer = np.where(stream.draw(*layer.shape), layer * scale(0.4), 0.0)
        assert w.direct is not None
        logits = layer @ w.outputs.T + x @ w.direct.reshape(4, -1).T + w.output_bias
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return float(-(counts * log_p[row, ngrams[:, -1]]).sum() / counts.sum())

    sums = model.sum_objective(table, 1, 9, dtype=np.float64, threads=1, noise=True)
    value, gradient = sums.part(theta, 0)
    assert value == pytest.approx(masked(theta), rel=1e-12)
    step = 1e-6 * np.eye(len(theta))
    expected = np.array([masked(theta + s) - masked(theta - s) for s in step]) / 2e-6
    np.testing.assert_allclose(gradient, expected, atol=1e-7)


def test_dropout_changes_nothing_on_average() -> None:
    """Of a network that is linear in its activations: means of activations are the activations."""
    model = Network(4, 2, 3, hidden=40, dropout=0.25, direct=False)
    table = NgramTable.from_ngrams(np.array([[1, 2, 3]]), np.array([1]), 4)
    theta = parameters(model, 1)
    # With outputs near zero the loss is linear in them, and its gradient is (p - t) h'.
    model.weights(theta).outputs[:] = 0
    exact = model.weights(model.objective(table, dtype=np.float64).value_and_gradient(theta)[1])
    sums = model.sum_objective(table, 1, 0, dtype=np.float64, noise=True)
    draws = np.array([model.weights(sums.part(theta, 0)[1]).outputs.copy() for _ in range(2000)])
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - exact.outputs) <= 5 * error + 1e-15).all()
    assert error.max() > 0


def test_values_are_without_dropout() -> None:
    table, theta = random_table(MODEL, 500, 1), parameters(MODEL, 2)
    exact = MODEL.objective(table).value(theta)
    sums = MODEL.sum_objective(table, 1, 0, noise=True)
    assert sums.part(theta, 0)[0] != pytest.approx(exact, rel=1e-4)
    assert sums.value(theta) == pytest.approx(exact, rel=1e-6)
    assert sums.value_and_gradient(theta)[0] == pytest.approx(exact, rel=1e-6)


def test_the_deterministic_kind_repeats_itself() -> None:
    table, theta = random_table(MODEL, 500, 1), parameters(MODEL, 2)
    sums = MODEL.sum_objective(table, 3, 0)
    first, second = sums.part(theta, 1), sums.part(theta, 1)
    assert first[0] == second[0]
    assert np.array_equal(first[1], second[1])
    noisy = MODEL.sum_objective(table, 3, 0, noise=True)
    assert noisy.part(theta, 1)[0] != noisy.part(theta, 1)[0]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_resumed_trajectory_is_the_same_bit_for_bit(threads: int) -> None:
    table = random_table(MODEL, 500, 1)

    def descend(sums: object, theta: np.ndarray, steps: range) -> np.ndarray:
        for step in steps:
            theta = theta - 0.3 * sums.part(theta, step % 3)[1]  # type: ignore[attr-defined]
        return theta

    start = MODEL.initial(np.random.default_rng(0))
    whole = descend(MODEL.sum_objective(table, 3, 8, threads=threads, noise=True), start, range(12))
    sums = MODEL.sum_objective(table, 3, 8, threads=threads, noise=True)
    half = descend(sums, start, range(5))
    state = json.loads(json.dumps(sums.state_dict()))
    again = MODEL.sum_objective(table, 3, 8, threads=threads, noise=True)
    unresumed = descend(again, half, range(5, 12))
    again.load_state_dict(state)
    assert np.array_equal(descend(again, half, range(5, 12)), whole)
    assert not np.array_equal(unresumed, whole)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"seed": 1}, "seed 1"), ({"threads": 7}, "threads 7"), ({"evaluations": None}, "lacks")],
)
def test_a_state_of_something_else_is_refused(change: dict[str, int], message: str) -> None:
    sums = MODEL.sum_objective(random_table(MODEL, 50, 1), 3, 0, threads=1, noise=True)
    state = {k: v for k, v in (sums.state_dict() | change).items() if v is not None}
    with pytest.raises(OptimizerError, match=message):
        sums.load_state_dict(state)
