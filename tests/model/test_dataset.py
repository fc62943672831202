"""One text in two parts: what is merged, split and counted, against the plain way."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.corpus import RARE, Corpus
from model.counting import count_ngrams
from model.dataset import Dataset
from model.errors import Cancelled, CorpusError, SettingsError

texts = st.text("abcde", min_size=8, max_size=200).filter(lambda t: len(set(t)) > 1)


@given(texts, st.integers(0, 90), st.integers(1, 4))
def test_every_character_is_in_one_part(text: str, percent: int, m: int) -> None:
    corpus = Corpus.from_text(text)
    dataset = Dataset.prepare(corpus, held_out=percent / 100, context_length=m)
    held_out = dataset.held_out
    rest = [] if held_out is None else held_out.codes.tolist()
    assert dataset.training.codes.tolist() + rest == corpus.codes.tolist()
    assert held_out is None or len(held_out) >= 1
    assert len(dataset.training) >= m + 2
    if held_out is not None:
        assert len(dataset.training) == int((1 - percent / 100) * len(text))


@given(texts, st.integers(1, 60), st.integers(1, 4))
def test_every_held_out_character_is_one_position(text: str, percent: int, m: int) -> None:
    corpus = Corpus.from_text(text)
    dataset = Dataset.prepare(corpus, held_out=percent / 100, context_length=m)
    counted = dataset.count(m)
    assert counted.training.positions == len(dataset.training) - m
    plain = count_ngrams(dataset.training.codes, len(corpus.vocabulary), m)
    assert (counted.training.counts - plain.counts).nnz == 0
    if dataset.held_out is None:
        assert counted.held_out is None
    else:
        assert counted.held_out is not None
        assert counted.held_out.positions == len(dataset.held_out)
        # Together they are the windows of the whole text.
        whole = count_ngrams(corpus.codes, len(corpus.vocabulary), m)
        merged = counted.training.merge(counted.held_out)
        assert (merged.counts - whole.counts).nnz == 0


@pytest.mark.parametrize(
    ("length", "percent", "held_out"), [(49, 1, 0), (49, 0, 0), (100, 1, 1), (6, 90, 0)]
)
def test_too_little_to_hold_out_is_nothing(length: int, percent: int, held_out: int) -> None:
    dataset = Dataset.prepare(Corpus.from_text(("ab" * length)[:length]), held_out=percent / 100)
    assert (0 if dataset.held_out is None else len(dataset.held_out)) == held_out
    assert (dataset.count(1).held_out is None) == (not held_out)


def test_rare_characters_are_merged_before_the_split() -> None:
    corpus = Corpus.from_text("aaaabbbbcdaaaabbbb")
    dataset = Dataset.prepare(corpus, held_out=0.5, minimum_count=2)
    assert dataset.source is corpus
    assert dataset.vocabulary == ("a", "b", RARE)
    assert dataset.corpus.decode(dataset.training.codes) == "aaaabbbb" + RARE
    with pytest.raises(CorpusError, match="smaller minimum"):
        Dataset.prepare(corpus, minimum_count=100)


def test_each_context_length_is_counted_once() -> None:
    dataset = Dataset.prepare(Corpus.from_text("the cat sat on the mat " * 4))
    calls: list[tuple[int, int]] = []
    first = dataset.count(2, lambda done, total: calls.append((done, total)))
    assert calls == [(len(dataset.training), len(dataset.training))]
    assert dataset.count(2) is first
    assert dataset.count(3) is not first


def test_a_cancelled_count_is_taken_up_again() -> None:
    dataset = Dataset.prepare(Corpus.from_text("the cat sat on the mat " * 4))
    with pytest.raises(Cancelled):
        dataset.count(2, is_cancelled=lambda: True)
    assert dataset.count(2).training.positions == len(dataset.training) - 2


def test_what_is_out_of_range_is_named() -> None:
    corpus = Corpus.from_text("abcabc")
    for part in (-0.1, 1.0, np.nan):
        with pytest.raises(SettingsError, match="part to hold out"):
            Dataset.prepare(corpus, held_out=part)
    with pytest.raises(CorpusError, match="at most 4"):
        Dataset.prepare(corpus, held_out=0).count(5)
    with pytest.raises(SettingsError, match="at least 1"):
        Dataset.prepare(corpus).count(0)


@given(texts, st.integers(1, 4), st.data())
def test_no_window_has_what_is_set_aside(text: str, m: int, data: st.DataObject) -> None:
    dataset = Dataset.prepare(Corpus.from_text(text), held_out=0.0, context_length=m)
    n = len(dataset.training)
    aside = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    found = dataset.count(m, aside=aside).training
    windows = [
        tuple(dataset.training.codes[at - m : at + 1].tolist())
        for at in range(m, n)
        if not aside[at - m : at + 1].any()
    ]
    ngrams, counts = found.ngrams()
    assert dict(zip(map(tuple, ngrams.tolist()), counts.tolist(), strict=True)) == Counter(windows)
    assert dataset.count(m).training.positions == n - m
