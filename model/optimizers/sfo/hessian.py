"""One subfunction's curvature, estimated from its history of steps and gradient changes."""

from __future__ import annotations

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
    factored, reflectors, _, _ = lapack.dgeqrf(np.concatenate([steps, changes]).T)
    size = min(factored.shape)
    triangle = factored[:size] * _upper(size, 2 * n)
    s, y = triangle[:, :n], triangle[:, n:]
    smallest = _smallest_eigenvalue(s, y)
    hessian = _bfgs(triangle, smallest) if algorithm == "bfgs" else None
    if hessian is None:
        hessian = _one_by_one(s, y, smallest, algorithm)
    eigenvalues, vectors, _ = lapack.dsyevd(hessian)

    weak = eigenvalues < np.abs(eigenvalues).max() / _LARGEST_RATIO
    if weak.any():
        positive = eigenvalues[eigenvalues > 0]
        eigenvalues[weak] = np.median(positive) if len(positive) else smallest
    excess = eigenvalues - smallest
    basis, _, _ = lapack.dorgqr(factored[:, :size], reflectors)
    factors = (vectors * np.sqrt(np.abs(excess))).T @ basis.T
    return factors, np.sign(excess), smallest


@cache
def _upper(rows: int, columns: int) -> Array:
    """Ones on and above the diagonal."""
    return np.triu(np.ones((rows, columns)))


def _smallest_eigenvalue(s: Array, y: Array) -> float:
    """The least curvature along the history: where the estimate starts from in all directions.

    With dd = dG pinv(dTheta), dd' dd has the squared eigenvalues; the history informs only as many
    of them as it has terms. In the QR basis dTheta is triangular, so dd takes one small solve.
    """
    n = s.shape[1]
    diagonal = np.abs(s.diagonal())
    if len(s) >= n and diagonal.min() > _DEPENDENT * diagonal.max():
        dd = lapack.dtrtrs(s[:n], y.T, lower=0, trans=1)[0]
        squared = dd @ dd.T
    else:
        dd = y @ np.linalg.pinv(s)
        squared = dd.T @ dd
    eigenvalues = np.sqrt(np.abs(lapack.dsyevd(squared, compute_v=0)[0]))
    eigenvalues.sort()
    return max(float(eigenvalues[-n:][0]), float(eigenvalues[-1]) / _LARGEST_RATIO)


def _bfgs(triangle: Array, smallest: float) -> Array | None:
    """All BFGS updates at once, where that is well-defined.

    `triangle` has the steps in columns, oldest first, and then the changes of the gradient.

    Byrd, Nocedal and Schnabel, Representations of quasi-Newton matrices and their use in limited
    memory methods, Mathematical Programming 63, 1994, theorem 2.3.
    """
    n = triangle.shape[1] // 2
    products = triangle[:, :n].T @ triangle
    middle = np.zeros((2 * n, 2 * n))
    np.multiply(products[:, :n], smallest, out=middle[:n, :n])
    np.multiply(products[:, n:], 1.0 - _upper(n, n), out=middle[:n, n:])
    middle[n:, :n] = middle[:n, n:].T
    diagonal = np.concatenate([middle.diagonal()[:n], products[:, n:].diagonal()])
    middle.reshape(-1)[n * (2 * n + 1) :: 2 * n + 1] = -diagonal[n:]
    # Rows and columns of one size, or the solution loses digits to their different units.
    scale = 1.0 / np.sqrt(np.abs(diagonal))
    if not np.isfinite(scale).all():
        return None
    weights = scale.copy()
    weights[:n] *= smallest
    sides = triangle * weights
    _, _, solved, info = lapack.dgesv(middle * scale * scale[:, None], sides.T)
    if info or not np.isfinite(solved).all():
        return None
    hessian = -sides @ solved
    hessian.flat[:: len(triangle) + 1] += smallest
    return (hessian + hessian.T) / 2.0


def _one_by_one(s: Array, y: Array, smallest: float, algorithm: HessianAlgorithm) -> Array:
    """Update by update, leaving out those that are not defined."""
    hessian = np.eye(len(s)) * smallest
    update = _bfgs_update if algorithm == "bfgs" else _rank_one_update
    for step, change in zip(s.T, y.T, strict=True):
        length = np.sqrt(step @ step)
        addition = update(hessian, step / length, change / length)
        if np.isfinite(addition).all():
            hessian += addition
    return hessian


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
