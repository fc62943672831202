from __future__ import annotations

import numpy as np
import pytest
from problems import PLAY
from text_sizes import all_different

from model import cost
from model.corpus import Corpus
from model.cost import TextSize
from model.counting import count_ngrams
from model.families.log_bilinear.shape import LogBilinear


def test_short_texts_are_counted_exactly() -> None:
    corpus = Corpus.from_text(PLAY)
    size = len(corpus.vocabulary)
    for m in (1, 3, 8):
        exact = len(count_ngrams(corpus.codes, size, m).contexts)
        assert TextSize.estimated(corpus.codes, size, m).contexts == exact
    assert TextSize.estimated(corpus.codes[:3], size, 8).contexts == 0


@pytest.mark.parametrize("context_length", [1, 2, 3, 5])
def test_long_texts_are_extrapolated(context_length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Zipf-like characters, as in texts.
    codes = np.minimum(np.random.default_rng(0).zipf(1.5, 200_000) - 1, 59)
    exact = len(count_ngrams(codes, 60, context_length).contexts)
    monkeypatch.setattr(cost, "_SAMPLE", 20_000)
    estimated = TextSize.estimated(codes, 60, context_length)
    assert exact / 2 < estimated.contexts < 2 * exact
    assert list(estimated.different) == sorted(estimated.different)
    assert estimated.positions == len(codes) - context_length


def test_a_table_has_the_size_of_its_text() -> None:
    corpus = Corpus.from_text(PLAY)
    table = count_ngrams(corpus.codes, len(corpus.vocabulary), 4)
    size = TextSize.of(table)
    assert (size.contexts, size.ngrams) == (len(table.contexts), table.ngram_count)
    assert (size.positions, size.context_length) == (table.positions, 4)
    for length in range(1, 4):
        literal = len({tuple(row) for row in table.contexts[:, :length].tolist()})
        assert size.different[length] == literal
        assert TextSize.of(table, length).contexts == literal


def test_some_contexts_have_most_of_the_short_beginnings() -> None:
    corpus = Corpus.from_text(PLAY)
    table = count_ngrams(corpus.codes, len(corpus.vocabulary), 5)
    rng, whole = np.random.default_rng(0), TextSize.of(table)
    count = whole.contexts // 4
    some = TextSize.of(table.select(np.sort(rng.choice(whole.contexts, count, replace=False))))
    estimated = whole.scaled(1 / 4)
    assert whole.scaled(1.0) == whole
    for literal, guessed in zip(some.different, estimated.different, strict=True):
        assert literal / 1.5 < guessed < 1.5 * literal


@pytest.mark.parametrize("share", [0.03, 0.1, 0.5])
def test_some_of_a_text_has_so_many_different_windows(share: float) -> None:
    """Of contexts drawn at random, and of positions: frequent windows are found in few of them."""
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list(PLAY), rng.integers(1, 8))) for _ in range(2000)]
    often = 1 / np.arange(1, 2001)  # as words are in texts
    corpus = Corpus.from_text(" ".join(rng.choice(words, 15_000, p=often / often.sum())))
    table = count_ngrams(corpus.codes, len(corpus.vocabulary), 5)
    whole = TextSize.of(table)
    drawn = rng.choice(whole.contexts, round(share * whole.contexts), replace=False)
    of_contexts = TextSize.of(table.select(np.sort(drawn)))
    windows = np.lib.stride_tricks.sliding_window_view(corpus.codes, 6)
    some = windows[rng.choice(len(windows), round(share * len(windows)), replace=False)]
    of_positions = [len(np.unique(some[:, :length], axis=0)) for length in range(2, 7)]
    for literal, estimated in (
        (of_contexts.different[2:], whole.scaled(share).different[2:]),
        (of_positions, whole.drawn(share).different[2:]),
    ):
        for one, other in zip(literal, estimated, strict=True):
            assert one / 1.5 < other < 1.5 * one
    assert whole.drawn(share).positions == pytest.approx(share * whole.positions, abs=1)


def test_more_of_anything_costs_more() -> None:
    small = LogBilinear(30, 2, 4).cost(all_different(1000, 2))
    assert small.parameters == 30 * 4 * 3
    for model, contexts in (
        (LogBilinear(60, 2, 4), 1000),
        (LogBilinear(30, 4, 4), 1000),
        (LogBilinear(30, 2, 4), 5000),
    ):
        larger = model.cost(all_different(contexts, model.context_length))
        assert larger.gradient_seconds > small.gradient_seconds
        assert larger.bytes > small.bytes
