"""What simpler models reach on the same text: reference lines for a loss, in nats per character."""

from __future__ import annotations

import math

import numpy as np

from model.errors import SettingsError
from model.families.ngrams.limits import Smoothing
from model.families.ngrams.predictor import NgramPredictor
from model.ngrams import IntArray, NgramTable
from model.sequences import Sequences


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


def witten_bell(
    training: IntArray | Sequences,
    held_out: IntArray | Sequences,
    vocabulary_size: int,
    order: int,
) -> float:
    """Loss on a held-out text of n-grams with interpolated Witten-Bell smoothing.

    See `model.families.ngrams.smoothing`.

    Args:
        training: (n,) codes of one text, or sequences.
        held_out: (k,) codes of a text that goes on from the training text, or sequences.
        vocabulary_size: V.
        order: length of the longest n-grams, at least 1; their contexts have one less.

    Raises:
        SettingsError: the order is less than 1, or a text is empty.
    """
    return _loss(training, held_out, vocabulary_size, order, "witten-bell")


def kneser_ney(
    training: IntArray | Sequences,
    held_out: IntArray | Sequences,
    vocabulary_size: int,
    order: int,
) -> float:
    """Loss on a held-out text of n-grams with interpolated modified Kneser-Ney smoothing.

    Arguments and errors as for `witten_bell`.
    """
    return _loss(training, held_out, vocabulary_size, order, "kneser-ney")


def _loss(
    training: IntArray | Sequences,
    held_out: IntArray | Sequences,
    vocabulary_size: int,
    order: int,
    smoothing: Smoothing,
) -> float:
    if not len(training) or not len(held_out):
        raise SettingsError("A baseline needs a training and a held-out text: one is empty.")
    if not isinstance(training, Sequences):
        training = Sequences.of(training)
    if not isinstance(held_out, Sequences):
        held_out = Sequences.of(held_out, training.codes)
    predictor = NgramPredictor.from_sequences(training, vocabulary_size, order, smoothing)
    m = predictor.context_length
    codes, asked = held_out.padded(m, vocabulary_size)
    windows = np.lib.stride_tricks.sliding_window_view(codes, m + 1)[asked[m:]]
    return float(-predictor.log_probabilities_of(windows[:, :-1], windows[:, -1]).mean())
