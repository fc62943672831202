"""A text's contexts dealt out to parts of nearly equal weight, as cards to players."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError

if TYPE_CHECKING:
    from model.ngrams import NgramTable

_AUTOMATIC_MINIBATCHES = 10
_WEIGHED_ROUNDS = 100


def automatic_count(contexts: int) -> int:
    """How many minibatches of a text with so many contexts serve SFO best.

    Ten, as far as there are contexts. Measured with 3, 5, 10, 25 and 50 on texts from 20 kB to
    1.1 MB and from 1,000 to 600,000 contexts, ten were first or close to it every time. More
    minibatches make a pass longer and with it SFO's memory of old gradients; fewer make a step as
    expensive as one of a full-batch method. (Its author advises sqrt(data) / 10, at least 25, for
    objectives without a cheap sum.)
    """
    return min(_AUTOMATIC_MINIBATCHES, contexts)


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
