"""The low-dimensional subspace in which SFO computes."""

from __future__ import annotations

import math
import weakref

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NEGLIGIBLE = 1e-12  # shorter directions are no direction
_LARGELY_ORTHOGONAL = 0.1  # a remainder this long needs no further round
_ROUNDS = 3
_BLOCK = 1 << 16  # parameters whose basis is transformed at a time


def subspace_sizes(dimension: int, subfunctions: int) -> tuple[int, int]:
    """Dimensions after a collapse, and before one, for D parameters and N subfunctions."""
    smallest = 2 * subfunctions + 2
    return min(smallest, dimension), min(math.ceil(1.5 * smallest), dimension)


class Subspace:
    """An orthonormal basis that grows by one direction at a time.

    With N subfunctions it holds up to ceil(1.5 (2N + 2)) directions of the D there are; if that
    is all of them, it is the identity and never changes (ICML 2014, section 3.2).

    Attributes:
        rows: (capacity, D), the basis vectors; the first `size` are in use.
        size: dimension now.
        least: dimension after a collapse, min(2N + 2, D).
        capacity: dimension at which it has to collapse.
        is_identity: coordinates are the parameters themselves; `rows` is empty.
    """

    def __init__(self, theta: Array, subfunctions: int) -> None:
        dimension = len(theta)
        self.least, self.capacity = subspace_sizes(dimension, subfunctions)
        self.is_identity = self.capacity == dimension
        self._lent: list[weakref.ref[Array]] = []
        if self.is_identity:
            self.rows = np.empty((0, dimension))
            self.size = dimension
            return
        self.rows = np.empty((self.capacity, dimension))
        length = np.linalg.norm(theta)
        # A start at the origin has no direction of its own.
        self.size = 1 if length > 0 else 0
        if self.size:
            self.rows[0] = theta / length

    @property
    def is_full(self) -> bool:
        """Whether the next thing to do is to collapse."""
        return not self.is_identity and self.size >= self.capacity

    def coordinates(self, vector: Array) -> Array:
        """Coordinates of a vector's projection; (D,) -> (size,)."""
        return vector.copy() if self.is_identity else self.rows[: self.size].dot(vector)

    def vector(self, coordinates: Array) -> Array:
        """The vector with these coordinates; (size,) -> (D,)."""
        return coordinates.copy() if self.is_identity else coordinates.dot(self.rows[: self.size])

    def include(self, vector: Array) -> Array:
        """Grow by the part of a vector that is not in the subspace yet, if there is any.

        Returns:
            (size,) coordinates of the vector then: all but the last are needed to find that part.
        """
        length = math.sqrt(vector.dot(vector))
        if self.is_identity or not _NEGLIGIBLE <= length < math.inf:
            return self.coordinates(vector)
        basis = self.rows[: self.size]
        then = np.empty(self.size + 1)
        coordinates = basis.dot(vector, out=then[:-1])
        # Gram-Schmidt; one round loses digits when little is left of the direction.
        direction = vector - coordinates.dot(basis)
        rounds = 1
        while True:
            left = math.sqrt(direction.dot(direction))
            if left < _NEGLIGIBLE * length:
                return coordinates
            direction /= left
            if left > _LARGELY_ORTHOGONAL * length or rounds == _ROUNDS:
                break
            direction -= basis.dot(direction).dot(basis)
            length = 1.0
            rounds += 1
        if self._is_lent(self.size):
            self.rows, self._lent = self.rows.copy(), []
        self.rows[self.size] = direction
        self.size += 1
        then[-1] = direction.dot(vector)
        return then

    def lend(self) -> Array:
        """The rows in use, (size, D), read-only: they stay as they are while somebody has them.

        A basis of a million parameters is hundreds of megabytes, and growing writes behind what is
        lent: only a collapse needs memory of its own then.
        """
        view = self.rows[: self.size]
        view.flags.writeable = False
        self._lent = [*(each for each in self._lent if each() is not None), weakref.ref(view)]
        return view

    def _is_lent(self, first: int) -> bool:
        """Whether somebody has a row from this number on."""
        lent = (view() for view in self._lent)
        return bool(self._lent) and any(rows is not None and len(rows) > first for rows in lent)

    def restore(self, rows: Array, size: int) -> None:
        """Go back to what was lent, or on from what another one lent."""
        self.size = size
        if rows.base is self.rows:  # which has only grown since
            return
        self.rows, self._lent = np.empty_like(self.rows), []
        self.rows[:size] = rows[:size]

    def collapse(self, keep: Array, rng: np.random.Generator) -> Array:
        """Shrink to `least` directions that span some vectors.

        Args:
            keep: (vectors, size) coordinates of at most `least` vectors to span; random
                directions fill the rest.
            rng: where the random directions come from.

        Returns:
            (old size, least): multiplying old coordinates by it from the right gives new ones.
        """
        fill = rng.normal(size=(self.least - len(keep), self.size))
        transform, _ = np.linalg.qr(np.vstack([keep, fill]).T)
        old = self.rows[: self.size]
        if self._is_lent(0):
            self.rows, self._lent = np.empty_like(self.rows), []
        for start in range(0, self.rows.shape[1], _BLOCK):
            block = slice(start, start + _BLOCK)
            self.rows[: self.least, block] = transform.T @ old[:, block]
        self.size = self.least
        return transform
