"""What a model has learned of one character: what is like it, what follows it, what it follows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.families.base import Codes, Predictor

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


def successors(predictor: Predictor, character: int, count: int) -> Ranking:
    """What most probably follows a character, with the probabilities.

    The context positions before it are unknown.
    """
    return _top(np.exp(_log_probabilities_after(predictor, np.array([character]))[0]), count)


def predecessors(predictor: Predictor, character: int, count: int) -> Ranking:
    """The characters after which this one is most probable, with the probabilities after them."""
    every = np.arange(predictor.vocabulary_size)
    return _top(np.exp(_log_probabilities_after(predictor, every)[:, character]), count)


def _log_probabilities_after(predictor: Predictor, characters: Codes) -> Array:
    """Of every next character after each of some, the rest of the context unknown; (n, V)."""
    unknown = predictor.vocabulary_size
    contexts = np.full((len(characters), predictor.context_length), unknown, dtype=np.intp)
    contexts[:, -1] = characters
    return predictor.log_probabilities(contexts)


def _top(scores: Array, count: int, *, without: int = -1) -> Ranking:
    order = np.argsort(-scores, kind="stable")
    return [(int(i), float(scores[i])) for i in order if i != without][:count]
