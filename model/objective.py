"""The exact loss and gradient of a text, without the contexts x vocabulary softmax.

With a context cut into a left half l and a right half r, the normalizer is a product of matrices,

    Z[l, r] = (PL @ PR.T)[l, r]

where PL and PR are products of rows of exp(T_m) (see `half_contexts`). With S = n / Z on the
observed pairs (n counts the context) the expected counts of the gradient are two more products,
PL * (S @ PR) and PR * (S.T @ PL) (see `pair_sums`). The observed counts enter linearly, so the
loss needs no energy of any target: loss = sum_u n_u ln Z_u - sum_m <A_m, T_m>.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.special import logsumexp

from model.energy_tables import EnergyTables
from model.errors import SettingsError
from model.half_contexts import HalfContexts
from model.log_bilinear import LogBilinear
from model.ngrams import NgramTable
from model.pair_sums import PairSums, cost
from model.parallel import in_parallel

Array = NDArray[np.float64]
Result = TypeVar("Result")

# Below this a normalizer may have lost digits to underflow: each product is at most 1, so what
# vanished is below the smallest number a term. Such contexts are computed through log-sum-exp.
_LEAST_NORMALIZER = {"float64": 1e-250, "float32": 1e-25}
# Parts of energies larger than this leave less than ten digits to a probability in float64: then
# all contexts are computed in extended precision.
_LARGEST_ENERGY = 1e3
_LOG_SUM_EXP_BLOCK = 1 << 16  # elements
# Elements (nodes x V) of a half from which a second thread pays.
_THREADED_ELEMENTS = 1 << 20


class Objective:
    """Mean negative log likelihood of all counted positions, in nats per character.

    Args:
        model: the model's shape.
        table: the counted n-grams, of the same vocabulary size and context length.
        dtype: float64, or float32 for the products of exponentials: on texts with many contexts
            (M = 5 and more) up to twice as fast, with relative errors of about 1e-7 in the loss
            and 1e-6 in the gradient. Parameters, sums and results are float64 in either case.

    Raises:
        SettingsError: the table does not fit the model, or is empty.
    """

    def __init__(
        self, model: LogBilinear, table: NgramTable, *, dtype: DTypeLike = np.float64
    ) -> None:
        expected = (model.vocabulary_size, model.context_length)
        if (table.vocabulary_size, table.context_length) != expected:
            raise SettingsError(
                f"The table has (vocabulary size, context length) "
                f"{(table.vocabulary_size, table.context_length)}, the model {expected}: "
                "count the text with the model's two."
            )
        if not len(table.contexts):
            raise SettingsError("The table counts no n-gram: count a text first.")
        self.model = model
        self.positions = table.positions
        self.dtype = np.dtype(dtype)
        if self.dtype.name not in _LEAST_NORMALIZER:
            raise SettingsError(f"The type {self.dtype} is not float64 or float32: choose one.")
        self._observed = _observed_counts(table)
        self._occurrences = self._observed.sum(axis=2)

        v, m = model.vocabulary_size, model.context_length
        split = _cheapest_split(table)
        self._left = HalfContexts(table.contexts, 0, split, v, self.dtype)
        self._right = HalfContexts(table.contexts, split, m, v, self.dtype)
        order = np.lexsort((self._right.rows, self._left.rows))
        self._contexts = table.contexts[order]
        self._counts = table.counts[order]
        self._weights = table.context_positions[order].astype(float)
        shape = (self._left.count, self._right.count)
        self._pairs = PairSums(
            self._left.rows[order],
            self._right.rows[order],
            self._weights,
            shape,
            v,
            self.dtype,
            _LEAST_NORMALIZER[self.dtype.name],
        )
        self._halves_in_parallel = min(shape) * v >= _THREADED_ELEMENTS

    def tables(self, theta: Array) -> EnergyTables:
        """What depends on theta alone, to share between objectives of one model."""
        return EnergyTables(self.model, theta, self.dtype)

    def value(self, theta: Array) -> float:
        """The loss alone, nats per character."""
        tables = self.tables(theta)
        if tables.largest > _LARGEST_ENERGY:
            return self._in_extended_precision(tables)[0]
        total, unsafe = self._pairs.log_normalizers(*self._halves(tables))
        total += self._linear(tables) + sum(part[0] for part in self._rescued(tables, unsafe))
        return total / self.positions

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The loss in nats per character and its gradient, (D,).

        Finite parameters give finite, exact results, however large they are, as long as the
        energies themselves do not overflow.
        """
        return self.value_and_gradient_at(self.tables(theta))

    def value_and_gradient_at(self, tables: EnergyTables) -> tuple[float, Array]:
        """As `value_and_gradient`, at parameters whose tables are known already."""
        if tables.largest > _LARGEST_ENERGY:
            return self._in_extended_precision(tables)
        left, right = self._halves(tables)
        total, unsafe, to_left, to_right = self._pairs.expectations(left, right)
        to_left *= left
        to_right *= right
        gradient = -self._observed
        self._in_halves(
            lambda: self._left.scatter(to_left, gradient),
            lambda: self._right.scatter(to_right, gradient),
        )
        total += self._linear(tables)
        for more, contexts, expected in self._rescued(tables, unsafe):
            total += more
            for m in range(self.model.context_length):
                np.add.at(gradient[m], contexts[:, m], expected)
        gradient /= self.positions
        return total / self.positions, tables.backward(gradient)

    def _halves(self, tables: EnergyTables) -> list[NDArray[np.floating]]:
        """Products of table rows over the different left and right halves."""
        return self._in_halves(
            lambda: self._left.products(tables.exponentials),
            lambda: self._right.products(tables.exponentials),
        )

    def _in_halves(self, left: Callable[[], Result], right: Callable[[], Result]) -> list[Result]:
        # The halves touch different positions, so they do not meet in their results either.
        return in_parallel([left, right]) if self._halves_in_parallel else [left(), right()]

    def _linear(self, tables: EnergyTables) -> float:
        """The part of the summed loss that is linear in the tables and their peaks."""
        peaks = np.vdot(self._occurrences, tables.peaks)
        return float(peaks) - float(np.vdot(self._observed, tables.values))

    def _rescued(
        self, tables: EnergyTables, unsafe: NDArray[np.integer]
    ) -> Iterator[tuple[float, NDArray[np.int32], Array]]:
        """Contexts that underflowed: loss, contexts and expected counts, block by block."""
        step = max(1, _LOG_SUM_EXP_BLOCK // self.model.vocabulary_size)
        for start in range(0, len(unsafe), step):
            rows = unsafe[start : start + step]
            more, expected = self._log_sum_exp(tables, rows)
            yield more, self._contexts[rows], expected

    def _log_sum_exp(self, tables: EnergyTables, rows: NDArray[np.integer]) -> tuple[float, Array]:
        """Loss of some contexts beyond their peaks, and their expected counts."""
        contexts, weights = self._contexts[rows], self._weights[rows]
        positions = range(self.model.context_length)
        energies = np.sum([tables.values[m][contexts[:, m]] for m in positions], axis=0)
        peaks = np.sum([tables.peaks[m][contexts[:, m]] for m in positions], axis=0)
        log_z = logsumexp(energies, axis=1)
        expected = np.exp(energies - log_z[:, None]) * weights[:, None]
        return float(weights @ (log_z - peaks)), expected

    def _in_extended_precision(self, tables: EnergyTables) -> tuple[float, Array]:
        """Value and gradient through the log probabilities of all contexts, in long double."""
        extended = tables.extended
        positions = range(self.model.context_length)
        total = np.longdouble(0.0)
        gradient = np.zeros(extended.shape, dtype=np.longdouble)
        step = max(1, _LOG_SUM_EXP_BLOCK // self.model.vocabulary_size)
        for start in range(0, len(self._contexts), step):
            contexts = self._contexts[start : start + step]
            counts = self._counts[start : start + step].toarray()
            energies = np.sum([extended[m][contexts[:, m]] for m in positions], axis=0)
            log_p = energies - logsumexp(energies, axis=1, keepdims=True)
            total -= (counts * log_p).sum()
            error = np.exp(log_p) * counts.sum(axis=1, keepdims=True) - counts
            for m in positions:
                np.add.at(gradient[m], contexts[:, m], error)
        gradient /= self.positions
        return float(total / self.positions), tables.backward(gradient.astype(float))


def _observed_counts(table: NgramTable) -> Array:
    """A[m, v, c]: how often target c has character v at context position m."""
    v = table.vocabulary_size
    ngrams, counts = table.ngrams()
    targets = ngrams[:, -1].astype(np.int64)
    return np.stack(
        [
            np.bincount(column * v + targets, weights=counts, minlength=v * v).reshape(v, v)
            for column in ngrams[:, :-1].T.astype(np.int64)
        ]
    )


def _cheapest_split(table: NgramTable) -> int:
    """How many characters the left half gets: the least work after a model of measured costs."""
    contexts, size = table.contexts, table.context_length
    if size == 1:
        return 1
    prefixes, suffixes = _distinct(contexts), _distinct(contexts[:, ::-1])

    def total(k: int) -> float:
        left, right = prefixes[k], suffixes[size - k]
        return cost(len(contexts), left, right) + left + right

    # Of equals the one with the longer left half: work is shared among threads by left halves.
    return min(reversed(range(1, size)), key=total)


def _distinct(contexts: NDArray[np.int32]) -> list[int]:
    """How many different beginnings of each length there are, from 0 to M."""
    ranks = np.zeros(len(contexts), dtype=np.int64)
    counts = [1]
    for column in contexts.T:
        _, ranks = np.unique(ranks * (int(column.max()) + 1) + column, return_inverse=True)
        counts.append(int(ranks.max()) + 1)
    return counts
