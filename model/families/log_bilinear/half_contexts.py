"""Products of table rows over the different halves of contexts, forward and backward.

exp(logit) of a context is a product of one row of exp(T_m) for each of its characters. The
different halves (all beginnings x_1 … x_k, say) share their own beginnings, so the products are
built level by level along a prefix tree: one multiplication for each node, whatever the depth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy import sparse

from model.unique_ngrams import ranks

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class _Level:
    """The nodes of one depth: which node each continues, and with which character."""

    position: int
    parent: NDArray[np.int32]
    character: NDArray[np.int32]
    to_parent: sparse.csr_array
    to_character: sparse.csr_array


class HalfContexts:
    """The different contents of some neighbouring context positions.

    Args:
        contexts: (U, M) codes.
        start: first position of the half.
        stop: end of the half; an empty half has one (empty) content.
        vocabulary_size: V.
        dtype: of the tables, products and gradients.

    Attributes:
        rows: (U,) which of the contents each context has.
        count: how many different contents there are.
    """

    def __init__(
        self,
        contexts: NDArray[np.int32],
        start: int,
        stop: int,
        vocabulary_size: int,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self._vocabulary_size = vocabulary_size
        self._levels: list[_Level] = []
        rows = np.zeros(len(contexts), dtype=np.int64)
        parents = 1
        for position in range(start, stop):
            keys = rows * vocabulary_size + contexts[:, position]
            nodes, rows = ranks(keys, parents * vocabulary_size)
            parent, character = (x.astype(np.int32) for x in np.divmod(nodes, vocabulary_size))
            self._levels.append(
                _Level(
                    position,
                    parent,
                    character,
                    _summing_matrix(parent, parents, dtype),
                    _summing_matrix(character, vocabulary_size, dtype),
                )
            )
            parents = len(nodes)
        self.rows: NDArray[np.integer] = rows.astype(np.int32)
        self.count = parents

    def products(self, tables: Array) -> Array:
        """Products of rows of `tables`, (M, V, V), over each content; (count, V)."""
        product: Array = np.ones((1, self._vocabulary_size), dtype=tables.dtype)
        for level in self._levels:
            factor = np.take(tables[level.position], level.character, axis=0)
            if level is not self._levels[0]:
                factor *= np.take(product, level.parent, axis=0)
            product = factor
        return product

    def scatter(self, gradient: Array, out: Array) -> None:
        """Add to `out` (M, V, V) the gradient with respect to log tables.

        Args:
            gradient: (count, V), with respect to the logarithm of the products.
            out: receives each row's sum over the nodes that end in its character.
        """
        for level in reversed(self._levels):
            out[level.position] += level.to_character @ gradient
            if level is not self._levels[0]:
                gradient = level.to_parent @ gradient


def _summing_matrix(groups: NDArray[np.int32], size: int, dtype: DTypeLike) -> sparse.csr_array:
    """The matrix (size, n) that sums rows by their group."""
    order = np.argsort(groups, kind="stable").astype(np.int32)
    ends = np.zeros(size + 1, dtype=np.int32)
    np.cumsum(np.bincount(groups, minlength=size), out=ends[1:])
    return sparse.csr_array((_ones(len(groups), dtype), order, ends), shape=(size, len(groups)))


def _ones(count: int, dtype: DTypeLike) -> Array:
    """So many ones, which take the memory of a single one."""
    return np.broadcast_to(np.ones(1, dtype=dtype), count)
