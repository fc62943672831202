"""Smoothed n-grams written out from their formulas, as functions over dictionaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

Distribution = Callable[[tuple[int, ...], int], float]


def grams(codes: list[int], k: int) -> Counter[tuple[int, ...]]:
    """How often each k-gram occurs; -1 is a gap that none reaches across."""
    every = (tuple(codes[i : i + k]) for i in range(len(codes) - k + 1))
    return Counter(gram for gram in every if -1 not in gram)


def witten_bell(training: list[int], v: int, order: int) -> Distribution:
    counts = {k: grams(training, k) for k in range(1, order + 1)}

    def p(context: tuple[int, ...], c: int) -> float:
        lower = p(context[1:], c) if context else 1 / v
        followers = {g: n for g, n in counts[len(context) + 1].items() if g[:-1] == context}
        if not followers:
            return lower
        total, different = sum(followers.values()), len(followers)
        return (followers.get((*context, c), 0) + different * lower) / (total + different)

    return p


def kneser_ney(training: list[int], v: int, order: int) -> Distribution:
    counts: dict[int, Counter[tuple[int, ...]]] = {order: grams(training, order)}
    for k in range(1, order):
        counts[k] = Counter(g[1:] for g in grams(training, k + 1))
    discounts: dict[int, list[float]] = {}
    for k, found in counts.items():
        n = [sum(1 for x in found.values() if x == size) for size in (1, 2, 3, 4)]
        if min(n[:3]) == 0:
            discounts[k] = [0.0, 0.5, 0.5, 0.5]
        else:
            y = n[0] / (n[0] + 2 * n[1])
            raw = [1 - 2 * y * n[1] / n[0], 2 - 3 * y * n[2] / n[1], 3 - 4 * y * n[3] / n[2]]
            discounts[k] = [0.0, *(min(max(d, 0.01), i + 0.99) for i, d in enumerate(raw))]

    def p(context: tuple[int, ...], c: int) -> float:
        k = len(context) + 1
        lower = p(context[1:], c) if context else 1 / v
        followers = {g: n for g, n in counts[k].items() if g[:-1] == context}
        if not followers:
            return lower
        total = sum(followers.values())
        count = followers.get((*context, c), 0)
        kept = max(count - discounts[k][min(count, 3)], 0.0)
        taken = sum(min(discounts[k][min(n, 3)], n) for n in followers.values())
        return (kept + taken * lower) / total

    return p
