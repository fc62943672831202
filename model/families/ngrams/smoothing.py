"""From counts to probabilities: what of each count stays, and what goes to shorter contexts.

Both smoothings interpolate: P(c | context) = share(context, c) + rest(context) P(c | shorter
context), down to the uniform distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from model.families.ngrams.levels import Level

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SmoothedLevel:
    """Contexts of one length with what they give to each character themselves.

    Attributes:
        keys: (C,) as in `Level`.
        starts: (C + 1,) where the characters that follow each context begin in the next two.
        following: (G,) those characters, ascending for each context.
        shares: (G,) the probability each has from this level alone.
        rest: (C,) the probability left for the distribution after the shorter context.
    """

    keys: NDArray[np.int64]
    starts: NDArray[np.integer]
    following: NDArray[np.int32]
    shares: Array
    rest: Array


def witten_bell(levels: Sequence[Level]) -> list[SmoothedLevel]:
    """Interpolated Witten-Bell smoothing.

    Witten and Bell, The zero-frequency problem, IEEE Transactions on Information Theory 37, 1991,
    method C: the shorter context weighs as much as there are different characters that follow.
    """
    return [_smoothed(level.keys, level.counts, _keep_all, _count_each) for level in levels]


def kneser_ney(levels: Sequence[Level]) -> list[SmoothedLevel]:
    """Interpolated modified Kneser-Ney smoothing.

    Chen and Goodman, An empirical study of smoothing techniques for language modeling, Computer
    Speech and Language 13, 1999, section 3: discounts by count (1, 2, 3 and more); shorter contexts
    count how many different characters stand before.
    """
    return [kneser_ney_lower(level) for level in levels[:-1]] + [kneser_ney_highest(levels[-1])]


def kneser_ney_highest(level: Level) -> SmoothedLevel:
    """The longest contexts of a Kneser-Ney model."""
    return _discounted(level.keys, level.counts)


def kneser_ney_lower(level: Level) -> SmoothedLevel:
    """Contexts of a Kneser-Ney model that has longer ones."""
    assert level.extensions is not None
    return _discounted(level.keys, level.extensions)


def discounts(sizes: NDArray[np.integer]) -> Array:
    """What to subtract from counts of 0, 1, 2, and 3 or more, by the counts of counts; (4,)."""
    n1, n2, n3, n4 = (float((sizes == k).sum()) for k in (1, 2, 3, 4))
    if min(n1, n2, n3) == 0:
        return np.array([0.0, 0.5, 0.5, 0.5])  # too little text for an estimate
    y = n1 / (n1 + 2 * n2)
    raw = [1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
    # At least a little is left for the shorter context, and a little of every count.
    return np.array([0.0, *np.clip(raw, 0.01, [0.99, 1.99, 2.99])])


def _discounted(keys: NDArray[np.int64], counts: sparse.csr_array) -> SmoothedLevel:
    each = discounts(counts.data)[np.minimum(counts.data, 3)]
    return _smoothed(keys, counts, lambda sizes: sizes - each, lambda _: each, added=False)


def _keep_all(sizes: Array) -> Array:
    return sizes


def _count_each(sizes: Array) -> Array:
    return np.ones_like(sizes)


def _smoothed(
    keys: NDArray[np.int64],
    counts: sparse.csr_array,
    own: Callable[[Array], Array],
    left: Callable[[Array], Array],
    *,
    added: bool = True,
) -> SmoothedLevel:
    """A level whose contexts give each follower its own part, and the parts left to the rest.

    What is left comes in addition to the counts (Witten-Bell) or out of them (Kneser-Ney).
    """
    sizes = counts.data.astype(np.float64)
    rows = np.repeat(np.arange(len(keys)), np.diff(counts.indptr))
    total = np.bincount(rows, sizes, minlength=len(keys))
    rest = np.bincount(rows, left(sizes), minlength=len(keys))
    whole = total + rest if added else total
    # A context that has no follower here gives all to the shorter one.
    rest, whole = np.where(total > 0, rest, 1.0), np.where(total > 0, whole, 1.0)
    return SmoothedLevel(
        keys,
        counts.indptr,
        counts.indices.astype(np.int32),
        own(sizes) / whole[rows],
        rest / whole,
    )
