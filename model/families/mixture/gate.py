"""The gate: a logistic regression on how sure the two parts are, and on how well they agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # with it comes scipy, before the first picture: settings ask for `gate_size`
    from model.families.ngrams.sureness import Sureness

Array = NDArray[np.float64]
IntArray = NDArray[np.integer]

_PRIOR = 1.0  # precision of the weights, beside the summed loss: for short texts
_LEAST = 1e-300
_LEAST_LOGARITHM = math.log(_LEAST)
_STATEMENTS = 8  # features that are not about the depth


def gate_features(
    ngrams: Array,
    other: Array,
    depths: IntArray,
    rests: Array,
    deepest: int,
    log_other: Array | None = None,
) -> Array:
    """What the gate sees of two distributions; (n, F), F = 8 + deepest.

    Entropies, logarithms of the peaks, overlap (the probability on which both agree), whether
    their peaks are the same character, how much the longest known context leaves to shorter ones,
    a one, and for every length whether at least so much of the context was seen in training.

    Args:
        ngrams: (n, V) probabilities of the counts.
        other: (n, V) probabilities of the other part.
        depths: (n,) how many characters of each context the counts have seen in this order.
        rests: (n,) the probability that such a context leaves to shorter ones.
        deepest: the largest depth possible.
        log_other: (n, V) logarithms of the other part's, where they are known already.
    """
    features = np.empty((len(ngrams), gate_size(deepest + 1)))
    log_ngrams = np.log(np.maximum(ngrams, _LEAST))
    if log_other is None:
        log_other = np.log(np.maximum(other, _LEAST))
    features[:, 0] = -(ngrams * log_ngrams).sum(axis=1)
    features[:, 1] = -(other * np.maximum(log_other, _LEAST_LOGARITHM)).sum(axis=1)
    features[:, 2] = log_ngrams.max(axis=1)
    features[:, 3] = log_other.max(axis=1)
    features[:, 4] = np.minimum(ngrams, other).sum(axis=1)
    features[:, 5] = ngrams.argmax(axis=1) == other.argmax(axis=1)
    features[:, 6] = np.log(np.maximum(rests, _LEAST))
    features[:, 7] = 1.0
    features[:, _STATEMENTS:] = np.asarray(depths)[:, None] > np.arange(deepest)
    return features


def gate_size(order: int) -> int:
    """F, how many features there are beside n-grams of an order."""
    return _STATEMENTS + order - 1


@dataclass(frozen=True, eq=False)
class Gate:
    """How much to believe the counts, from features of both distributions.

    Attributes:
        weights: (F,) of the features as they are, so that g = 1 / (1 + exp(-features @ weights)).
    """

    weights: Array

    def shares(self, features: Array) -> Array:
        """The weight of the counts; (n, F) -> (n,), between 0 and 1."""
        return sigmoid(features @ self.weights)

    @cached_property
    def of_other(self) -> tuple[float, float, float, float]:
        """Weights of the other part's entropy and peak, of the overlap, and of equal peaks."""
        entropy, peak, overlap, same = (float(w) for w in self.weights[[1, 3, 4, 5]])
        return entropy, peak, overlap, same

    def bases(self, sureness: Sureness) -> Array:
        """What the counts alone add up to before the gate, after every known context; (C,)."""
        w = self.weights
        bases = w[0] * sureness.entropies + w[2] * np.log(sureness.peaks)
        bases += w[6] * np.log(sureness.rests)
        by_depth = w[_STATEMENTS - 1] + np.append(0.0, np.cumsum(w[_STATEMENTS:]))
        bases += by_depth[sureness.depths]
        return bases

    def shares_after(self, bases: Array, ngrams: Array, other: Array, log_other: Array) -> Array:
        """As `shares` from features, where what the counts add up to is known; (n,).

        Args:
            bases: (n,) see `bases`.
            ngrams: (n, V) probabilities of the counts.
            other: (n, V) probabilities of the other part.
            log_other: (n, V) their logarithms.
        """
        entropy, peak, overlap, same = self.of_other
        x = bases + same * (ngrams.argmax(axis=1) == other.argmax(axis=1))
        x -= entropy * np.einsum("ij,ij->i", other, np.maximum(log_other, _LEAST_LOGARITHM))
        x += peak * log_other.max(axis=1)
        x += overlap * np.minimum(ngrams, other).sum(axis=1)
        return sigmoid(x)

    @classmethod
    def fitted(cls, features: Array, ngrams: Array, other: Array) -> Self:
        """The gate whose mixture gives the characters that came the highest probability.

        A Gaussian prior on the weights of standardized features keeps short texts from extremes.

        Args:
            features: (n, F) n at least 1, at positions that neither part was counted or trained on.
            ngrams: (n,) what the counts gave to the character that came.
            other: (n,) what the other part gave to it.
        """
        from scipy.optimize import minimize  # takes long to load: not at start-up

        mean, scale = features.mean(axis=0), features.std(axis=0)
        constant = scale <= 1e-9 * np.maximum(np.abs(mean), 1.0)
        mean, scale = np.where(constant, 0.0, mean), np.where(constant, 1.0, scale)
        standardized = (features - mean) / scale
        found = minimize(
            gate_loss,
            np.zeros(features.shape[1]),
            args=(standardized, np.asarray(ngrams), np.asarray(other)),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 500},
        )
        weights = found.x / scale
        weights[_STATEMENTS - 1] -= mean @ weights  # onto the feature that is always one
        return cls(weights)


def gate_loss(
    weights: Array, features: Array, ngrams: Array, other: Array, prior: float = _PRIOR
) -> tuple[float, Array]:
    """What fitting minimizes: nats per character of the mixture, plus the prior's share.

    Args:
        weights: (F,)
        features: (n, F)
        ngrams: (n,) what the counts gave to the character that came.
        other: (n,) what the other part gave to it.
        prior: lambda of lambda/2 |weights|^2 beside the summed loss.

    Returns:
        The loss, and its gradient, (F,).
    """
    g = sigmoid(features @ weights)
    p = np.maximum(g * ngrams + (1.0 - g) * other, _LEAST)
    slope = (other - ngrams) / p * g * (1.0 - g)
    n = len(features)
    value = -np.log(p).mean() + 0.5 * prior / n * float(weights @ weights)
    return float(value), features.T @ slope / n + prior / n * weights


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), elementwise."""
    # By tanh: no overflow at either end.
    return 0.5 * (1.0 + np.tanh(0.5 * x))
