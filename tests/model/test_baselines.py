"""Baselines against definitions written out as loops over dictionaries."""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ngram_oracles import Distribution, kneser_ney, witten_bell

from model import baselines
from model.corpus import Corpus
from model.counting import count_ngrams
from model.errors import SettingsError

CORPUS = os.environ.get("CHAREMBED_CORPUS")
pairs = st.tuples(
    st.lists(st.integers(0, 3), min_size=1, max_size=60),
    st.lists(st.integers(0, 4), min_size=1, max_size=12),
    st.integers(1, 4),
)


def literal_loss(p: Distribution, training: list[int], held_out: list[int], order: int) -> float:
    text = training + held_out
    losses = []
    for i in range(len(training), len(text)):
        context = tuple(text[max(0, i - order + 1) : i])
        losses.append(-math.log(p(context, text[i])))
    return float(np.mean(losses))


@pytest.mark.parametrize(
    ("fast", "literal"),
    [(baselines.witten_bell, witten_bell), (baselines.kneser_ney, kneser_ney)],
    ids=["witten_bell", "kneser_ney"],
)
@given(pairs)
@settings(deadline=None)
def test_agree_with_the_definition(
    fast: Callable[..., float],
    literal: Callable[[list[int], int, int], Distribution],
    case: tuple[list[int], list[int], int],
) -> None:
    training, held_out, order = case
    order = min(order, len(training))
    expected = literal_loss(literal(training, 5, order), training, held_out, order)
    assert fast(np.array(training), np.array(held_out), 5, order) == pytest.approx(expected)


@pytest.mark.parametrize("literal", [witten_bell, kneser_ney])
def test_the_definitions_are_distributions(
    literal: Callable[[list[int], int, int], Distribution],
) -> None:
    rng = np.random.default_rng(0)
    training = rng.integers(4, size=80).tolist()
    p = literal(training, 5, 3)
    contexts = defaultdict(float)
    for a in range(5):
        for b in range(5):
            contexts[a, b] = sum(p((a, b), c) for c in range(5))
    assert all(total == pytest.approx(1.0) for total in contexts.values())


def test_entropies() -> None:
    corpus = Corpus.from_text("abababababac")
    table = count_ngrams(corpus.codes, 3, 1)
    assert baselines.uniform(3) == math.log(3)
    # b five times, a five times, c once.
    p = np.array([5, 5, 1]) / 11
    assert baselines.unigram(table) == pytest.approx(-(p * np.log(p)).sum())
    # After a: b five times, c once; after b: always a.
    expected = -(5 * math.log(5 / 6) + math.log(1 / 6)) / 11
    assert baselines.conditional_entropy(table) == pytest.approx(expected)


@pytest.mark.skipif(CORPUS is None, reason="CHAREMBED_CORPUS names no text")
@pytest.mark.parametrize(("order", "loss"), [(3, 2.0492), (4, 1.7738), (5, 1.6688), (6, 1.6981)])
def test_known_losses_of_a_known_text(order: int, loss: float) -> None:
    corpus = Corpus.from_file(Path(str(CORPUS)))
    if len(corpus) != 1_115_394:
        pytest.skip("the figures are those of another text")
    training, held_out = corpus.split(0.1)
    found = baselines.witten_bell(training.codes, held_out.codes, len(corpus.vocabulary), order)
    assert found == pytest.approx(loss, abs=5e-4)


def test_bad_arguments_are_named() -> None:
    codes = np.array([0, 1])
    with pytest.raises(SettingsError, match="order"):
        baselines.witten_bell(codes, codes, 2, 0)
    with pytest.raises(SettingsError, match="empty"):
        baselines.kneser_ney(codes, codes[:0], 2, 1)
