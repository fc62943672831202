"""What a model has learned of one character: what is like it, what follows it, what it follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.families.base import Predictor

if TYPE_CHECKING:
    from model.ngrams import NgramTable

Array = NDArray[np.float64]
Ranking = list[tuple[int, float]]


def by_cosine(embeddings: Array, character: int, count: int) -> Ranking:
    """The characters whose embeddings point most nearly the same way, with the cosines.

    Embeddings are (V, H); one of length zero has cosine 0 with every other.
    """
    lengths = np.linalg.norm(embeddings, axis=1)
    products = embeddings @ embeddings[character]
    scale = lengths * lengths[character]
    cosines = np.divide(products, scale, out=np.zeros_like(products), where=scale > 0)
    return _top(cosines, count, without=character)


def by_distance(embeddings: Array, character: int, count: int) -> Ranking:
    """The characters whose embeddings, (V, H), are nearest, with the Euclidean distances."""
    distances = np.linalg.norm(embeddings - embeddings[character], axis=1)
    return [(i, -x) for i, x in _top(-distances, count, without=character)]


def successors(
    predictor: Predictor, table: NgramTable, character: int, count: int, most: int = 4000
) -> Ranking:
    """What most probably follows a character in the text, with the model's probabilities.

    They are means over the contexts of the text that end in the character, by how often each
    occurs: what a model expects after contexts that never occur means nothing.

    Args:
        predictor: a model at fixed parameters.
        table: the counted text.
        character: its code.
        count: how many characters.
        most: contexts that are asked for; where there are more, some stand for all.

    Returns:
        The characters, the most probable first; none where no context ends in the character.
    """
    found = _means_after(predictor, table, [character], most)[0]
    return _top(found, count) if found.any() else []


def predecessors(
    predictor: Predictor, table: NgramTable, character: int, count: int, most: int = 4000
) -> Ranking:
    """The characters after which this one is most probable, with the probabilities after them.

    Arguments as for `successors`, which says what is averaged.
    """
    every = range(predictor.vocabulary_size)
    means = _means_after(predictor, table, every, max(1, most // predictor.vocabulary_size))
    return _top(means[:, character], count)


def counted_after(table: NgramTable, character: int) -> Array:
    """The share of each next character after one, as counted; (V,), zeros for none."""
    rows = np.flatnonzero(table.contexts[:, -1] == character)
    counts = np.zeros(table.vocabulary_size)
    if len(rows):
        counts = np.asarray(table.counts[rows].sum(axis=0), dtype=np.float64).ravel()
    return counts / max(counts.sum(), 1.0)


def _means_after(
    predictor: Predictor, table: NgramTable, characters: Sequence[int], most: int
) -> Array:
    """Mean probabilities after some characters, (n, V), by at most so many contexts of each."""
    last, weights = table.contexts[:, -1], table.context_positions
    order = np.argsort(last, kind="stable")
    bounds = np.searchsorted(last[order], [*characters, predictor.vocabulary_size])
    ends = np.searchsorted(last[order], characters, side="right")
    chosen, shares, owners = [], [], []
    for owner, (start, end) in enumerate(zip(bounds[:-1].tolist(), ends.tolist(), strict=True)):
        rows = order[start:end]
        share = weights[rows] / max(weights[rows].sum(), 1)
        if len(rows) > most:
            # At even distances along all occurrences: each stands for as many.
            places = np.searchsorted(share.cumsum(), (np.arange(most) + 0.5) / most)
            rows, share = rows[places.clip(max=len(rows) - 1)], np.full(most, 1 / most)
        chosen.append(rows)
        shares.append(share)
        owners.append(np.full(len(rows), owner))
    means = np.zeros((len(characters), predictor.vocabulary_size))
    contexts = table.contexts[np.concatenate(chosen)]
    if len(contexts):
        p = np.exp(predictor.log_probabilities(contexts))
        np.add.at(means, np.concatenate(owners), p * np.concatenate(shares)[:, None])
    return means


def _top(scores: Array, count: int, *, without: int = -1) -> Ranking:
    order = np.argsort(-scores, kind="stable")
    return [(int(i), float(scores[i])) for i in order if i != without][:count]
