"""A counted text as rows to evaluate: one for each different context, dealt out to parts.

A row is a context and how often each character follows it. Equal contexts of a part always share
a row, so a part costs what its different contexts cost: a text's positions never cost less. For
names (M = 3) 1,024 positions drawn at random are about 530 rows, for a play at M = 3 710, at M = 8
1,019. So there is one path for texts whose contexts repeat and for those whose do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.errors import SettingsError
from model.families.network.layout import BLOCK_ROWS, Layout
from model.ngrams import NgramTable

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Block:
    """Some rows.

    Attributes:
        codes: (n, M) contexts.
        weights: (n,) how often each occurs, as a share of all positions.
        cells: (t,) flat indices into (n, V) of the characters that follow; all different.
        counts: (t,) how often they do, as a share of all positions.
    """

    codes: NDArray[np.int32]
    weights: Floats
    cells: NDArray[np.intp]
    counts: Floats

    def __len__(self) -> int:
        return len(self.codes)


class Rows:
    """Contexts with the counts of what follows them, in parts of one after another.

    Args:
        contexts: (U, M) codes of different contexts.
        context: (R,) of each row: which context it is.
        starts: (R + 1,) where each row's targets begin.
        targets: characters that follow.
        counts: how often each does; fractions are possible.
        parts: (N + 1,) where each part's rows begin.
        vocabulary_size: V.
        dtype: of the weights handed out.
    """

    def __init__(
        self,
        contexts: NDArray[np.int32],
        context: NDArray[np.integer],
        starts: NDArray[np.integer],
        targets: NDArray[np.integer],
        counts: NDArray[Any],
        parts: NDArray[np.integer],
        vocabulary_size: int,
        dtype: DTypeLike,
    ) -> None:
        self.positions = float(counts.sum())
        self.parts = parts
        self._contexts, self._context, self._starts = contexts, context, starts
        self._targets = targets
        self._counts = (counts / self.positions).astype(dtype)
        self._vocabulary_size = vocabulary_size

    def __len__(self) -> int:
        return len(self._context)

    def blocks(self, start: int, stop: int) -> Iterator[Block]:
        """Rows from `start` to before `stop`, in blocks of bounded size."""
        for block in even_ranges(start, stop, max(1, round((stop - start) / BLOCK_ROWS))):
            yield self._block(block.start, block.stop)

    def _block(self, start: int, stop: int) -> Block:
        starts = self._starts[start : stop + 1]
        first, last = starts[0], starts[-1]
        counts = self._counts[first:last]
        row = np.repeat(np.arange(stop - start), np.diff(starts))
        cells = row * self._vocabulary_size + self._targets[first:last]
        weights = np.add.reduceat(counts, starts[:-1] - first)
        return Block(self._contexts[self._context[start:stop]], weights, cells, counts)


def whole(layout: Layout, table: NgramTable, dtype: DTypeLike) -> Rows:
    """All contexts of a table as rows of one part. Raises SettingsError if it does not fit."""
    check_table(layout, table)
    rows = len(table.contexts)
    return Rows(
        table.contexts,
        np.arange(rows, dtype=np.int32),
        table.counts.indptr.astype(np.intp),
        table.counts.indices,
        table.counts.data,
        np.array([0, rows]),
        layout.vocabulary_size,
        dtype,
    )


def deal(layout: Layout, table: NgramTable, parts: int, seed: int, dtype: DTypeLike) -> Rows:
    """All positions of a text dealt out at random to parts of equal size.

    A count of 2.3 is two positions and one of weight 0.3. Positions are dealt and not contexts,
    because some contexts are a thousand times as frequent as others: a part that has them would
    outweigh all others, and the parts without them never learn of them.

    Raises:
        SettingsError: the table does not fit the model, or the number of parts does not fit it.
    """
    check_table(layout, table)
    counts = table.counts.data
    full = np.floor(counts).astype(np.intp)
    rest = np.flatnonzero(counts > full)
    ngrams = np.arange(len(counts), dtype=np.intp)
    position = np.concatenate([np.repeat(ngrams, full), rest])
    weight = np.ones(len(position))
    weight[len(position) - len(rest) :] = (counts - full)[rest]
    if not 1 <= parts <= len(position):
        raise SettingsError(
            f"{parts} parts cannot be made of {len(position):,} positions: "
            f"choose between 1 and {len(position):,}."
        )
    dealt = np.random.default_rng(seed).permutation(len(position))
    # Card k of the shuffled pack goes to part k * parts // cards: sizes differ by 1 at most.
    key = np.empty(len(position), dtype=np.intp)
    key[dealt] = np.arange(len(position)) * parts // len(position)
    key = key * len(counts) + position
    order = np.argsort(key, kind="stable")
    key = key[order]
    new = np.flatnonzero(np.diff(key, prepend=-1))
    merged = np.add.reduceat(weight[order], new)
    part, ngram = np.divmod(key[new], len(counts))
    context_of = np.repeat(np.arange(len(table.contexts)), np.diff(table.counts.indptr))
    context = context_of[ngram]
    first = np.flatnonzero(np.diff(part * len(table.contexts) + context, prepend=-1))
    return Rows(
        table.contexts,
        context[first].astype(np.int32),
        np.append(first, len(new)),
        table.counts.indices[ngram],
        merged,
        np.searchsorted(part[first], np.arange(parts + 1)),
        layout.vocabulary_size,
        dtype,
    )


def even_ranges(start: int, stop: int, count: int) -> list[range]:
    """A range in so many parts whose lengths differ by 1 at most."""
    ends = [start + (stop - start) * i // count for i in range(count + 1)]
    return [range(a, b) for a, b in pairwise(ends)]


def check_table(layout: Layout, table: NgramTable) -> None:
    """Refuse a table of another shape, or an empty one. Raises SettingsError."""
    table.require_shape(layout.vocabulary_size, layout.context_length)
    if not len(table.contexts):
        raise SettingsError("The table counts no n-gram: count a text first.")
