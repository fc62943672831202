"""One subfunction's curvature, estimated from its history of steps and gradient changes."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
HessianAlgorithm = Literal["bfgs", "rank1"]

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
    # All that is known happens in the space of the history.
    basis, _ = np.linalg.qr(np.vstack([steps, changes]).T)
    s_all, y_all = steps @ basis, changes @ basis

    smallest = _smallest_eigenvalue(s_all, y_all)
    hessian = np.eye(basis.shape[1]) * smallest
    for s, y in zip(s_all, y_all, strict=True):
        length = np.sqrt(s @ s)
        update = _bfgs if algorithm == "bfgs" else _rank_one
        change = update(hessian, s / length, y / length)
        if np.isfinite(change).all():
            hessian += change

    eigenvalues, vectors = np.linalg.eigh(hessian)
    weak = eigenvalues < np.abs(eigenvalues).max() / _LARGEST_RATIO
    if weak.any():
        positive = eigenvalues[eigenvalues > 0]
        eigenvalues[weak] = np.median(positive) if len(positive) else smallest
    excess = eigenvalues - smallest
    factors = (vectors * np.sqrt(np.abs(excess))).T @ basis.T
    return factors, np.sign(excess), smallest


def _smallest_eigenvalue(s: Array, y: Array) -> float:
    """The least curvature along the history: where the estimate starts from in all directions."""
    # dd' dd with dd = dG pinv(dTheta) has the squared eigenvalues; the history informs only as
    # many as it has terms.
    squared = y.T @ np.linalg.pinv(s.T)
    eigenvalues = np.sqrt(np.abs(np.linalg.eigvalsh(squared.T @ squared)))
    largest = float(eigenvalues.max())
    informed = np.sort(eigenvalues)[-len(s) :]
    return max(float(informed[0]), largest / _LARGEST_RATIO)


def _bfgs(hessian: Array, s: Array, y: Array) -> Array:
    """What the BFGS update adds; not finite where it is undefined."""
    hs = hessian @ s
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.outer(y, y) / (y @ s) - np.outer(hs, hs) / (s @ hs)


def _rank_one(hessian: Array, s: Array, y: Array) -> Array:
    """What the symmetric rank one update adds; not finite where it is undefined."""
    rest = y - hessian @ s
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.outer(rest, rest) / (rest @ s)
