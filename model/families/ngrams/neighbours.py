"""Vectors of characters from their neighbours: alike where alike characters stand beside them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.running_text import RunningText

Array = NDArray[np.float64]


def neighbour_vectors(text: RunningText, size: int) -> Array:
    """One vector a character; (V, H).

    The positive pointwise mutual information of each character with those right after and right
    before it, (V, 2 V), cut down to its H strongest directions by a singular value decomposition
    whose values are shared evenly between both sides: Levy and Goldberg, Neural word embedding as
    implicit matrix factorization, NIPS 2014, sections 4.1 and 4.2. Signs are such that the largest
    entry of every column is positive, so that equal texts have equal pictures.

    Args:
        text: what is counted of it.
        size: H; columns beyond V are zero.
    """
    vocabulary_size, codes = text.vocabulary_size, text.codes.astype(np.int64)
    pairs = np.flatnonzero((codes[:-1] < vocabulary_size) & text.asked[1:])
    follows = np.bincount(
        codes[pairs] * vocabulary_size + codes[pairs + 1], minlength=vocabulary_size**2
    ).reshape(vocabulary_size, vocabulary_size)
    information = np.hstack([_positive_information(follows), _positive_information(follows.T)])
    u, values, _ = np.linalg.svd(information, full_matrices=False)
    columns = min(size, vocabulary_size)
    vectors = np.zeros((vocabulary_size, size))
    vectors[:, :columns] = u[:, :columns] * np.sqrt(values[:columns])
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(size)]
    return vectors * np.where(largest < 0, -1.0, 1.0)


def _positive_information(counts: NDArray[np.int64]) -> Array:
    """Logarithm of how much oftener each pair occurs than by chance, 0 where it is rarer."""
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / max(counts.sum(), 1)
    ratio = np.divide(counts, expected, out=np.ones(counts.shape), where=counts > 0)
    return np.log(np.maximum(ratio, 1.0))
