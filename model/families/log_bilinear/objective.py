"""The exact loss and gradient of a text, without the contexts x vocabulary softmax.

With a context cut into a left half l and a right half r, the normalizer is a product of matrices,

    Z[l, r] = (PL @ PR.T)[l, r]

where PL and PR are products of rows of exp(T_m) (see `half_contexts`). With S = n / Z on the
observed pairs (n counts the context) the expected counts of the gradient are two more products,
PL * (S @ PR) and PR * (S.T @ PL) (see `pair_sums`). The observed counts enter linearly, so the
loss needs no logit of any target: loss = sum_u n_u ln Z_u - sum_m <A_m, T_m>.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.errors import SettingsError
from model.families.log_bilinear.context_sums import context_sums
from model.families.log_bilinear.layout import Layout
from model.families.log_bilinear.logit_tables import LogitTables
from model.ngrams import NgramTable

Array = NDArray[np.float64]

# Parts of logits larger than this leave less than ten digits to a probability in float64: then
# all contexts are computed in extended precision.
_LARGEST_LOGIT = 1e5
_EXTENDED_BLOCK = 1 << 16  # elements


class Objective:
    """Mean negative log likelihood of all counted positions, in nats per character.

    Args:
        layout: the model's sizes.
        table: the counted n-grams, of the same vocabulary size and context length.
        dtype: float64, or float32 for the products of exponentials: on texts with many contexts
            (M = 5 and more) up to twice as fast, with relative errors of about 1e-7 in the loss
            and 1e-6 in the gradient. Parameters, sums and results are float64 in either case.

    Raises:
        SettingsError: the table does not fit the model, or is empty.
    """

    def __init__(self, layout: Layout, table: NgramTable, *, dtype: DTypeLike = np.float64) -> None:
        table.require_shape(layout.vocabulary_size, layout.context_length)
        self.positions = float(table.positions)
        if not self.positions > 0:
            raise SettingsError("The table counts no n-gram: count a text first.")
        self._layout = layout
        self.dtype = np.dtype(dtype)
        if self.dtype.name not in ("float64", "float32"):
            raise SettingsError(f"The type {self.dtype} is not float64 or float32: choose one.")
        self._cells, self._observed = _observed_counts(table)
        self._occurrences = _occurrences(table)

        self._sums = context_sums(table, self.dtype)
        self._table = table

    def tables(self, theta: Array) -> LogitTables:
        """What depends on theta alone, to share between objectives of one model."""
        return LogitTables(self._layout, theta, self.dtype)

    def value(self, theta: Array) -> float:
        """The loss alone, nats per character; infinite where logits overflow."""
        tables = self.tables(theta)
        if not tables.are_finite:
            return np.inf
        if tables.largest > _LARGEST_LOGIT:
            return self._in_extended_precision(tables)[0]
        total = self._linear(tables) + sum(sums.log_normalizers(tables) for sums in self._sums)
        return total / self.positions

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The loss in nats per character and its gradient, (D,).

        Finite parameters give finite, exact results, however large they are, as long as the
        logits themselves do not overflow: then the loss is infinite and the gradient NaN.
        """
        return self.value_and_gradient_at(self.tables(theta))

    def value_and_gradient_at(self, tables: LogitTables) -> tuple[float, Array]:
        """As `value_and_gradient`, at parameters whose tables are known already."""
        if not tables.are_finite:
            return np.inf, np.full_like(tables.theta, np.nan)
        if tables.largest > _LARGEST_LOGIT:
            return self._in_extended_precision(tables)
        gradient = np.zeros_like(tables.values)
        gradient.ravel()[self._cells] = -self._observed
        total = self._linear(tables)
        for sums in self._sums:
            total += sums.add_expectations(tables, gradient)
        gradient /= self.positions
        return total / self.positions, tables.backward(gradient)

    def _linear(self, tables: LogitTables) -> float:
        """The part of the summed loss that is linear in the tables and their peaks."""
        peaks = np.vdot(self._occurrences, tables.peaks)
        return float(peaks) - float(self._observed @ tables.values.ravel()[self._cells])

    def _in_extended_precision(self, tables: LogitTables) -> tuple[float, Array]:
        """Value and gradient through the log probabilities of all contexts, in long double."""
        from scipy.special import logsumexp  # takes a tenth of a second: not at start-up

        extended = tables.extended
        positions = range(self._layout.context_length)
        total = np.longdouble(0.0)
        gradient = np.zeros(extended.shape, dtype=np.longdouble)
        step = max(1, _EXTENDED_BLOCK // self._layout.vocabulary_size)
        for start in range(0, len(self._table.contexts), step):
            contexts = self._table.contexts[start : start + step]
            counts = self._table.counts[start : start + step].toarray()
            logits = np.sum([extended[m][contexts[:, m]] for m in positions], axis=0)
            log_p = logits - logsumexp(logits, axis=1, keepdims=True)
            total -= (counts * log_p).sum()
            error = np.exp(log_p) * counts.sum(axis=1, keepdims=True) - counts
            for m in positions:
                np.add.at(gradient[m], contexts[:, m], error)
        gradient /= self.positions
        return float(total / self.positions), tables.backward(gradient.astype(float))


def _observed_counts(table: NgramTable) -> tuple[NDArray[np.intp], Array]:
    """A[m, v, c], how often target c has character v at position m: its flat cells and values."""
    v = table.vocabulary_size
    ngrams, counts = table.ngrams()
    cells: list[NDArray[np.intp]] = []
    sums: list[Array] = []
    for m, column in enumerate(ngrams[:, :-1].T):
        keys = (m * v + column.astype(np.intp)) * v + ngrams[:, -1]
        different, place = np.unique(keys, return_inverse=True)
        cells.append(different)
        sums.append(np.bincount(place, weights=counts).astype(float))
    return np.concatenate(cells), np.concatenate(sums)


def _occurrences(table: NgramTable) -> Array:
    """How often each character stands at each context position; (M, V)."""
    return np.stack(
        [
            np.bincount(column, weights=table.context_positions, minlength=table.vocabulary_size)
            for column in table.contexts.T
        ]
    )
