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
from model.families.log_bilinear.plain_sums import PlainSums
from model.families.log_bilinear.selection import Selection
from model.interruption import give_up_if_unwanted
from model.ngrams import NgramTable
from model.parallel import one_blas_thread
from model.precision import checked_dtype
from model.thread_trial import ThreadTrial
from model.unique_ngrams import ranks

Array = NDArray[np.float64]

# Parts of logits larger than this leave less than ten digits to a probability in float64: then
# all contexts are computed in extended precision.
_LARGEST_LOGIT = 1e5
_EXTENDED_BLOCK = 1 << 16  # elements
_MOST_TABLE_ELEMENTS = 1 << 23
# Measured nanoseconds: an entry of the tables, there and back; a term of a softmax, and beside
# it a multiplication of its logit; a term as a product of table rows, for each position.
_PER_ENTRY, _PER_TERM, _PER_MULTIPLICATION, _PER_FACTOR = 30.0, 5.0, 0.3, 0.8
_WORTH = 4.0  # so many times the time, for a fraction of the memory


class Objective:
    """Mean negative log likelihood of all counted positions, in nats per character.

    Args:
        layout: the model's sizes.
        table: the counted n-grams, of the same vocabulary size and context length.
        rows: (n,) row numbers of the contexts that it is about; None for all of the table.
        dtype: float64, or float32 for the products of exponentials of which gradients are made: on
            texts with many contexts (M = 5 and more) up to twice as fast, with relative errors of
            about 1e-7 in the loss beside a gradient and 1e-6 in the gradient. Parameters, sums and
            results are float64 in either case, and so is all of `value`.

    Raises:
        SettingsError: the table does not fit the model, or is empty.
    """

    def __init__(
        self,
        layout: Layout,
        table: NgramTable,
        rows: NDArray[np.integer] | None = None,
        *,
        dtype: DTypeLike = np.float64,
    ) -> None:
        table.require_shape(layout.vocabulary_size, layout.context_length)
        self._contexts = Selection(table, rows)
        part = self._contexts.part()
        self.positions = float(part.positions)
        if not self.positions > 0:
            raise SettingsError("The table counts no n-gram: count a text first.")
        self._layout = layout
        self.dtype = checked_dtype(dtype)
        self._plain = None
        if is_plain(layout, len(self._contexts)):
            self._plain = PlainSums(layout, self._contexts)
        else:
            self._cells, self._observed = _observed_counts(part)
            self._occurrences = _occurrences(part)
            self._sums = context_sums(self._contexts, self.dtype)
            self._trial = ThreadTrial()

    def tables(self, theta: Array) -> LogitTables:
        """What gradients at theta share between objectives of one model and type."""
        return LogitTables(self._layout, theta, self.dtype)

    @one_blas_thread
    def value(self, theta: Array) -> float:
        """The loss alone, nats per character, in float64; infinite where logits overflow."""
        tables = LogitTables(self._layout, theta)
        if tables.exceed(_LARGEST_LOGIT):
            return self._at_the_extreme(tables)[0]
        if self._plain is not None:
            return self._plain.value(theta, np.float64) / self.positions
        total = self._linear(tables) + self._sums.log_normalizers(tables)
        return total / self.positions

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The loss in nats per character and its gradient, (D,).

        Finite parameters give finite, exact results, however large they are, as long as the
        logits themselves do not overflow: then the loss is infinite and the gradient NaN.
        """
        return self.value_and_gradient_at(self.tables(theta))

    @one_blas_thread
    def value_and_gradient_at(self, tables: LogitTables) -> tuple[float, Array]:
        """As `value_and_gradient`, at parameters whose tables are known already."""
        if tables.exceed(_LARGEST_LOGIT):
            return self._at_the_extreme(tables)
        if self._plain is not None:
            total, gradient = self._plain.value_and_gradient(tables.theta, self.dtype)
            gradient /= self.positions
            return total / self.positions, gradient
        gradient = np.zeros_like(tables.values)
        gradient.ravel()[self._cells] = -self._observed
        with self._trial.attempt():
            total = self._linear(tables) + self._sums.add_expectations(tables, gradient)
        gradient /= self.positions
        return total / self.positions, tables.backward(gradient)

    def _linear(self, tables: LogitTables) -> float:
        """The part of the summed loss that is linear in the tables and their peaks."""
        peaks = np.vdot(self._occurrences, tables.peaks)
        # 'clip' takes without a detour through a buffer; the cells are in range.
        return float(peaks) - float(self._observed @ tables.values.take(self._cells, mode="clip"))

    def _at_the_extreme(self, tables: LogitTables) -> tuple[float, Array]:
        """Value and gradient where logits are very large, or overflow."""
        if tables.exceed(np.finfo(np.float64).max):
            return np.inf, np.full_like(tables.theta, np.nan)
        if self._plain is None:
            return self._in_extended_precision(tables)
        total, gradient = self._plain.value_and_gradient(tables.theta, np.longdouble)
        return total / self.positions, gradient / self.positions

    def _in_extended_precision(self, tables: LogitTables) -> tuple[float, Array]:
        """Value and gradient through the log probabilities of all contexts, in long double."""
        from scipy.special import logsumexp  # takes a tenth of a second: not at start-up

        extended, table = tables.extended, self._contexts.table
        positions = range(self._layout.context_length)
        total = np.longdouble(0.0)
        gradient = np.zeros(extended.shape, dtype=np.longdouble)
        step = max(1, _EXTENDED_BLOCK // self._layout.vocabulary_size)
        for start in range(0, len(self._contexts), step):
            give_up_if_unwanted()
            rows = self._contexts.rows_of(start, min(start + step, len(self._contexts)))
            contexts, counts = table.contexts[rows], table.counts[rows].toarray()
            logits = np.sum([extended[m][contexts[:, m]] for m in positions], axis=0)
            log_p = logits - logsumexp(logits, axis=1, keepdims=True)
            total -= (counts * log_p).sum()
            error = np.exp(log_p) * counts.sum(axis=1, keepdims=True) - counts
            for m in positions:
                np.add.at(gradient[m], contexts[:, m], error)
        gradient /= self.positions
        return float(total / self.positions), tables.backward(gradient.astype(float))


def is_plain(layout: Layout, contexts: int) -> bool:
    """Whether so many contexts are computed without tables of V x V entries.

    They are where such tables are large, and logits from the parameters not many times slower.
    """
    v, m, h = layout.vocabulary_size, layout.context_length, layout.embedding_size
    entries, terms = m * v * v, contexts * v
    if entries <= _MOST_TABLE_ELEMENTS:
        return False
    by_tables = entries * _PER_ENTRY + terms * m * _PER_FACTOR
    return terms * (_PER_TERM + m * h * _PER_MULTIPLICATION) <= _WORTH * by_tables


def _observed_counts(table: NgramTable) -> tuple[NDArray[np.intp], Array]:
    """A[m, v, c], how often target c has character v at position m: its flat cells and values."""
    v = table.vocabulary_size
    lengths, targets, counts = np.diff(table.counts.indptr), table.counts.indices, table.counts.data
    cells: list[NDArray[np.intp]] = []
    sums: list[Array] = []
    for m, column in enumerate(table.contexts.T):
        keys = np.repeat(column.astype(np.intp), lengths) * v + targets
        different, place = ranks(keys, v * v)
        cells.append(different + m * v * v)
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
