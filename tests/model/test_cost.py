from __future__ import annotations

import numpy as np
import pytest
from problems import PLAY

from model import cost
from model.corpus import Corpus
from model.cost import estimate_contexts
from model.counting import count_ngrams
from model.families.log_bilinear.shape import LogBilinear


def test_short_texts_are_counted_exactly() -> None:
    corpus = Corpus.from_text(PLAY)
    size = len(corpus.vocabulary)
    for m in (1, 3, 8):
        exact = len(count_ngrams(corpus.codes, size, m).contexts)
        assert estimate_contexts(corpus.codes, size, m) == exact
    assert estimate_contexts(corpus.codes[:3], size, 8) == 0


@pytest.mark.parametrize("context_length", [1, 2, 3, 5])
def test_long_texts_are_extrapolated(context_length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Zipf-like characters, as in texts.
    codes = np.minimum(np.random.default_rng(0).zipf(1.5, 200_000) - 1, 59)
    exact = len(count_ngrams(codes, 60, context_length).contexts)
    monkeypatch.setattr(cost, "_SAMPLE", 20_000)
    assert exact / 2 < estimate_contexts(codes, 60, context_length) < 2 * exact


def test_more_of_anything_costs_more() -> None:
    small = LogBilinear(30, 2, 4).cost(1000)
    assert small.parameters == 30 * 4 * 3
    for model, contexts in (
        (LogBilinear(60, 2, 4), 1000),
        (LogBilinear(30, 4, 4), 1000),
        (LogBilinear(30, 2, 4), 5000),
    ):
        larger = model.cost(contexts)
        assert larger.gradient_seconds > small.gradient_seconds
        assert larger.bytes > small.bytes
