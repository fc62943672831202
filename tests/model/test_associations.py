from __future__ import annotations

import numpy as np
import pytest

from model.associations import (
    by_cosine,
    by_distance,
    counted_after,
    predecessors,
    successors,
)
from model.corpus import Corpus
from model.counting import count_ngrams
from model.families.log_bilinear.shape import LogBilinear
from model.optimizers import LBFGS

EMBEDDINGS = np.array([[1.0, 0], [2, 0.1], [0, 1], [-1, 0], [0, 0]])


def test_neighbours_by_angle_and_by_distance() -> None:
    assert [i for i, _ in by_cosine(EMBEDDINGS, 0, 9)] == [1, 2, 4, 3]
    farthest, cosine = by_cosine(EMBEDDINGS, 0, 9)[-1]
    assert farthest == 3
    assert cosine == pytest.approx(-1)
    assert [i for i, _ in by_distance(EMBEDDINGS, 0, 2)] == [4, 1]
    assert by_distance(EMBEDDINGS, 0, 1)[0][1] == pytest.approx(1)


def test_a_character_without_direction_is_like_none() -> None:
    assert [cosine for _, cosine in by_cosine(EMBEDDINGS, 4, 4)] == [0, 0, 0, 0]


def test_successors_and_predecessors_are_those_of_the_text() -> None:
    """In 'abcabc…' every character has one successor and one predecessor."""
    corpus = Corpus.from_text("abc" * 20)
    model = LogBilinear(3, 1, 3)
    table = count_ngrams(corpus.codes, 3, 1)
    objective = model.objective(table)
    theta0 = model.initial(np.random.default_rng(0))
    optimizer = LBFGS(objective, theta0)
    for _ in range(30):
        optimizer.step()
    predictor = model.predictor(optimizer.theta)
    for character in range(3):
        (after, p), *_ = successors(predictor, table, character, 1)
        assert (after, p > 0.9) == ((character + 1) % 3, True)
        (before, p), *_ = predecessors(predictor, table, character, 1)
        assert (before, p > 0.9) == ((character - 1) % 3, True)


def literal_means(model: LogBilinear, theta: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Mean probabilities after each character, window by window; (V, V)."""
    size, m = model.vocabulary_size, model.context_length
    predictor = model.predictor(theta)
    sums, counts = np.zeros((size, size)), np.zeros(size)
    for end in range(m, len(codes)):
        context = codes[end - m : end]
        sums[context[-1]] += np.exp(predictor.log_probabilities(context[None])[0])
        counts[context[-1]] += 1
    return sums / np.maximum(counts, 1)[:, None]


def test_probabilities_are_means_over_the_contexts_of_the_text() -> None:
    rng = np.random.default_rng(1)
    model = LogBilinear(5, 3, 2)
    theta = rng.normal(size=model.parameter_count)
    codes = rng.integers(0, 4, 300)  # the last character of the vocabulary never occurs
    table = count_ngrams(codes, 5, 3)
    expected = literal_means(model, theta, codes)
    predictor = model.predictor(theta)
    for character in range(4):
        found = dict(successors(predictor, table, character, 5))
        np.testing.assert_allclose([found[i] for i in range(5)], expected[character])
        before = dict(predecessors(predictor, table, character, 5))
        np.testing.assert_allclose([before[i] for i in range(5)], expected[:, character])
    assert successors(predictor, table, 4, 5) == []
    # Where some contexts stand for all, the means are about the same.
    found = dict(successors(predictor, table, 0, 5, most=12))
    np.testing.assert_allclose([found[i] for i in range(5)], expected[0], atol=0.1)


def test_counted_shares_are_those_of_pairs() -> None:
    codes = np.array([0, 1, 0, 2, 0, 1, 2])
    table = count_ngrams(codes, 4, 1)
    np.testing.assert_allclose(counted_after(table, 0), [0, 2 / 3, 1 / 3, 0])
    assert not counted_after(table, 3).any()
