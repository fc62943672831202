"""The family behind the protocol, and the choice of its order."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from model import baselines
from model.counting import count_ngrams
from model.errors import SettingsError
from model.families.base import Model
from model.families.ngrams.model import NgramModel
from model.families.ngrams.neighbours import neighbour_vectors
from model.families.ngrams.order import best_order, losses_by_order
from model.families.set_aside import spread_blocks, with_gaps
from model.running_text import RunningText

V = 6


def chain(length: int, memory: int, seed: int = 0) -> np.ndarray:
    """A text whose next character depends on exactly the last `memory` ones."""
    rng = np.random.default_rng(seed)
    likely = rng.integers(V, size=(V,) * memory)
    codes = rng.integers(V, size=memory).tolist()
    while len(codes) < length:
        certain = rng.random() < 0.8
        codes.append(int(likely[tuple(codes[-memory:])]) if certain else int(rng.integers(V)))
    return np.array(codes)


@pytest.mark.parametrize("memory", [1, 2])
def test_auto_finds_how_far_a_text_remembers(memory: int) -> None:
    codes = chain(20_000, memory)
    assert best_order(RunningText(codes, V), longest=6) == memory + 1
    model = NgramModel.fitted(RunningText(codes, V))
    assert model.context_length == memory


@pytest.mark.parametrize("smoothing", ["witten-bell", "kneser-ney"])
def test_losses_by_order_are_those_of_models_counted_one_by_one(smoothing: str) -> None:
    codes = chain(3000, 2)
    aside = spread_blocks(len(codes))
    found = losses_by_order(RunningText(codes, V), smoothing, longest=4)  # type: ignore[arg-type]
    for order in range(1, 5):
        model = NgramModel.fitted(
            RunningText(with_gaps(codes, aside, V), V),
            order=order,
            smoothing=smoothing,  # type: ignore[arg-type]
        )
        reader = model.predictor(np.empty(0)).reader()
        losses = []
        for code, asked in zip(codes.tolist(), aside, strict=True):
            if asked:
                losses.append(-reader.log_probabilities()[code])
            reader.read(code)
        assert found[order - 1] == pytest.approx(np.mean(losses), rel=1e-12)


def test_the_best_order_is_sought_in_little_memory() -> None:
    """Whole rows of every level took 100 MB here."""
    codes = np.random.default_rng(0).integers(57, size=20_000)
    tracemalloc.start()
    try:
        best_order(RunningText(codes, 57))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40e6


def test_objective_and_its_parts() -> None:
    codes = chain(2000, 2)
    training, held_out = codes[:1800], codes[1800:]
    model: Model = NgramModel.fitted(RunningText(training, V), order=3)
    theta = model.initial(np.random.default_rng(0))
    assert theta.shape == (model.parameter_count,) == (0,)
    text = np.append(training[-2:], held_out)
    table = count_ngrams(text, V, 2)
    objective = model.objective(table)
    assert objective.positions == 200
    assert objective.value(theta) == pytest.approx(baselines.kneser_ney(training, held_out, V, 3))
    value, gradient = objective.value_and_gradient(theta)
    assert (value, gradient.shape) == (objective.value(theta), (0,))
    total = model.sum_objective(table, 5, seed=0)
    shares = [total.part(theta, i)[0] for i in range(len(total))]
    assert sum(shares) == pytest.approx(value)
    # Longer contexts than the model's are welcome, shorter ones know less.
    longer = model.objective(count_ngrams(np.append(training[-4:], held_out), V, 4))
    shorter = model.objective(count_ngrams(text, V, 1))
    assert longer.value(theta) == pytest.approx(value)
    assert shorter.value(theta) > value


def test_a_table_of_another_vocabulary_is_refused() -> None:
    model = NgramModel.fitted(RunningText(chain(100, 1), V), order=2)
    with pytest.raises(SettingsError, match="vocabulary of 7"):
        model.objective(count_ngrams(np.arange(7), 7, 2))


def test_vectors_are_alike_where_neighbours_are() -> None:
    rng = np.random.default_rng(0)
    # Vowels and consonants in turn: 0 to 2 and 3 to 5.
    codes = np.column_stack([rng.integers(3, size=4000), 3 + rng.integers(3, size=4000)]).ravel()
    vectors = neighbour_vectors(RunningText(codes, V), 2)
    distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    within = max(distances[:3, :3].max(), distances[3:, 3:].max())
    assert within < 0.2 * distances[:3, 3:].min()
    assert (vectors[np.abs(vectors).argmax(axis=0), range(2)] > 0).all()
    wide = neighbour_vectors(RunningText(codes, V), V + 2)
    assert wide.shape == (V, V + 2)
    assert not wide[:, V:].any()
    # All of its directions give the products of the information's own factorization back.
    strengths = np.linalg.norm(wide, axis=0)
    assert all(a >= b for a, b in pairwise(strengths))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"order": -1}, "order is -1"),
        ({"order": 11}, "1 to 10"),
        ({"embedding_size": 0}, "size is 0"),
    ],
)
def test_bad_settings_are_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        NgramModel.fitted(RunningText(chain(100, 1), V), **{"order": 2, **arguments})
