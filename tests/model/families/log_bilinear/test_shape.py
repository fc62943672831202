import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import reference
from model.errors import SettingsError
from model.families.log_bilinear.shape import LogBilinear


def test_parameters_are_embeddings_then_outputs() -> None:
    model = LogBilinear(vocabulary_size=3, context_length=2, embedding_size=4)
    assert model.parameter_count == 3 * 4 + 3 * 2 * 4
    theta = np.arange(float(model.parameter_count))
    e, w = model.unpack(theta)
    assert e.shape == (3, 4)
    assert w.shape == (3, 2, 4)
    np.testing.assert_array_equal(np.concatenate([e.ravel(), w.ravel()]), theta)
    assert np.shares_memory(e, theta)
    assert np.shares_memory(w, theta)


def test_starts_with_the_spread_of_the_source() -> None:
    model = LogBilinear(50, 4, 20)
    rng = np.random.default_rng(0)
    assert model.initial(rng).std() == pytest.approx(1 / 4, rel=0.05)
    assert model.initial(rng, std=0.01).std() == pytest.approx(0.01, rel=0.05)
    first, second = (model.initial(np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@given(st.integers(0, 2**32 - 1))
def test_probabilities_are_those_of_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = LogBilinear(4, 3, 2)
    theta = rng.normal(size=model.parameter_count)
    contexts = rng.integers(4, size=(5, 3))
    p = np.exp(model.predictor(theta).log_probabilities(contexts))
    expected = [
        [np.exp(reference.log_likelihood(model, theta, x, c)) for c in range(4)] for x in contexts
    ]
    np.testing.assert_allclose(p, expected, rtol=1e-12)


def test_extreme_parameters_give_probabilities() -> None:
    model = LogBilinear(3, 2, 2)
    theta = 1e3 * model.initial(np.random.default_rng(1))
    p = np.exp(model.predictor(theta).log_probabilities(np.array([[0, 1], [2, 2]])))
    assert np.isfinite(p).all()
    np.testing.assert_allclose(p.sum(axis=1), 1.0)


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 0, 1), (2, 1, 0)])
def test_refuses_sizes_that_are_no_model(shape: tuple[int, int, int]) -> None:
    with pytest.raises(SettingsError, match="must be at least"):
        LogBilinear(*shape)


def test_refuses_the_parameters_of_another_model() -> None:
    with pytest.raises(SettingsError, match="belong to another model"):
        LogBilinear(3, 2, 2).unpack(np.zeros(5))
