"""What simpler models reach on the same text: reference lines for a loss, in nats per character."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.ngrams import IntArray, NgramTable

Array = NDArray[np.float64]


def uniform(vocabulary_size: int) -> float:
    """Knowing nothing but the vocabulary: ln V."""
    return math.log(vocabulary_size)


def unigram(table: NgramTable) -> float:
    """Entropy of the predicted characters, whatever stands before them."""
    counts = np.asarray(table.counts.sum(axis=0), dtype=float)
    p = counts[counts > 0] / counts.sum()
    return float(-(p * np.log(p)).sum())


def conditional_entropy(table: NgramTable) -> float:
    """Entropy of the next character given the context, by the counts of the table.

    >>> from model import Corpus, count_ngrams
    >>> corpus = Corpus.from_text("aabb" * 1000 + "a")
    >>> table = count_ngrams(corpus.codes, 2, context_length=1)
    >>> round(conditional_entropy(table), 4)  # a and b are as likely after either: ln 2
    0.6931
    >>> round(conditional_entropy(count_ngrams(corpus.codes, 2, context_length=2)), 4)
    0.0

    No model that sees the same M characters can have a lower loss on the same text.
    """
    counts = table.counts.data.astype(float)
    contexts = np.repeat(table.context_positions, np.diff(table.counts.indptr))
    return float((counts * np.log(contexts / counts)).sum() / counts.sum())


def witten_bell(training: IntArray, held_out: IntArray, vocabulary_size: int, order: int) -> float:
    """Loss on a held-out text of n-grams with interpolated Witten-Bell smoothing.

    Witten and Bell, The zero-frequency problem, IEEE Transactions on Information Theory 37, 1991,
    method C, down to the uniform distribution. Contexts at the beginning of the held-out text
    reach back into the training text, which it continues.

    Args:
        training: (n,) codes.
        held_out: (k,) codes.
        vocabulary_size: V.
        order: length of the longest n-grams, at least 1; their contexts have one less.

    Raises:
        SettingsError: the order is less than 1, or a text is empty.
    """
    grams = _Grams(training, held_out, order)
    p = np.full(len(held_out), 1.0 / vocabulary_size)
    for k in range(1, order + 1):
        follows = grams.occurrences(k)
        count, total = grams.of_gram(k, follows), grams.of_context(k, follows)
        different = grams.of_context(k, grams.distinct(k))
        seen = total > 0
        p[seen] = (count[seen] + different[seen] * p[seen]) / (total[seen] + different[seen])
    return float(-np.log(p).mean())


def kneser_ney(training: IntArray, held_out: IntArray, vocabulary_size: int, order: int) -> float:
    """Loss on a held-out text of n-grams with interpolated modified Kneser-Ney smoothing.

    Chen and Goodman, An empirical study of smoothing techniques for language modeling, Computer
    Speech and Language 13, 1999, section 3: discounts by count (1, 2, 3 and more), lower orders by
    the number of different characters before, down to the uniform distribution. Arguments and
    errors as for `witten_bell`.
    """
    grams = _Grams(training, held_out, order)
    p = np.full(len(held_out), 1.0 / vocabulary_size)
    for k in range(1, order + 1):
        # Ends of the grams that count: all of the highest order; below, each different
        # continuation to the left once.
        follows = grams.occurrences(k) if k == order else grams.distinct(k + 1)
        sizes = grams.counts(k, follows)
        discounts = _discounts(sizes)
        count, total = grams.of_gram(k, follows), grams.of_context(k, follows)
        discounted = np.maximum(count - discounts[np.minimum(count, 3).astype(int)], 0.0)
        # What the discounts took from the grams of each context goes to the lower order.
        ends = grams.distinct(k)
        taken = grams.of_context(k, ends, discounts[np.minimum(sizes[grams.ids[k][ends]], 3)])
        seen = total > 0
        p[seen] = (discounted[seen] + taken[seen] * p[seen]) / total[seen]
    return float(-np.log(p).mean())


def _discounts(sizes: NDArray[np.int64]) -> Array:
    """What to subtract from counts of 0, 1, 2, and 3 or more, by the counts of counts."""
    n1, n2, n3, n4 = (float((sizes == k).sum()) for k in (1, 2, 3, 4))
    if min(n1, n2, n3) == 0:
        return np.array([0.0, 0.5, 0.5, 0.5])  # too little text for an estimate
    y = n1 / (n1 + 2 * n2)
    raw = [1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
    # At least a little is left for the lower order, and a little of every count.
    return np.array([0.0, *np.clip(raw, 0.01, [0.99, 1.99, 2.99])])


class _Grams:
    """The k-grams that end at every position of training and held-out text, for k up to n.

    `ids[k][i]` numbers the k-gram that ends at position i, the same number for the same gram;
    positions with fewer than k characters before their end have none and are never asked for.
    """

    def __init__(self, training: IntArray, held_out: IntArray, order: int) -> None:
        if order < 1:
            raise SettingsError(f"The order is {order}: it must be at least 1.")
        if not len(training) or not len(held_out):
            raise SettingsError("A baseline needs a training and a held-out text: one is empty.")
        codes = np.concatenate([training, held_out]).astype(np.int64)
        self._cut = len(training)
        size = int(codes.max()) + 1
        self.ids = [np.zeros(len(codes), dtype=np.int64)]
        for _ in range(order):
            before = np.concatenate([[0], self.ids[-1][:-1]])
            _, ids = np.unique(before * size + codes, return_inverse=True)
            self.ids.append(ids.astype(np.int64))

    def occurrences(self, k: int) -> IntArray:
        """Where k-grams of the training text end."""
        return np.arange(k - 1, self._cut)

    def distinct(self, k: int) -> IntArray:
        """Where each different k-gram of the training text ends for the first time."""
        ends = self.occurrences(k)
        _, first = np.unique(self.ids[k][ends], return_index=True)
        return ends[first]

    def counts(self, k: int, ends: IntArray) -> NDArray[np.int64]:
        """How many of some ends have each k-gram."""
        return np.bincount(self.ids[k][ends], minlength=int(self.ids[k].max()) + 1)

    def of_gram(self, k: int, ends: IntArray) -> Array:
        """For every held-out position: how many of some ends have its k-gram."""
        return self.counts(k, ends)[self.ids[k][self._cut :]].astype(float)

    def of_context(self, k: int, ends: IntArray, weights: Array | None = None) -> Array:
        """For every held-out position: how many of some ends have the context of its k-gram."""
        contexts = np.concatenate([[0], self.ids[k - 1][:-1]])
        most = int(self.ids[k - 1].max()) + 1
        counts = np.bincount(contexts[ends], weights=weights, minlength=most)
        return counts[contexts[self._cut :]].astype(float)
