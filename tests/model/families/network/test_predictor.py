"""What a network predicts, in batches and one window at a time."""

from __future__ import annotations

import network_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_problems import counted, networks, parameters, random_table

from model.families.base import Predictor as PredictorProtocol
from model.families.network import tables
from model.families.network.predictor import Predictor
from model.families.network.shape import Network


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_predictions_are_what_the_formulas_say(data: st.DataObject) -> None:
    model = data.draw(networks())
    theta = parameters(model, data.draw(st.integers(0, 1000)))
    code = st.integers(0, model.vocabulary_size)  # the unknown one included
    context = st.lists(code, min_size=model.context_length, max_size=model.context_length)
    contexts = data.draw(st.lists(context, min_size=1, max_size=20))
    expected = [oracle.log_probabilities(model, theta, context) for context in contexts]
    found = Predictor(model, theta, dtype=np.float64).log_probabilities(np.array(contexts))
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)
    close = model.predictor(theta).log_probabilities(np.array(contexts))
    np.testing.assert_allclose(close, expected, rtol=1e-4, atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_predictions_and_the_objective_agree(data: st.DataObject) -> None:
    model = data.draw(networks(dropout=0.5))
    table = data.draw(counted(model))
    theta = parameters(model, data.draw(st.integers(0, 1000)))
    log_p = Predictor(model, theta, dtype=np.float64).log_probabilities(table.contexts)
    mean = -(table.counts.toarray() * log_p).sum() / table.positions
    assert mean == pytest.approx(model.objective(table, dtype=np.float64).value(theta), rel=1e-12)


@pytest.mark.parametrize("fit", [True, False])
def test_one_window_few_and_many_are_the_same(fit: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not fit:
        monkeypatch.setattr(tables, "_LARGEST", 0)
    model = Network(9, 4, 3, hidden=12, layers=2)
    predictor = model.predictor(parameters(model, 0))
    contexts = np.random.default_rng(0).integers(0, 10, (2500, 4))
    many = predictor.log_probabilities(contexts)
    assert many.shape == (2500, 9)
    assert many.dtype == np.float64
    np.testing.assert_allclose(np.exp(many).sum(axis=1), 1, atol=1e-13)
    for rows in (1, 3, 9):
        few = predictor.log_probabilities(contexts[:rows])
        np.testing.assert_allclose(few, many[:rows], atol=2e-5)
    assert predictor.log_probabilities(contexts[:0]).shape == (0, 9)


def test_parameters_are_copied() -> None:
    model = Network(5, 2, 3, hidden=4)
    theta = parameters(model, 0)
    predictor = Predictor(model, theta, dtype=np.float64)
    before = predictor.log_probabilities(np.array([[1, 2]]))
    theta += 1
    assert np.array_equal(predictor.log_probabilities(np.array([[1, 2]])), before)
    model.objective(random_table(model, 20, 0), dtype=np.float64).value_and_gradient(theta)
    assert np.array_equal(theta, parameters(model, 0) + 1)


def test_reader_moves_along_a_text() -> None:
    model = Network(5, 3, 2, hidden=4)
    predictor: PredictorProtocol = model.predictor(parameters(model, 0))
    assert predictor.needs_only_windows
    reader = predictor.reader([4])
    for code in (1, 2, 0):
        reader.read(code)
    assert np.array_equal(
        reader.log_probabilities(), predictor.log_probabilities(np.array([[1, 2, 0]]))[0]
    )
    assert np.array_equal(
        predictor.reader().log_probabilities(),
        predictor.log_probabilities(np.array([[5, 5, 5]]))[0],
    )
