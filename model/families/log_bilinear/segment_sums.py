"""Log normalizers and expected counts of long contexts, from the products of their segments.

A context is cut into segments of a few characters, which repeat where whole halves do not. The
product of table rows is formed once for each different segment; a context's terms are then the
product of one row for each of its segments, formed block by block and gone when the block is done.
Memory is that of the segments' products and of one stretch of contexts.
"""

from __future__ import annotations

from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy import sparse

from model.families.log_bilinear.half_contexts import HalfContexts
from model.families.log_bilinear.logit_tables import LogitTables
from model.families.log_bilinear.selection import Selection
from model.families.log_bilinear.underflow import add_rescued, least_normalizer, rescued
from model.parallel import in_parallel

Array = NDArray[np.floating]

_BLOCK_BYTES = 1 << 20  # of the terms of a block of contexts: they stay in a core's cache
_BLOCKS = 8  # in a stretch, whose terms are taken back to the segments together
_LONGEST_STRETCH = 1 << 16  # so that 16 bits number its contexts


class SegmentSums:
    """Some contexts, cut into segments of about equal length.

    Results do not depend on the number of threads: contexts are cut into blocks of a fixed size,
    and what comes back to a segment is summed by one thread, stretch after stretch.

    Args:
        contexts: which.
        longest: characters in a segment, at most.
        dtype: of the products from which gradients are made.
    """

    def __init__(self, contexts: Selection, longest: int, dtype: DTypeLike) -> None:
        v, m = contexts.table.vocabulary_size, contexts.table.context_length
        self._contexts, self._weights = contexts, contexts.weights()
        self._vocabulary_size, self._dtype = v, np.dtype(dtype)
        count = -(-m // longest)
        ends = [m * i // count for i in range(count + 1)]
        codes = contexts.codes()
        self._segments = [
            HalfContexts(codes, range(start, stop), v, dtype) for start, stop in pairwise(ends)
        ]
        for segment in self._segments:
            if segment.count <= 1 << 16:  # one number for each context: half as wide will do
                segment.rows = segment.rows.astype(np.uint16)
        self._block = max(1, _BLOCK_BYTES // (v * self._dtype.itemsize))
        self._stretch = min(_BLOCKS * self._block, _LONGEST_STRETCH)

    def log_normalizers(self, tables: LogitTables) -> float:
        """Sum of n ln Z, beyond the peaks of the tables."""
        products = self._products(tables)
        normalizers = np.empty(len(self._contexts))
        for stretch in self._stretches():
            self._terms(products, stretch, normalizers, None)
        total, unsafe = self._sum(normalizers, products[0].dtype)
        return total + sum(part[0] for part in rescued(tables, unsafe, self._contexts.some))

    def add_expectations(self, tables: LogitTables, gradient: NDArray[np.float64]) -> float:
        """As `log_normalizers`, with the expected counts added to `gradient`, (M, V, V)."""
        products = self._products(tables)
        expected = [np.zeros_like(product) for product in products]
        normalizers = np.empty(len(self._contexts))
        rows = min(self._stretch, len(self._contexts))
        terms = np.empty((rows, self._vocabulary_size), dtype=self._dtype)
        for stretch in self._stretches():
            self._terms(products, stretch, normalizers, terms)
            in_parallel(
                [
                    partial(self._add, segment, stretch, terms, expected[segment])
                    for segment in range(len(self._segments))
                ]
            )
        total, unsafe = self._sum(normalizers, products[0].dtype)
        for segment, more in zip(self._segments, expected, strict=True):
            segment.scatter(more, gradient)
        return total + add_rescued(tables, unsafe, self._contexts.some, gradient)

    @cached_property
    def _orders(self) -> list[NDArray[np.uint16]]:
        """The contexts of each stretch in ascending order of each segment, from its start on.

        Made for the first gradient: losses do without.
        """
        return [
            np.concatenate(
                [
                    np.argsort(segment.rows[stretch], kind="stable").astype(np.uint16)
                    for stretch in self._stretches()
                ]
            )
            for segment in self._segments
        ]

    def _stretches(self) -> list[slice]:
        starts = range(0, len(self._contexts), self._stretch)
        return [slice(a, min(a + self._stretch, len(self._contexts))) for a in starts]

    def _products(self, tables: LogitTables) -> list[Array]:
        return in_parallel([partial(s.products, tables.exponentials) for s in self._segments])

    def _terms(
        self,
        products: list[Array],
        stretch: slice,
        normalizers: NDArray[np.float64],
        out: Array | None,
    ) -> None:
        """Normalizers of a stretch of contexts, and in `out`, (n, V), their expected counts."""

        def block(start: int) -> None:
            rows = slice(start, min(start + self._block, stretch.stop))
            length = rows.stop - rows.start
            place = start - stretch.start
            shape = (length, self._vocabulary_size)
            dtype = products[0].dtype
            terms = np.empty(shape, dtype) if out is None else out[place : place + length]
            factor = np.empty(shape, dtype)
            for number, (product, segment) in enumerate(zip(products, self._segments, strict=True)):
                # 'clip' takes without a detour through a buffer; the indices are in range.
                into = factor if number else terms
                np.take(product, segment.rows[rows], axis=0, out=into, mode="clip")
                if number:
                    np.multiply(terms, factor, out=terms)
            normalizers[rows] = sums = terms.sum(axis=1)
            if out is not None:
                safe = sums >= least_normalizer(dtype)
                ratios = np.divide(self._weights[rows], sums, out=np.zeros(length), where=safe)
                terms *= ratios.astype(dtype)[:, None]

        starts = range(stretch.start, stretch.stop, self._block)
        in_parallel([partial(block, start) for start in starts])

    def _add(self, number: int, stretch: slice, terms: Array, expected: Array) -> None:
        """Add the expected counts of a stretch of contexts to those of their segments."""
        order = self._orders[number][stretch]
        rows = self._segments[number].rows[stretch][order].astype(np.intp)
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        ends = np.append(starts, len(rows)).astype(np.int32)
        ones = np.ones(len(rows), dtype=self._dtype)
        shape = (len(starts), len(rows))
        sums = sparse.csr_array((ones, order.astype(np.int32), ends), shape=shape)
        expected[rows[starts]] += sums @ terms[: len(rows)]

    def _sum(
        self, normalizers: NDArray[np.float64], dtype: np.dtype[Any]
    ) -> tuple[float, NDArray[np.intp]]:
        """Sum of n ln Z over the normalizers that can be trusted, and which cannot."""
        unsafe = np.flatnonzero(~(normalizers >= least_normalizer(dtype)))
        normalizers[unsafe] = 1.0
        return float(self._weights @ np.log(normalizers)), unsafe
