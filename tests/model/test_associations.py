from __future__ import annotations

import numpy as np
import pytest

from model.associations import by_cosine, by_distance, predecessors, successors
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
    objective = model.objective(count_ngrams(corpus.codes, 3, 1))
    theta0 = model.initial(np.random.default_rng(0))
    optimizer = LBFGS(objective, theta0)
    for _ in range(30):
        optimizer.step()
    predictor = model.predictor(optimizer.theta)
    for character in range(3):
        (after, p), *_ = successors(predictor, character, 1)
        assert (after, p > 0.9) == ((character + 1) % 3, True)
        (before, p), *_ = predecessors(predictor, character, 1)
        assert (before, p > 0.9) == ((character - 1) % 3, True)


def test_unknown_positions_count_as_the_mean_of_the_vocabulary() -> None:
    model = LogBilinear(4, 3, 2)
    theta = np.random.default_rng(1).normal(size=model.parameter_count)
    tables = model.logit_tables(theta)
    logits = tables[0].mean(axis=0) + tables[1].mean(axis=0) + tables[2][1]
    expected = np.exp(logits) / np.exp(logits).sum()
    predictor = model.predictor(theta)
    found = dict(successors(predictor, 1, 4))
    np.testing.assert_allclose([found[i] for i in range(4)], expected)
    assert dict(predecessors(predictor, 2, 4))[1] == pytest.approx(expected[2])
