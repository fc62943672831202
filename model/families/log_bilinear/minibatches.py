"""A text's contexts dealt out to N minibatches whose sum is the text's loss."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.dealing import deal
from model.families.log_bilinear.layout import Layout
from model.families.log_bilinear.logit_tables import LogitTables
from model.families.log_bilinear.objective import Objective
from model.ngrams import NgramTable
from model.parts import WithoutState

Array = NDArray[np.float64]


class Minibatches(WithoutState):
    """Disjoint sets of contexts of nearly equal weight that cover the whole table.

    A `SumObjective`. The sum of all parts is computed as one `Objective` of the whole table, built
    when it is first asked for: that is cheaper than one part after another, and the same but for
    rounding.

    Args:
        layout: the model's sizes.
        table: the counted n-grams.
        count: N, how many minibatches, at most the number of contexts.
        seed: which contexts go together is drawn with it.
        dtype: see `Objective`.

    Raises:
        SettingsError: count is less than 1 or more than there are contexts, or the table does not
            fit the model.
    """

    def __init__(
        self,
        layout: Layout,
        table: NgramTable,
        count: int,
        seed: int = 0,
        *,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.positions = float(table.positions)
        self._layout, self._table, self._dtype = layout, table, dtype
        self._objectives = [
            Objective(layout, table, rows, dtype=dtype) for rows in deal(table, count, seed)
        ]
        # Of the last parameters: one evaluation after another often asks for the same ones.
        self._tables: LogitTables | None = None

    def __len__(self) -> int:
        return len(self._objectives)

    def part(self, theta: Array, index: int) -> tuple[float, Array]:
        """One minibatch's share of the mean loss; the shares of all N sum to the whole.

        Returns nats per character of the whole text, and the gradient, (D,).
        """
        objective = self._objectives[index]
        if self._tables is None or not np.array_equal(self._tables.theta, theta):
            self._tables = objective.tables(theta.copy())
        value, gradient = objective.value_and_gradient_at(self._tables)
        share = objective.positions / self.positions
        gradient *= share
        return value * share, gradient

    def value(self, theta: Array) -> float:
        """The loss of the whole text, nats per character."""
        return self._whole.value(theta)

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The loss of the whole text, nats per character, and its gradient, (D,)."""
        return self._whole.value_and_gradient(theta)

    @cached_property
    def _whole(self) -> Objective:
        if len(self._objectives) == 1:
            return self._objectives[0]
        return Objective(self._layout, self._table, dtype=self._dtype)
