"""Whether characters of a class stand together, measured against classes dealt out by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Members = NDArray[np.bool_]

_MOST_NEIGHBOURS = 4


@dataclass(frozen=True)
class Separation:
    """How many of the neighbours of a class's members are members too.

    Attributes:
        share: of the nearest neighbours, from 0 to 1.
        expected: the mean share where the same number of members is chosen by chance.
        beaten: whether no choice by chance had as much.
    """

    share: float
    expected: float
    beaten: bool

    @property
    def strength(self) -> float:
        """0 where it is as by chance, 1 where all neighbours are members."""
        return (self.share - self.expected) / max(1.0 - self.expected, 1e-9)


def nearest(points: Array, count: int) -> NDArray[np.intp]:
    """The nearest other points of each, the nearest first; (n, H) -> (n, count)."""
    squares = (points**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * points @ points.T
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1, kind="stable")[:, :count]


def separation(points: Array, members: Members, shuffles: int = 200, seed: int = 0) -> Separation:
    """How well the members of a class keep together among other points.

    A permutation test: the labels are shuffled, and the share of members among the members'
    neighbours is taken anew.

    Args:
        points: (n, H), the class and what it is compared with.
        members: (n,) which of them belong to the class: at least two, and not all.
        shuffles: how many choices by chance it has to beat.
        seed: of those.
    """
    size = int(members.sum())
    neighbours = nearest(points, min(_MOST_NEIGHBOURS, size - 1))
    rng = np.random.default_rng(seed)
    labels = rng.permuted(np.tile(members, (shuffles, 1)), axis=1)
    every = np.vstack([members, labels])
    # (shuffles + 1, n): how many of a point's neighbours are members; then of members only.
    among = every[:, neighbours].mean(axis=2)
    shares = (among * every).sum(axis=1) / size
    return Separation(
        float(shares[0]), float(shares[1:].mean()), bool(shares[0] > shares[1:].max())
    )
