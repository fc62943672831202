"""How long evaluations take on this machine, found by trying some: constants hold for one only."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from model.corpus import Corpus
from model.cost import TextSize
from model.families.base import Model

if TYPE_CHECKING:
    from model.ngrams import NgramTable  # with scipy: not at start-up

_SECONDS = 0.03  # what a tried evaluation should take at most
_LEAST_CONTEXTS = 200
_LONGEST = 300_000  # characters that are counted for a trial
_CHARACTERS_A_CONTEXT = 4  # at least: so many contexts should be different in so long a text
# The first finds caches cold, the next ones go over all threads, then some over one.
_LEAST_EVALUATIONS, _MOST_EVALUATIONS = 3, 8
_ENOUGH, _PATIENCE = 0.1, 0.5  # seconds of all, with that many and with fewer


def part_seconds(model: Model, corpus: Corpus, part: TextSize, *, in_batches: bool) -> float:
    """How long the gradient of a part of a text takes here.

    A part as large as the real one is tried where that takes no longer than a moment, else a
    smaller one: relations of sizes are what estimates are good at.

    Args:
        model: the model.
        corpus: the text.
        part: of the training text, that an optimizer takes at a time.
        in_batches: whether a part is of positions drawn at random, not of contexts.
    """
    estimate = model.cost(part).gradient_seconds
    contexts = max(_LEAST_CONTEXTS, int(part.contexts * min(1.0, _SECONDS / max(estimate, 1e-9))))
    characters = part.positions if in_batches else _CHARACTERS_A_CONTEXT * contexts
    rng = np.random.default_rng(0)
    table = _beginning(corpus, model.context_length, min(_LONGEST, characters))
    if len(table.contexts) > contexts and not in_batches:
        table = table.select(np.sort(rng.choice(len(table.contexts), contexts, replace=False)))
    objective = model.sum_objective(table, 1, 0, noise=in_batches)
    theta = model.initial(rng)

    def evaluate() -> None:
        nonlocal theta
        theta = theta * (1 + 1e-9)  # what depends on parameters alone may be known from the last
        objective.part(theta, 0)

    seconds = _seconds(evaluate)
    if in_batches:
        return seconds
    return seconds * estimate / max(model.cost(TextSize.of(table)).gradient_seconds, 1e-9)


def _seconds(evaluate: Callable[[], None]) -> float:
    """The least that an evaluation took: whatever else a machine has to do only adds to it."""
    times: list[float] = []
    while len(times) < _MOST_EVALUATIONS:
        began = perf_counter()
        evaluate()
        times.append(perf_counter() - began)
        if sum(times) >= (_ENOUGH if len(times) >= _LEAST_EVALUATIONS else _PATIENCE):
            break
    return min(times)


def _beginning(corpus: Corpus, context_length: int, characters: int) -> NgramTable:
    """The counts of so many characters, at least of two windows."""
    from model.counting import count_sequences

    if corpus.counted is not None:
        table = corpus.counted.training
        few = table.select(np.arange(min(characters, len(table.contexts))))
        return few if few.context_length == context_length else few.shortened(context_length)
    head = corpus.sequences.head(characters + context_length + 2)
    if head.positions(context_length) < 2:  # the first of several texts is a short one
        head = corpus.sequences
    return count_sequences(head, context_length, len(corpus.vocabulary))
