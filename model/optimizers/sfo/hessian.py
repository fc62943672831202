"""One subfunction's curvature, estimated from its history of steps and gradient changes."""

from __future__ import annotations

import math
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

Array = NDArray[np.float64]
HessianAlgorithm = Literal["bfgs", "rank1"]

_DEPENDENT = 1e-10  # steps whose triangular factor is this near to singular
_LARGEST_RATIO = 1e8  # of a Hessian's largest eigenvalue to its smallest


def estimate_hessian(
    steps: Array, changes: Array, algorithm: HessianAlgorithm
) -> tuple[Array, Array, float]:
    """A positive definite Hessian that explains a history (ICML 2014, sections 2.2 and 3.3).

    The Hessian is sum_j signs[j] factors[j] factors[j]' + smallest * identity.

    Args:
        steps: (n, K) changes of position, oldest first; none is zero.
        changes: (n, K) changes of the gradient along them.
        algorithm: 'bfgs', or 'rank1' (symmetric rank one updates).

    Returns:
        factors (at most 2n, K), signs (the same number of +1 or -1), and smallest.
    """
    estimate = _definite_bfgs(steps, changes) if algorithm == "bfgs" else None
    return _repaired(steps, changes, algorithm) if estimate is None else estimate


def _definite_bfgs(steps: Array, changes: Array) -> tuple[Array, Array, float] | None:
    """What all BFGS updates at once make of smallest * identity, where that is safe to use.

    That is where the steps are independent and the Hessian is positive definite by a margin: 9 of
    10 times in training. No eigenvectors are needed then, so this takes 0.6 of the time of
    `_repaired`, and leaves a third of its rounding.

    Byrd, Nocedal and Schnabel, Representations of quasi-Newton matrices and their use in limited
    memory methods, Mathematical Programming 63, 1994, theorem 2.3, with half of its equations
    solved by hand: steps and changes in columns, S = Q R, D the diagonal of S'Y and L what is below
    it, G = R'^-1 L, W = Y - Q G, and C C' = G'G + smallest D. Then, with F = W C'^-1, the Hessian
    is smallest (1 - Q Q' + F F'): along the steps it is replaced by what is known.
    """
    n, size = steps.shape
    if size < n:
        return None
    factored, reflectors, _, _ = lapack.dgeqrf(steps.T)
    r = factored[:n] * _upper(n, n)
    if not _are_independent(r):
        return None
    smallest = _smallest_eigenvalue(r, changes.T, independent=True)
    products = steps.dot(changes.T)
    g, _ = lapack.dtrtrs(r, products * _below(n), trans=1)
    middle = g.T.dot(g)
    on_diagonal = middle.reshape(-1)[:: n + 1]
    on_diagonal += smallest * products.diagonal()
    c, indefinite = lapack.dpotrf(middle.T, lower=1)
    if indefinite:
        return None
    rows = np.empty((2 * n, size))
    q = rows[n:]
    q[:] = lapack.dorgqr(factored, reflectors, overwrite_a=1)[0].T
    w = changes - g.T.dot(q)
    rows[:n] = f = lapack.dtrtrs(c, w, lower=1)[0]

    # Bounds of eigenvalues, in units of smallest. The inverse is the identity across the steps;
    # along them it has the trace |M^-1|^2 + |F M^-1|^2 - n, where M = Q'F. With T = U^-1 R', for U
    # what is on and above the diagonal of S'Y, these are C'T and W T.
    t, undefined = lapack.dtrtrs(products, r.T)
    highest = 1.0 + _squared(f)
    highest_of_inverse = 1.0 + _squared(c.T.dot(t)) + _squared(t.T.dot(w)) - n
    if undefined or not highest * highest_of_inverse < _LARGEST_RATIO:
        return None
    rows *= math.sqrt(smallest)
    return rows, _half_negative(n), smallest


def _repaired(
    steps: Array, changes: Array, algorithm: HessianAlgorithm
) -> tuple[Array, Array, float]:
    """The estimate in general, with eigenvalues replaced that are not positive enough."""
    n = len(steps)
    # All that is known happens in the space of the history: its QR factors are all we need.
    factored, reflectors, _, _ = lapack.dgeqrf(np.concatenate([steps, changes]).T, overwrite_a=1)
    size = min(factored.shape)
    triangle = factored[:size] * _upper(size, 2 * n)
    s, y = triangle[:, :n], triangle[:, n:]
    smallest = _smallest_eigenvalue(s, y, _are_independent(s))
    beyond = _bfgs(triangle, smallest) if algorithm == "bfgs" else None
    if beyond is None:
        beyond = _one_by_one(s, y, smallest, algorithm)
    excess, vectors, _ = lapack.dsyevd(beyond, overwrite_a=1)  # in ascending order

    lowest, highest = float(excess[0]) + smallest, float(excess[-1]) + smallest
    least = max(-lowest, highest) / _LARGEST_RATIO
    if lowest < least:
        eigenvalues = excess + smallest
        positive = eigenvalues[eigenvalues > 0]
        median = np.median(positive) if len(positive) else smallest
        excess[eigenvalues < least] = median - smallest
    signs = np.sign(excess)
    vectors *= np.sqrt(np.abs(excess))
    basis, _, _ = lapack.dorgqr(factored[:, :size], reflectors, overwrite_a=1)
    return vectors.T.dot(basis.T), signs, smallest


