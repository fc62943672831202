"""A text's contexts dealt out to N subfunctions whose sum is the text's loss."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.cost import AUTOMATIC_MINIBATCHES
from model.errors import SettingsError
from model.families.log_bilinear.logit_tables import LogitTables
from model.families.log_bilinear.objective import Objective
from model.families.log_bilinear.shape import LogBilinear
from model.ngrams import NgramTable

Array = NDArray[np.float64]

_WEIGHED_ROUNDS = 100


class Minibatches:
    """Disjoint sets of contexts of nearly equal weight that cover the whole table.

    Args:
        model: the model's shape.
        table: the counted n-grams.
        count: N, how many minibatches, at most the number of contexts.
        seed: which contexts go together is drawn with it.
        dtype: see `Objective`.

    Raises:
        SettingsError: count is less than 1 or more than there are contexts.
    """

    def __init__(
        self,
        model: LogBilinear,
        table: NgramTable,
        count: int,
        seed: int = 0,
        *,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.positions = table.positions
        self.objectives = [
            Objective(model, table.select(rows), dtype=dtype) for rows in deal(table, count, seed)
        ]
        # Of the last parameters: one evaluation after another often asks for the same ones.
        self._tables: LogitTables | None = None

    def __len__(self) -> int:
        return len(self.objectives)

    def value_and_gradient(self, theta: Array, subfunction: int) -> tuple[float, Array]:
        """One minibatch's share of the mean loss; the shares of all N sum to `Objective`'s.

        Returns nats per character of the whole text, and the gradient, (D,).
        """
        objective = self.objectives[subfunction]
        if self._tables is None or not np.array_equal(self._tables.theta, theta):
            self._tables = objective.tables(theta.copy())
        value, gradient = objective.value_and_gradient_at(self._tables)
        share = objective.positions / self.positions
        gradient *= share
        return value * share, gradient

    def full_value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The sum over all minibatches: nats per character, and the gradient, (D,)."""
        pairs = [self.value_and_gradient(theta, i) for i in range(len(self))]
        return sum(value for value, _ in pairs), np.sum([gradient for _, gradient in pairs], axis=0)


def automatic_count(table: NgramTable) -> int:
    """How many minibatches serve SFO best: ten, as far as there are contexts.

    Measured with 3, 5, 10, 25 and 50 on texts from 20 kB to 1.1 MB and from 1,000 to 600,000
    contexts, ten were first or close to it every time. More minibatches make a pass longer and
    with it SFO's memory of old gradients; fewer make a step as expensive as one of a full-batch
    method. (Its author advises sqrt(data) / 10, at least 25, for objectives without a cheap sum.)
    """
    return min(AUTOMATIC_MINIBATCHES, len(table.contexts))


def deal(table: NgramTable, count: int, seed: int) -> list[NDArray[np.intp]]:
    """Row numbers of the contexts of each of `count` minibatches, ascending.

    Contexts are dealt out like cards from the most frequent to the rarest, one to each minibatch
    in every round: in the first rounds the heaviest goes to the lightest minibatch, later, when
    the cards weigh next to nothing, by chance.

    Raises:
        SettingsError: count is less than 1 or more than there are contexts.
    """
    contexts = len(table.contexts)
    if not 1 <= count <= contexts:
        raise SettingsError(
            f"{count} minibatches cannot be made of {contexts:,} contexts: "
            f"choose between 1 and {contexts:,}."
        )
    rng = np.random.default_rng(seed)
    order = np.argsort(-table.context_positions, kind="stable")
    weights = table.context_positions[order]
    rounds = -(-contexts // count)
    hands = rng.permuted(np.tile(np.arange(count), (rounds, 1)), axis=1)
    total = np.zeros(count)
    for turn in range(min(rounds, _WEIGHED_ROUNDS)):
        cards = weights[turn * count : (turn + 1) * count]
        # A random order first, so that equal totals do not always come in the same one.
        shuffled = hands[turn]
        hands[turn] = shuffled[np.argsort(total[shuffled], kind="stable")]
        total[hands[turn, : len(cards)]] += cards
    owner = np.empty(contexts, dtype=np.intp)
    owner[order] = hands.ravel()[:contexts]
    return [np.flatnonzero(owner == i) for i in range(count)]
