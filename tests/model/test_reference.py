import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import approx_fprime

from model import reference
from model.families.log_bilinear.shape import LogBilinear

shapes = st.integers(1, 5)


def matrix(seed: int, rows: int, columns: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(rows, columns))


@given(shapes, shapes, st.integers(0, 99))
def test_commutation_matrix_transposes(m: int, n: int, seed: int) -> None:
    a = matrix(seed, m, n)
    k = reference.commutation_matrix(m, n)
    np.testing.assert_array_equal(k @ reference.vec(a), reference.vec(a.T))
    np.testing.assert_array_equal(k.T, reference.commutation_matrix(n, m))


@given(shapes, shapes, shapes, st.integers(0, 99))
def test_vec_transpose_is_an_involution_that_moves_whole_pieces(
    m: int, n: int, p: int, seed: int
) -> None:
    a = matrix(seed, m * p, n)
    b = reference.vec_transpose(a, p)
    assert b.shape == (n * p, m)
    np.testing.assert_array_equal(reference.vec_transpose(b, p), a)
    np.testing.assert_array_equal(b[(n - 1) * p :, m - 1], a[(m - 1) * p :, n - 1])
    np.testing.assert_array_equal(reference.vec_transpose(a, 1), a.T)
    np.testing.assert_array_equal(reference.vec_transpose(a, m * p)[:, 0], reference.vec(a))


@given(
    st.integers(0, 2**32 - 1), st.integers(2, 4), shapes.filter(lambda m: m < 4), st.integers(1, 3)
)
def test_gradient_of_one_data_point_is_its_derivative(seed: int, v: int, m: int, h: int) -> None:
    rng = np.random.default_rng(seed)
    model = LogBilinear(v, m, h)
    theta = rng.normal(size=model.parameter_count)
    context, target = rng.integers(v, size=m), int(rng.integers(v))
    gradient = reference.log_likelihood_gradient(model, theta, context, target)

    def value(t: NDArray[np.float64]) -> float:
        return reference.log_likelihood(model, t, context, target)

    numeric = approx_fprime(theta, value, 1e-7)
    np.testing.assert_allclose(gradient, numeric, atol=1e-5)


def test_likelihoods_are_probabilities() -> None:
    model = LogBilinear(4, 2, 3)
    theta = model.initial(np.random.default_rng(0))
    context = np.array([3, 1])
    total = sum(np.exp(reference.log_likelihood(model, theta, context, c)) for c in range(4))
    assert np.isclose(total, 1.0)
