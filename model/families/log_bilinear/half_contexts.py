"""Products of table rows over the different halves of contexts, forward and backward.

exp(logit) of a context is a product of one row of exp(T_m) for each of its characters. The
different halves (all beginnings x_1 … x_k, say) share characters among themselves, so the products
are built level by level along a tree: one multiplication for each node, whatever the depth. Most
nodes are on the last level, which may be gone through in parts that stay in a core's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy import sparse

from model.parallel import in_parallel
from model.unique_ngrams import ranks

Array = NDArray[np.floating]

# Elements (nodes x V) from which a second thread pays.
_THREADED_ELEMENTS = 1 << 20
_PART_ELEMENTS = 1 << 17  # of products that are made at a time


@dataclass(frozen=True, eq=False)
class Nodes:
    """Some nodes of one depth: which node each continues, and with which character."""

    position: int
    parent: NDArray[np.int32]
    character: NDArray[np.int32]

    def some(self, which: slice | NDArray[np.integer]) -> Nodes:
        """Some of them, whose parents are numbered as before."""
        return Nodes(self.position, self.parent[which], self.character[which])

    def products(self, tables: Array, parents: Array, out: Array | None = None) -> Array:
        """Products of rows of `tables`, (M, V, V), over each node, (n, V).

        From those of its parent, (parents, V), unless there are none.
        """
        # 'clip' takes without a detour through a buffer; the indices are in range.
        out = tables[self.position].take(self.character, axis=0, out=out, mode="clip")
        if len(parents):
            out *= parents.take(self.parent, axis=0, mode="clip")
        return out


class _Level:
    """All nodes of one depth, and the matrices that sum their rows by character and by parent."""

    def __init__(self, nodes: Nodes, vocabulary_size: int, parents: int, dtype: DTypeLike) -> None:
        self.nodes, self.parents = nodes, parents
        self.to_character = _summing_matrix(nodes.character, vocabulary_size, dtype)
        self.to_parent = _summing_matrix(nodes.parent, parents, dtype)


class HalfContexts:
    """The different contents of some context positions.

    Args:
        contexts: (U, M) codes.
        positions: of the half; without any it has one content, the empty one.
        vocabulary_size: V.
        dtype: of the gradients.

    Attributes:
        rows: (U,) which of the contents each context has. Until they are reordered they are in the
            order of their characters, the one at the first of the positions first.
        count: how many different contents there are.
    """

    def __init__(
        self,
        contexts: NDArray[np.int32],
        positions: Sequence[int],
        vocabulary_size: int,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self._vocabulary_size, self._dtype = vocabulary_size, np.dtype(dtype)
        self._levels: list[_Level] = []
        rows = np.zeros(len(contexts), dtype=np.int64)
        parents = 1
        for position in positions:
            keys = rows * vocabulary_size + contexts[:, position]
            nodes, rows = ranks(keys, parents * vocabulary_size)
            parent, character = (x.astype(np.int32) for x in np.divmod(nodes, vocabulary_size))
            level = Nodes(position, parent, character)
            self._levels.append(_Level(level, vocabulary_size, parents, dtype))
            parents = len(nodes)
        self.rows: NDArray[np.integer] = rows.astype(np.int32)
        self.count = parents

    @property
    def first_characters(self) -> NDArray[np.int32]:
        """The character of each content at the first of the positions; (count,)."""
        first = self._levels[0].nodes.character
        for level in self._levels[1:]:
            first = first[level.nodes.parent]
        return first

    def reorder(self, order: NDArray[np.intp]) -> None:
        """Number the contents anew; order (count,) has the old numbers."""
        last = self._levels[-1]
        self._levels[-1] = _Level(
            last.nodes.some(order), self._vocabulary_size, last.parents, self._dtype
        )
        places = np.empty_like(order)
        places[order] = np.arange(self.count)
        self.rows = places[self.rows].astype(np.int32)

    def shorter_products(self, tables: Array) -> Array:
        """Products over all contents without their last character; none where that is all."""
        product: Array = np.empty((0, self._vocabulary_size), dtype=tables.dtype)
        for level in self._levels[:-1]:
            product = level.nodes.products(tables, product)
        return product

    def some(self, which: slice) -> Nodes:
        """Some of the contents, whose products are made from `shorter_products`."""
        return self._levels[-1].nodes.some(which)

    def products(self, tables: Array) -> Array:
        """Products of rows of `tables`, (M, V, V), over each content; (count, V)."""
        shape = self.count, self._vocabulary_size
        if not self._levels:
            return np.ones(shape, dtype=tables.dtype)
        out = np.empty(shape, dtype=tables.dtype)
        shorter = self.shorter_products(tables)
        step = self.count
        if out.size >= _THREADED_ELEMENTS:
            step = max(1, _PART_ELEMENTS // self._vocabulary_size)

        def some(start: int) -> None:
            which = slice(start, min(start + step, self.count))
            self.some(which).products(tables, shorter, out[which])

        in_parallel([partial(some, start) for start in range(0, self.count, step)])
        return out

    def scatter(self, gradient: Array, out: Array) -> None:
        """Add to `out` (M, V, V) the gradient with respect to log tables.

        Args:
            gradient: (count, V), with respect to the logarithm of the products.
            out: receives each row's sum over the nodes that end in its character.
        """
        works = self.scattering(gradient, out)
        if gradient.size >= _THREADED_ELEMENTS:
            in_parallel(works)
        else:
            for work in works:
                work()

    def scattering(self, gradient: Array, out: Array) -> list[Callable[[], None]]:
        """As `scatter`, in works that may be done at the same time."""
        works: list[Callable[[], None]] = [
            partial(self._scatter_last, gradient, out),
            partial(self._scatter_others, gradient, out),
        ]
        return works[: len(self._levels)]

    def _scatter_last(self, gradient: Array, out: Array) -> None:
        level = self._levels[-1]
        out[level.nodes.position] += level.to_character @ gradient

    def _scatter_others(self, gradient: Array, out: Array) -> None:
        for after, level in zip(self._levels[:0:-1], self._levels[-2::-1], strict=True):
            gradient = after.to_parent @ gradient
            out[level.nodes.position] += level.to_character @ gradient


def _summing_matrix(groups: NDArray[np.int32], size: int, dtype: DTypeLike) -> sparse.csr_array:
    """The matrix (size, n) that sums rows by their group."""
    order = np.argsort(groups, kind="stable").astype(np.int32)
    ends = np.zeros(size + 1, dtype=np.int32)
    np.cumsum(np.bincount(groups, minlength=size), out=ends[1:])
    return sparse.csr_array((_ones(len(groups), dtype), order, ends), shape=(size, len(groups)))


def _ones(count: int, dtype: DTypeLike) -> Array:
    """So many ones, which take the memory of a single one."""
    return np.broadcast_to(np.ones(1, dtype=dtype), count)
