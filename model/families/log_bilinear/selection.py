"""Some contexts of a table, by their row numbers: codes are looked up when they are needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.ngrams import NgramTable

Array = NDArray[np.float64]


class Selection:
    """Some contexts of a table, or all of them.

    A copy of the contexts of a megabyte of text is 140 MB at M = 32; their numbers are 4.

    Args:
        table: the counted n-grams.
        rows: (n,) row numbers; None for all.
    """

    def __init__(self, table: NgramTable, rows: NDArray[np.integer] | None = None) -> None:
        self.table = table
        self.rows = None if rows is None else rows.astype(np.int32)

    def __len__(self) -> int:
        return len(self.table.contexts) if self.rows is None else len(self.rows)

    def select(self, numbers: NDArray[np.integer]) -> Selection:
        """Some of these, numbered from 0."""
        return Selection(self.table, numbers if self.rows is None else self.rows[numbers])

    def rows_of(self, start: int, stop: int) -> NDArray[np.integer] | slice:
        """Row numbers in the table of these contexts from one number to before another."""
        return slice(start, stop) if self.rows is None else self.rows[start:stop]

    def codes(self) -> NDArray[np.int32]:
        """All contexts, (n, M): a copy, unless they are those of the whole table."""
        return self.table.contexts if self.rows is None else self.table.contexts[self.rows]

    def weights(self) -> Array:
        """How often each context occurs; (n,)."""
        weights = self.table.context_positions
        return (weights if self.rows is None else weights[self.rows]).astype(float)

    def some(self, numbers: NDArray[np.integer]) -> tuple[NDArray[np.int32], Array]:
        """Codes, (k, M), and weights, (k,), of some of these contexts, numbered from 0."""
        rows = numbers if self.rows is None else self.rows[numbers]
        return self.table.contexts[rows], self.table.context_positions[rows].astype(float)

    def part(self) -> NgramTable:
        """Their table: a copy, unless it is the whole."""
        return self.table if self.rows is None else self.table.select(self.rows)
