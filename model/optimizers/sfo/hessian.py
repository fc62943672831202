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
        factors (min(2n, K), K), signs (the same number of +1 or -1), and smallest.
    """
    n = len(steps)
    # All that is known happens in the space of the history: its QR factors are all we need.
    factored, reflectors, _, _ = lapack.dgeqrf(np.concatenate([steps, changes]).T, overwrite_a=1)
    size = min(factored.shape)
    triangle = factored[:size] * _upper(size, 2 * n)
    s, y = triangle[:, :n], triangle[:, n:]
    smallest = _smallest_eigenvalue(s, y)
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


def _smallest_eigenvalue(s: Array, y: Array) -> float:
    """The least curvature along the history: where the estimate starts from in all directions.

    With dd = dG pinv(dTheta), dd' dd has the squared eigenvalues; the history informs only as many
    of them as it has terms. In the QR basis dTheta is triangular, so dd takes one small solve.
    """
    n = s.shape[1]
    diagonal = [abs(each) for each in s.diagonal().tolist()]
    if len(s) >= n and min(diagonal) > _DEPENDENT * max(diagonal):
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
    return -np.hstack([np.ones((n, n)), np.tril(np.ones((n, n)), -1)])


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
