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
        rows: (capacity, D), the basis vectors; between steps the first `size` are in use.
        size: dimension now.
        least: dimension after a collapse, min(2N + 2, D).
        capacity: dimension at which it has to collapse.
        is_identity: coordinates are the parameters themselves; `rows` is empty.
    """

    def __init__(self, theta: Array, subfunctions: int) -> None:
        dimension = len(theta)
        self.least, self.capacity = subspace_sizes(dimension, subfunctions)
        self.is_identity = self.capacity == dimension
        self._lent: weakref.ref[Array] | None = None
        # A collapse that the rows have not been through yet, and what was included since.
        self._turn: Array | None = None
        self._since: list[Array] = []
        self._included: tuple[Array, Array] | None = None  # the last vector, and its coordinates
        if self.is_identity:
            self.rows = np.empty((0, dimension))
            self.size = dimension
            return
        self.rows = np.zeros((self.capacity, dimension))
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
        if self._included is not None and self._included[0] is vector:
            return self._included[1].copy()
        if self.is_identity:
            return vector.copy()
        if self._turn is None:
            return self.rows[: self.size] @ vector
        found = self._turn.T @ (self.rows[: len(self._turn)] @ vector)
        return np.append(found, [row @ vector for row in self._since])

    def vector(self, coordinates: Array) -> Array:
        """The vector with these coordinates; (size,) -> (D,)."""
        if self.is_identity:
            return coordinates.copy()
        if self._turn is None:
            return coordinates @ self.rows[: self.size]
        found = (self._turn @ coordinates[: self.least]) @ self.rows[: len(self._turn)]
        for coordinate, row in zip(coordinates[self.least :], self._since, strict=True):
            found += coordinate * row
        return found

    def include(self, vector: Array) -> None:
        """Grow by the part of a vector that is not in the subspace yet, if there is any.

        The vector must not be changed as long as its coordinates may be asked for.
        """
        if self.is_identity:
            return
        self._included = None
        length = math.sqrt(vector @ vector)
        if not _NEGLIGIBLE <= length < math.inf:
            return
        direction = vector / length
        coordinates: Array | None = None
        # Gram-Schmidt; one round loses digits when little is left of the direction.
        for _ in range(_ROUNDS):
            along = self.coordinates(direction)
            if coordinates is None:
                coordinates = length * along
            direction -= self.vector(along)
            rest = math.sqrt(direction @ direction)
            if rest < _NEGLIGIBLE:
                self._included = vector, coordinates
                return
            length = rest
            direction /= length
            if length > _LARGELY_ORTHOGONAL:
                break
        if self._turn is None:
            self.rows[self.size] = direction
        else:
            self._since.append(direction)
        self.size += 1
        if coordinates is not None:
            self._included = vector, np.append(coordinates, direction @ vector)

    def lend(self) -> Array:
        """The rows, read-only: those in use stay as they are for as long as somebody has them.

        A basis of a million parameters is hundreds of megabytes, which a checkpoint writes at once.
        """
        self.settle()
        view = self.rows.view()
        view.flags.writeable = False
        self._lent = weakref.ref(view)
        return view

    def restore(self, rows: Array, size: int) -> None:
        """Go back to what was lent, or on from what another one lent."""
        self._turn, self._since, self._included = None, [], None
        if rows.base is not self.rows:  # else those in use are still there
            self.rows = rows.copy()
        self.size = size

    def collapse(self, keep: Array, rng: np.random.Generator) -> Array:
        """Shrink to `least` directions that span some vectors.

        Args:
            keep: (vectors, size) coordinates of at most `least` vectors to span; random
                directions fill the rest.
            rng: where the random directions come from.

        Returns:
            (old size, least): multiplying old coordinates by it from the right gives new ones.
        """
        self._included = None
        fill = rng.normal(size=(self.least - len(keep), self.size))
        self.settle()
        self._turn, _ = np.linalg.qr(np.vstack([keep, fill]).T)
        self.size = self.least
        return self._turn

    def settle(self) -> None:
        """Write the basis as it is since a collapse over what it was before.

        Not at once: a step that is given up goes back to the basis before it, and a copy of that
        would double the largest thing there is.
        """
        turn, self._turn = self._turn, None
        if turn is None:
            return
        if self._lent is not None and self._lent() is not None:
            self.rows = self.rows.copy()
        self._lent = None
        for start in range(0, self.rows.shape[1], _BLOCK):
            block = self.rows[:, start : start + _BLOCK]
            block[: self.least] = turn.T @ block[: len(turn)]
        self.rows[self.least :] = 0.0
        for place, row in enumerate(self._since, start=self.least):
            self.rows[place] = row
        self._since = []
