"""The exact loss and gradient of a text, without the contexts x vocabulary softmax.

With a context cut into a left half l and a right half r, the normalizer is a product of matrices,

    Z[l, r] = (PL @ PR.T)[l, r]

where PL and PR are products of rows of exp(T_m) (see `half_contexts`). With S = n / Z on the
observed pairs (n counts the context) the expected counts of the gradient are two more products,
PL * (S @ PR) and PR * (S.T @ PL). The observed counts enter linearly, so the loss needs no energy
of any target: loss = sum_u n_u ln Z_u - sum_m <A_m, T_m>.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import logsumexp

from model.errors import SettingsError
from model.half_contexts import HalfContexts
from model.log_bilinear import LogBilinear
from model.ngrams import NgramTable

Array = NDArray[np.float64]

# Below this a normalizer may have lost digits to underflow: each product is at most 1, so what
# vanished is below 1e-308 a term. Such contexts are computed again through log-sum-exp.
_LEAST_NORMALIZER = 1e-250
# Elements of a block of the sparse form, so that its three arrays stay in the cache.
_BLOCK_ELEMENTS = 1 << 15
# Measured cost of one element of l x r x V (three matrix products) against one of the
# observed pairs x V (gathers and sparse products).
_DENSE_ELEMENT_COST = 0.07


class Objective:
    """Mean negative log likelihood of all counted positions, in nats per character.

    Args:
        model: the model's shape.
        table: the counted n-grams, of the same vocabulary size and context length.

    Raises:
        SettingsError: the table does not fit the model, or is empty.
    """

    def __init__(self, model: LogBilinear, table: NgramTable) -> None:
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
        self._observed = _observed_counts(table)
        self._occurrences = self._observed.sum(axis=2)

        split = _cheapest_split(table)
        self._left = HalfContexts(table.contexts, 0, split, model.vocabulary_size)
        self._right = HalfContexts(
            table.contexts, split, model.context_length, model.vocabulary_size
        )
        # Sorted by left half, then right: the order of the entries of a CSR matrix.
        order = np.lexsort((self._right.rows, self._left.rows))
        self._contexts = table.contexts[order]
        self._weights = table.context_positions[order].astype(float)
        self._l = self._left.rows[order].astype(np.int32)
        self._r = self._right.rows[order].astype(np.int32)
        shape = (self._left.count, self._right.count)
        self._dense = _DENSE_ELEMENT_COST * shape[0] * shape[1] <= len(order)
        if self._dense:
            self._cells = self._l.astype(np.intp) * shape[1] + self._r
            self._ratios = np.zeros(shape)
        else:
            ends = np.searchsorted(self._l, np.arange(shape[0] + 1)).astype(np.int32)
            self._csr = sparse.csr_array((np.zeros(len(order)), self._r, ends), shape=shape)

    def value(self, theta: Array) -> float:
        """The loss alone, nats per character."""
        return self.value_and_gradient(theta)[0]

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The loss in nats per character and its gradient, (D,).

        Finite parameters give finite, exact results, however large they are, as long as the
        energies themselves do not overflow.
        """
        total, table_gradient = self._loss_of_tables(self.model.energy_tables(theta))
        return total / self.positions, self._through_tables(theta, table_gradient)

    def _through_tables(self, theta: Array, table_gradient: Array) -> Array:
        """Chain rule from the energy tables (M, V, V) to theta, per position."""
        embeddings, outputs = self.model.unpack(theta)
        gradient = np.empty_like(theta)
        d_embeddings, d_outputs = self.model.unpack(gradient)
        np.einsum("mvc,cmh->vh", table_gradient, outputs, out=d_embeddings, optimize=True)
        d_outputs[...] = np.matmul(table_gradient.transpose(0, 2, 1), embeddings).swapaxes(0, 1)
        gradient /= self.positions
        return gradient

    def _loss_of_tables(self, tables: Array) -> tuple[float, Array]:
        """Summed loss in nats and its gradient with respect to the tables (M, V, V)."""
        peaks = tables.max(axis=2, keepdims=True)
        exponentials = np.exp(tables - peaks)
        left = self._left.products(exponentials)[-1]
        right = self._right.products(exponentials)[-1]

        normalizers = self._normalizers(left, right)
        unsafe = np.flatnonzero(~(normalizers >= _LEAST_NORMALIZER))
        ratios = self._weights / np.maximum(normalizers, _LEAST_NORMALIZER)
        ratios[unsafe] = 0.0
        logs = np.log(np.maximum(normalizers, _LEAST_NORMALIZER))
        logs[unsafe] = 0.0
        total = float(self._weights @ logs) + float(np.vdot(self._occurrences, peaks[..., 0]))
        total -= float(np.vdot(self._observed, tables))

        gradient = -self._observed
        to_right, to_left = self._weighted_sums(ratios, left, right)
        to_left *= left
        to_right *= right
        self._left.scatter(to_left, gradient)
        self._right.scatter(to_right, gradient)
        if len(unsafe):
            total += self._log_sum_exp(tables, peaks[..., 0], unsafe, gradient)
        return total, gradient

    def _normalizers(self, left: Array, right: Array) -> Array:
        """Z of every context, relative to its tables' peaks; (U,)."""
        if self._dense:
            return np.take(left @ right.T, self._cells)
        normalizers = np.empty(len(self._l))
        block = max(1, _BLOCK_ELEMENTS // left.shape[1])
        for start in range(0, len(normalizers), block):
            part = slice(start, start + block)
            np.einsum("ij,ij->i", left[self._l[part]], right[self._r[part]], out=normalizers[part])
        return normalizers

    def _weighted_sums(self, ratios: Array, left: Array, right: Array) -> tuple[Array, Array]:
        """S.T @ PL and S @ PR, where S holds the contexts' ratios n / Z."""
        if self._dense:
            np.put(self._ratios, self._cells, ratios)
            return self._ratios.T @ left, self._ratios @ right
        self._csr.data[:] = ratios
        return np.asarray(self._csr.T @ left), np.asarray(self._csr @ right)

    def _log_sum_exp(
        self, tables: Array, peaks: Array, rows: NDArray[np.intp], out: Array
    ) -> float:
        """Loss beyond the peaks, and gradient added to `out`, of contexts that underflowed."""
        positions = range(self.model.context_length)
        total = 0.0
        block = max(1, _BLOCK_ELEMENTS // tables.shape[2])
        for start in range(0, len(rows), block):
            part = rows[start : start + block]
            contexts, weights = self._contexts[part], self._weights[part]
            energies = sum(tables[m][contexts[:, m]] for m in positions)
            log_z = logsumexp(energies, axis=1)
            expected = np.exp(energies - log_z[:, None]) * weights[:, None]
            for m in positions:
                np.add.at(out[m], contexts[:, m], expected)
                log_z -= peaks[m][contexts[:, m]]
            total += float(weights @ log_z)
        return total


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

    def cost(k: int) -> float:
        left, right = prefixes[k], suffixes[size - k]
        return min(_DENSE_ELEMENT_COST * left * right, len(contexts)) + left + right

    return min(range(1, size), key=cost)


def _distinct(contexts: NDArray[np.int32]) -> list[int]:
    """How many different beginnings of each length there are, from 0 to M."""
    ranks = np.zeros(len(contexts), dtype=np.int64)
    counts = [1]
    for column in contexts.T:
        _, ranks = np.unique(ranks * (int(column.max()) + 1) + column, return_inverse=True)
        counts.append(int(ranks.max()) + 1)
    return counts
