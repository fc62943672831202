"""The N quadratic models of the subfunctions, in subspace coordinates, and their sum.

Model i is q_i(x) = f_i + g_i . (x - x_i) + (x - x_i)' H_i (x - x_i) / 2, with
H_i = sum_j signs[i, j] factors[i, j] factors[i, j]' + smallest[i] * identity.
The sum's Hessian and gradient are kept as running sums, so that a step costs nothing that grows
with N but the choice of the next subfunction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack

from model import validity
from model.errors import OptimizerError
from model.optimizers.base import check_state, copy_state
from model.optimizers.sfo.hessian import HessianAlgorithm, estimate_hessian

Array = NDArray[np.float64]

_NEGLIGIBLE = 1e-12  # shorter differences and weaker correlations tell nothing
_CANCELLATION = 1e-3  # a Hessian that shrinks this much leaves its rounding in the running sums
_BLOCK_SIZE = 1 << 18  # numbers
_UPDATES_BETWEEN_SUMS = 500  # rounding of the running sums stays far below 1e-8


class Quadratics:
    """Positions, gradients, histories and Hessians of all subfunctions.

    Vectors live in `capacity` coordinates, of which the first `size` are in use.

    Args:
        subfunctions: N.
        capacity: most coordinates there will be.
        history_terms: most (step, gradient change) pairs kept for each subfunction.

    Attributes:
        size: coordinates in use.
        active: (N,) which subfunctions take part.
        evaluations: (N,) how often each was evaluated.
        values: (N,) latest value of each, NaN before.
        positions: (N, capacity) where each was last evaluated.
        gradients: (N, capacity) its gradient there, zero before.
        steps: (N, history_terms, capacity) changes of position, oldest first.
        changes: (N, history_terms, capacity) changes of the gradient along them.
        terms: (N,) how many pairs each history holds.
        factors: (N, 2 * history_terms, capacity), rows of the low-rank parts of the Hessians.
        signs: (N, 2 * history_terms), their signs, 0 where unused.
        smallest: (N,) multiple of the identity in each Hessian.
    """

    def __init__(self, subfunctions: int, capacity: int, history_terms: int) -> None:
        n, h = subfunctions, history_terms
        self.size = 0
        self.active = np.zeros(n, dtype=bool)
        self.evaluations = np.zeros(n, dtype=np.int64)
        self.values = np.full(n, np.nan)
        self.positions = np.zeros((n, capacity))
        self.gradients = np.zeros((n, capacity))
        self.steps = np.zeros((n, h, capacity))
        self.changes = np.zeros((n, h, capacity))
        self.terms = np.zeros(n, dtype=np.int64)
        self.factors = np.zeros((n, 2 * h, capacity))
        self.signs = np.zeros((n, 2 * h))
        self.smallest = np.zeros(n)
        # Running sums, relative to an origin near the current position to keep digits:
        # offsets[i] = g_i - H_i (x_i - origin). Of the low-rank sum, only what is on and above
        # the diagonal is up to date: that is half the work.
        self._origin = np.zeros(capacity)
        self._low_rank = np.zeros((capacity, capacity))
        self._offsets = np.zeros((n, capacity))
        self._offset = np.zeros(capacity)
        self._updates = 0
        # These follow from the others, see `_DERIVED`; None where they are to be computed anew.
        self._diagonal: float | None = None
        self._factored: tuple[int, Cholesky] | None = None

    def start(self, position: Array, active: NDArray[np.integer], hessian: float) -> None:
        """Put all models at a position, and activate some with a multiple of the identity."""
        self.size = len(position)
        self.positions[:, : self.size] = position
        self._origin[: self.size] = position
        self.active[active] = True
        self.smallest[active] = hessian
        self._diagonal = None

    def all_active(self) -> bool:
        """Whether all subfunctions take part."""
        return b"\0" not in self.active.tobytes()  # numpy's `all` takes four times as long

    def least_evaluations(self) -> int:
        """How often that subfunction was evaluated that was so least often."""
        return int(self.evaluations[self.evaluations.argmin()])  # as does its `min`

    @property
    def diagonal(self) -> float:
        """Multiple of the identity in the total Hessian."""
        if self._diagonal is None:
            # Whoever becomes active has none before it is evaluated: nothing changes then.
            self._diagonal = float(self.smallest.dot(self.active))
        return self._diagonal

    def hessian(self) -> Array:
        """The total Hessian; (size, size), a copy."""
        return _symmetric(self._upper_hessian())

    def _upper_hessian(self) -> Array:
        """The total Hessian on and above the diagonal; (size, size), a copy."""
        k = self.size
        total = self._low_rank[:k, :k].copy()
        on_diagonal = total.reshape(-1)[:: k + 1]  # a third of the time of `flat`
        on_diagonal += self.diagonal
        return total

    def factored(self) -> Cholesky:
        """The total Hessian, factored; once as long as it stays the same."""
        if self._factored is None or self._factored[0] != self.size:
            self._factored = self.size, Cholesky(self._upper_hessian)
        return self._factored[1]

    def gradient(self, position: Array) -> Array:
        """Gradient of the sum of all models at a position; (size,)."""
        k = self.size
        away = np.zeros(len(self._origin))
        np.subtract(position, self._origin[:k], out=away[:k])
        gradient = blas.dsymv(1.0, self._low_rank.T, away, 1.0, self._offset, lower=1)
        away *= self.diagonal
        gradient += away
        return gradient[:k]

    def predict(self, i: int, position: Array) -> float:
        """Model i's value at a position."""
        k = self.size
        d = position - self.positions[i, :k]
        projected = self.factors[i, :, :k].dot(d)
        projected *= projected
        curvature = self.signs[i].dot(projected) + self.smallest[i] * d.dot(d)
        return float(self.values[i] + self.gradients[i, :k].dot(d) + 0.5 * curvature)

    def farthest(self, position: Array, *, own_metric: bool) -> tuple[int, float]:
        """The active subfunction that is farthest from its last evaluation, and how far.

        The metric is each model's own Hessian, or the total one.
        """
        k = self.size
        d = position - self.positions[:, :k]
        if own_metric:
            projected = np.matmul(self.factors[:, :, :k], d[:, :, None])[..., 0]
            projected *= projected
            squared = np.vecdot(d, d)
            squared *= self.smallest
            squared += np.vecdot(self.signs, projected)
        else:
            squared = self.factored().norms(d)
        if not self.all_active():
            squared[~self.active] = -np.inf
        farthest = int(squared.argmax())
        return farthest, math.sqrt(max(squared[farthest], 0.0))

    def record(self, i: int, position: Array, value: float, gradient: Array) -> None:
        """Note an evaluation of subfunction i, as history too where it is informative."""
        k = self.size
        if self.evaluations[i] > 1:
            step = position - self.positions[i, :k]
            change = gradient - self.gradients[i, :k]
            lengths = math.sqrt(step.dot(step)), math.sqrt(change.dot(change))
            if (
                min(lengths) >= _NEGLIGIBLE
                and abs(step.dot(change)) >= _NEGLIGIBLE * lengths[0] * lengths[1]
            ):
                self._push(i, step, change)
        self.values[i] = value
        self.positions[i, :k] = position
        self.gradients[i, :k] = gradient

    def forget(self, i: int) -> None:
        """Drop subfunction i's evaluations and history, but not its model yet."""
        self.evaluations[i] = 0
        self.values[i] = np.nan
        self.terms[i] = 0

    def _push(self, i: int, step: Array, change: Array) -> None:
        capacity = self.steps.shape[1]
        if self.terms[i] == capacity:
            self.steps[i, :-1] = self.steps[i, 1:]
            self.changes[i, :-1] = self.changes[i, 1:]
            self.terms[i] -= 1
        self.steps[i, self.terms[i], : self.size] = step
        self.changes[i, self.terms[i], : self.size] = change
        self.terms[i] += 1

    def update_hessian(self, i: int, algorithm: HessianAlgorithm) -> None:
        """Estimate subfunction i's Hessian anew and bring the running sums up to date."""
        k, terms = self.size, int(self.terms[i])
        own_factors, own_signs = self.factors[i], self.signs[i]
        # The old ones to be taken away, the new ones to be added.
        both_factors = np.empty((2, *own_factors.shape))
        both_signs = np.empty((2, len(own_signs)))
        both_factors[0] = own_factors
        np.negative(own_signs, out=both_signs[0])
        if terms:
            factors, signs, smallest = estimate_hessian(
                self.steps[i, :terms, :k], self.changes[i, :terms, :k], algorithm
            )
        else:
            factors, signs = np.zeros((0, k)), np.zeros(0)
            smallest = self._median_eigenvalue() / int(self.active.sum())
        own_factors[: len(signs), :k] = factors
        own_signs[: len(signs)] = signs
        if len(signs) < len(own_signs):
            own_factors[len(signs) :] = 0.0
            own_signs[len(signs) :] = 0.0
        both_factors[1] = own_factors
        both_signs[1] = own_signs
        self._add(both_factors.reshape(-1, both_factors.shape[2]), both_signs.reshape(-1))
        collapsed = smallest < _CANCELLATION * self.smallest[i]
        self.smallest[i] = smallest
        self._factored = self._diagonal = None

        offset = self._offsets[i]
        self._offset -= offset
        offset[:] = self._offset_of(i)
        self._offset += offset
        self._updates += 1
        if collapsed or self._updates >= _UPDATES_BETWEEN_SUMS:
            self._sum_up(self.positions[i].copy())

    def _offset_of(self, i: int) -> Array:
        d, factors = self.positions[i] - self._origin, self.factors[i]
        projected = factors.dot(d)
        projected *= self.signs[i]
        d *= self.smallest[i]
        d += projected.dot(factors)
        return np.subtract(self.gradients[i], d, out=d)

    def _add(self, rows: Array, signs: Array) -> None:
        """Add sum_j signs[j] rows[j] rows[j]' to the low-rank sum; rows are (n, capacity)."""
        # Sorted, those of one sign are a block: a third of the time of choosing them.
        rows = rows.take(signs.argsort(kind="stable"), axis=0)
        every = signs.tolist()
        blocks = (-1.0, rows[: every.count(-1.0)]), (1.0, rows[len(rows) - every.count(1.0) :])
        for sign, chosen in blocks:
            if len(chosen):
                total = self._low_rank.T  # in the order of BLAS: it is written to where it is
                self._low_rank = blas.dsyrk(sign, chosen.T, 1.0, total, lower=1, overwrite_c=1).T

    def _median_eigenvalue(self) -> float:
        """Of the total Hessian over all coordinates, the unused ones included."""
        eigenvalues = np.linalg.eigvalsh(self.hessian())
        unused = self.positions.shape[1] - self.size
        return float(np.median(np.append(eigenvalues, np.full(unused, self.diagonal))))

    def transform(self, matrix: Array) -> None:
        """Change coordinates: new = old @ matrix, (size, new size)."""
        self._factored = None
        old, new = matrix.shape
        for array in (self.positions, self.gradients, self.steps, self.changes, self.factors):
            flat = array.reshape(-1, array.shape[-1])
            for block in _blocks(flat):
                flat[block, :new] = flat[block, :old] @ matrix
            flat[:, new:] = 0.0
        origin = np.zeros_like(self._origin)
        origin[:new] = self._origin[:old] @ matrix
        self.size = new
        self._sum_up(origin)

    def _sum_up(self, origin: Array) -> None:
        """Compute the running sums from scratch."""
        self._factored = None
        self._origin = origin
        self._low_rank[:] = 0.0
        rows, signs = self.factors.reshape(-1, len(origin)), self.signs.reshape(-1)
        for block in _blocks(rows):
            self._add(rows[block], signs[block])
        for i in range(len(self._offsets)):
            self._offsets[i] = self._offset_of(i)
        self._offset = self._offsets.sum(axis=0)
        self._updates = 0

    def state_dict(self) -> dict[str, Any]:
        """All arrays and counters, the running sums included, so that rounding repeats too."""
        return {**copy_state(self._state()), "_low_rank": _symmetric(self._low_rank)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`. Raises OptimizerError if it does not fit."""
        (n, capacity), terms = self.positions.shape, self.steps.shape[1]
        expected = self._state()
        check_state(
            state,
            expected,
            size=lambda size: validity.whole(size, "size", most=capacity),
            values=lambda values: validity.array(values, "values", (n,), may_miss=True),
        )
        ranges = (
            state["evaluations"] >= 0,
            (state["terms"] >= 0) & (state["terms"] <= terms),
            np.isin(state["signs"], (-1.0, 0.0, 1.0)),
            state["smallest"] >= 0,
        )
        if not all(each.all() for each in ranges):
            raise OptimizerError("The saved state's models are none of SFO: it is damaged.")
        vars(self).update(copy_state({key: state[key] for key in expected}))
        self._factored = self._diagonal = None

    def _state(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key not in _DERIVED}


_DERIVED = ("_diagonal", "_factored")  # attributes that are not in a state


def _blocks(rows: Array) -> Iterator[slice]:
    """Which rows to work on at a time, where copies of all would be tens of megabytes."""
    step = max(1, _BLOCK_SIZE // rows.shape[1])
    return (slice(start, start + step) for start in range(0, len(rows), step))


def _symmetric(upper: Array) -> Array:
    """The symmetric matrix with these entries on and above the diagonal."""
    upper = np.triu(upper)
    return upper + np.triu(upper, 1).T


def quadratics_bytes(subfunctions: int, capacity: int, history_terms: int) -> int:
    """Bytes of the arrays of `Quadratics`, which are all allocated from the beginning."""
    n, h, k = subfunctions, history_terms, capacity
    # Positions, gradients and offsets; steps and changes; factors, of twice as many rows.
    vectors = n * k * (3 + 2 * h + 2 * h)
    sums = k * k + 2 * k
    numbers = n * (2 * h + 4)  # signs, evaluations, values, terms, smallest
    return 8 * (vectors + sums + numbers) + n


class Cholesky:
    """A positive definite matrix, factored.

    A matrix that rounding left indefinite gets its eigenvalues raised to 1e-15 of the largest.

    Args:
        matrix: computes it, (K, K), on and above the diagonal; what it returns is overwritten.
    """

    def __init__(self, matrix: Callable[[], Array]) -> None:
        # Rows above the diagonal are columns below it in the order that LAPACK reads.
        self._factor, info = lapack.dpotrf(matrix().T, lower=1, clean=0, overwrite_a=1)
        if info:
            eigenvalues, vectors = np.linalg.eigh(matrix(), UPLO="U")
            floor = max(eigenvalues.max() * 1e-15, np.finfo(float).tiny)
            repaired = (vectors * np.maximum(eigenvalues, floor)) @ vectors.T
            self._factor, _ = lapack.dpotrf(repaired, lower=1, clean=0)

    def solve(self, vector: Array) -> Array:
        """The inverse times a vector."""
        half = blas.dtrsv(self._factor, vector, lower=1)
        return blas.dtrsv(self._factor, half, lower=1, trans=1, overwrite_x=1)

    def norms(self, rows: Array) -> Array:
        """V' A v for each row v, which are overwritten; (n, K) -> (n,)."""
        halves = blas.dtrmm(1.0, self._factor, rows.T, lower=1, trans_a=1, overwrite_b=1).T
        return np.vecdot(halves, halves)

    def inverse_norms(self, rows: Array) -> Array:
        """V' A^-1 v for each row v; (n, K) -> (n,)."""
        halves = lapack.dtrtrs(self._factor, rows.T, lower=1)[0].T
        return np.vecdot(halves, halves)