@cache
def _upper(rows: int, columns: int) -> Array:
    """Ones on and above the diagonal, in the order of LAPACK's results."""
    return np.asfortranarray(np.triu(np.ones((rows, columns))))


@cache
def _below(n: int) -> Array:
    """Ones below the diagonal."""
    return np.tril(np.ones((n, n)), -1)


@cache
def _half_negative(n: int) -> Array:
    """1 n times, then -1 n times."""
    return np.repeat([1.0, -1.0], n)


def _squared(matrix: Array) -> float:
    """The sum of squared entries."""
    entries = matrix.ravel(order="K")
    return float(entries.dot(entries))


def _are_independent(s: Array) -> bool:
    """Whether steps span as many directions, by their triangular factor."""
    diagonal = [abs(each) for each in s.diagonal().tolist()]
    return len(s) >= s.shape[1] and min(diagonal) > _DEPENDENT * max(diagonal)


def _smallest_eigenvalue(s: Array, y: Array, independent: bool) -> float:
    """The least curvature along the history: where the estimate starts from in all directions.

    With dd = dG pinv(dTheta), dd' dd has the squared eigenvalues; the history informs only as many
    of them as it has terms. In the QR basis dTheta is triangular, so dd takes one small solve.
    """
    n = s.shape[1]
    if independent:
        dd = lapack.dtrtrs(s[:n], y.T, lower=0, trans=1)[0]
        squared = dd.dot(dd.T)
    else:
        dd = y @ np.linalg.pinv(s)
        squared = dd.T @ dd
    eigenvalues = sorted(map(abs, lapack.dsyevd(squared, compute_v=0)[0].tolist()))
    return max(math.sqrt(eigenvalues[-n:][0]), math.sqrt(eigenvalues[-1]) / _LARGEST_RATIO)


def _bfgs(triangle: Array, smallest: float) -> Array | None:
    """What all BFGS updates at once add to smallest * identity, where that is well-defined.

    `triangle` has the steps in columns, oldest first, and then the changes of the gradient.

    Byrd, Nocedal and Schnabel, Representations of quasi-Newton matrices and their use in limited
    memory methods, Mathematical Programming 63, 1994, theorem 2.3.
    """
    n = triangle.shape[1] // 2
    columns = triangle.T.reshape(2, n, -1)
    own = np.vecdot(columns, columns[0])  # of each step with itself, and with its change
    own[1] *= smallest
    # Columns of one size, or the solution loses digits to their different units.
    lengths = np.sqrt(np.abs(own)).reshape(-1)
    if 0.0 in lengths.tolist():
        return None
    sides = triangle / lengths
    middle = np.zeros((2 * n, 2 * n))
    np.multiply(sides[:, :n].T.dot(sides), _mask(n), out=middle[:n])
    middle[n:, :n] = middle[:n, n:].T
    middle.reshape(-1)[n * (2 * n + 1) :: 2 * n + 1] = np.sign(own[1])
    _, _, solved, info = lapack.dgesv(middle.T, sides.T, overwrite_a=1)
    entries = solved.ravel(order="K")
    if info or not math.isfinite(entries.dot(entries)):
        return None
    beyond = sides.dot(solved)
    beyond = beyond + beyond.T
    beyond *= smallest / 2.0
    return beyond


@cache
def _mask(n: int) -> Array:
    """Which products of steps with steps and changes the compact form has, with their sign."""
    return -np.hstack([np.ones((n, n)), _below(n)])


def _one_by_one(s: Array, y: Array, smallest: float, algorithm: HessianAlgorithm) -> Array:
    """What single updates add to smallest * identity, leaving out those that are not defined."""
    hessian = np.eye(len(s)) * smallest
    update = _bfgs_update if algorithm == "bfgs" else _rank_one_update
    for step, change in zip(s.T, y.T, strict=True):
        length = np.sqrt(step @ step)
        addition = update(hessian, step / length, change / length)
        if np.isfinite(addition).all():
            hessian += addition
    return hessian - np.eye(len(s)) * smallest


def _bfgs_update(hessian: Array, s: Array, y: Array) -> Array:
    """What the BFGS update adds; not finite where it is undefined."""
    hs = hessian @ s
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.outer(y, y) / (y @ s) - np.outer(hs, hs) / (s @ hs)


def _rank_one_update(hessian: Array, s: Array, y: Array) -> Array:
    """What the symmetric rank one update adds; not finite where it is undefined."""
    rest = y - hessian @ s
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.outer(rest, rest) / (rest @ s)
