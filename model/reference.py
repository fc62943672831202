"""The model written out literally, one n-gram at a time: the oracle that fast forms are tested by.

A context is the one-hot row x of length M*V, one block of V for each position. With the shared
embeddings E (V, H) and the output vectors of all positions side by side, W (V, M*H), the logits
of the next characters are

    logits = x (I_M kron E) W'

The gradient with respect to E goes through the Kronecker product by the rules of Minka, Old and
New Matrix Algebra Useful for Statistics (2000): vec, vec-transpose and commutation matrices.
Everything is dense and slow, on purpose.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from model.families.log_bilinear.shape import LogBilinear
from model.ngrams import IntArray
from model.unique_ngrams import Counts

Array = NDArray[np.float64]


def vec(matrix: Array) -> Array:
    """Stack the columns of a matrix; (r, c) -> (r*c,)."""
    return matrix.ravel(order="F")


def vec_transpose(matrix: Array, p: int) -> Array:
    """Minka's A^(p): cut the columns into pieces of length p and transpose the grid of pieces.

    A matrix of shape (m*p, n) becomes one of shape (n*p, m). With p = 1 it is the transpose;
    with p = number of rows it stacks the columns, as `vec` does.

    Raises:
        ValueError: p does not divide the number of rows.
    """
    rows, n = matrix.shape
    if p < 1 or rows % p:
        raise ValueError(f"Columns of length {rows} cannot be cut into pieces of length {p}.")
    m = rows // p
    return matrix.reshape(m, p, n).transpose(2, 1, 0).reshape(n * p, m)


def commutation_matrix(m: int, n: int) -> Array:
    """K with K vec(A) = vec(A') for every A of shape (m, n); shape (m*n, m*n)."""
    # Entry (i, j) of A stands at i + j*m in vec(A) and at j + i*n in vec(A').
    source = np.arange(m * n).reshape(n, m).T.ravel()
    return np.eye(m * n)[source]


def one_hot_context(context: IntArray, vocabulary_size: int) -> Array:
    """The row x of a context: a one in each of its M blocks of V; (M,) -> (M*V,)."""
    return np.eye(vocabulary_size)[context].ravel()


def log_likelihood(model: LogBilinear, theta: Array, context: IntArray, target: int) -> float:
    """Ln P(target | context) of one data point, in nats."""
    return _forward(model, theta, context)[0][target]


def log_likelihood_gradient(
    model: LogBilinear, theta: Array, context: IntArray, target: int
) -> Array:
    """Gradient of `log_likelihood` with respect to theta; (D,)."""
    v, m, h = model.vocabulary_size, model.context_length, model.embedding_size
    log_p, x, big_e, w = _forward(model, theta, context)
    y = np.zeros(v)
    y[target] = 1.0
    error = y - np.exp(log_p)

    # logits = W r with r = x big_e, so d/dW = (y - p) r'.
    gradient_w = np.outer(error, x @ big_e)
    # logits = x big_e W', so d/d big_e = x' (y - p)' W.
    gradient_big_e = np.outer(x, error @ w)
    # vec(I_M kron E) = (I_M kron K_{H,M} kron I_V) (vec(I_M) kron vec(E)): undo the permutation
    # (a permutation's inverse is its transpose), then contract with vec(I_M).
    permutation = np.kron(np.kron(np.eye(m), commutation_matrix(h, m)), np.eye(v))
    blocks = permutation.T @ vec(gradient_big_e)
    gradient_vec_e = vec_transpose(blocks[:, None], v * h) @ vec(np.eye(m))
    gradient_e = gradient_vec_e.reshape(h, v).T
    return np.concatenate([gradient_e.ravel(), gradient_w.ravel()])


def loss_and_gradient(
    model: LogBilinear, theta: Array, ngrams: IntArray, counts: Counts
) -> tuple[float, Array]:
    """Count-weighted mean negative log likelihood in nats per character, and its gradient.

    Args:
        model: the model's shape.
        theta: (D,) parameters.
        ngrams: (G, M + 1) codes; repeated rows count as often as they stand there.
        counts: (G,) how often each occurs, or its weight.
    """
    value, gradient = 0.0, np.zeros(model.parameter_count)
    for (*context, target), count in zip(ngrams, counts, strict=True):
        x = np.array(context)
        value -= count * log_likelihood(model, theta, x, target)
        gradient -= count * log_likelihood_gradient(model, theta, x, target)
    total = counts.sum()
    return float(value / total), gradient / total


def _forward(
    model: LogBilinear, theta: Array, context: IntArray
) -> tuple[Array, Array, Array, Array]:
    """Log probabilities (V,), x (M*V,), I_M kron E (M*V, M*H) and W (V, M*H)."""
    embeddings, outputs = model.unpack(theta)
    w = outputs.reshape(model.vocabulary_size, -1)
    x = one_hot_context(context, model.vocabulary_size)
    big_e = np.asarray(np.kron(np.eye(model.context_length), embeddings), dtype=np.float64)
    logits = x @ big_e @ w.T
    return logits - logsumexp(logits), x, big_e, w
