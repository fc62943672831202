"""Contexts whose normalizers underflow as products of exponentials: through log-sum-exp instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from model.families.log_bilinear.logit_tables import LogitTables
from model.interruption import give_up_if_unwanted

Array = NDArray[np.float64]
Contexts = Callable[[NDArray[np.integer]], tuple[NDArray[np.int32], Array]]
"""Codes, (n, M), and weights, (n,), of contexts that are given by their numbers."""

# Below this a normalizer may have lost digits to underflow: each product is at most 1, so what
# vanished is below the smallest number a term.
_LEAST_NORMALIZER = {np.dtype(np.float64): 1e-250, np.dtype(np.float32): 1e-25}
_BLOCK = 1 << 16  # elements


def least_normalizer(dtype: np.dtype[Any]) -> float:
    """The smallest normalizer that can be trusted where products are of this type."""
    return _LEAST_NORMALIZER[dtype]


def rescued(
    tables: LogitTables, numbers: NDArray[np.integer], contexts_of: Contexts
) -> Iterator[tuple[float, NDArray[np.int32], Array]]:
    """Loss beyond the peaks of the tables, contexts and expected counts, block by block."""
    step = max(1, _BLOCK // tables.values.shape[2])
    for start in range(0, len(numbers), step):
        give_up_if_unwanted()
        contexts, weights = contexts_of(numbers[start : start + step])
        columns = list(enumerate(contexts.T))
        logits = np.sum([tables.values[m][column] for m, column in columns], axis=0)
        peaks = np.sum([tables.peaks[m][column] for m, column in columns], axis=0)
        log_z = logsumexp(logits, axis=1)
        expected = np.exp(logits - log_z[:, None]) * weights[:, None]
        yield float(weights @ (log_z - peaks)), contexts, expected


def add_rescued(
    tables: LogitTables, numbers: NDArray[np.integer], contexts_of: Contexts, gradient: Array
) -> float:
    """Add the expected counts of contexts to `gradient`, (M, V, V); their loss as `rescued`."""
    total = 0.0
    for more, contexts, expected in rescued(tables, numbers, contexts_of):
        total += more
        for m, column in enumerate(contexts.T):
            np.add.at(gradient[m], column, expected)
    return total
