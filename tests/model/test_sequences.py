"""Sequences against the plain way: each one cut out, padded and counted by itself."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from bigrams import Bigrams
from hypothesis import given
from hypothesis import strategies as st

from model import counting, sequences
from model.corpus import Corpus
from model.counting import count_sequences
from model.dataset import Dataset
from model.errors import CorpusError
from model.evaluation import losses_of
from model.families.ngrams.predictor import NgramPredictor
from model.ngrams import NgramTable
from model.sequences import Sequences
from model.texts.reading import Reading

V = 4
BOUNDARY = 0
texts = st.lists(st.lists(st.integers(0, V - 1), min_size=1, max_size=9), min_size=1, max_size=8)
lines = st.lists(st.lists(st.integers(1, V - 1), min_size=1, max_size=9), min_size=1, max_size=8)


def several(parts: list[list[int]]) -> Sequences:
    lengths = np.array([len(part) for part in parts])
    codes = np.array([code for part in parts for code in part], dtype=np.int32)
    return Sequences(codes, np.cumsum(lengths) - lengths)


def a_list(entries: list[list[int]]) -> Sequences:
    codes = [code for entry in entries for code in [*entry, BOUNDARY]]
    return Sequences.of_lines(np.array(codes, dtype=np.int32), BOUNDARY)


def grams(table: NgramTable) -> Counter[tuple[int, ...]]:
    found, counts = table.ngrams()
    return Counter({tuple(g): int(n) for g, n in zip(found.tolist(), counts, strict=True)})


def literal(parts: list[list[int]], m: int) -> Counter[tuple[int, ...]]:
    return Counter(tuple(p[i : i + m + 1]) for p in parts for i in range(len(p) - m))


@given(texts, st.integers(1, 4), st.integers(1, 7))
def test_no_ngram_crosses_from_one_text_into_the_next(
    parts: list[list[int]], m: int, piece: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "PIECE", piece)
        patch.setattr(sequences, "PIECE", piece)
        text = several(parts)
        table = count_sequences(text, m, V)
    assert grams(table) == literal(parts, m)
    assert table.positions == text.positions(m)


@given(texts, st.integers(1, 4), st.integers(1, 7), st.data())
def test_what_is_set_aside_is_a_gap_like_the_end_of_a_text(
    parts: list[list[int]], m: int, piece: int, data: st.DataObject
) -> None:
    text = several(parts)
    joined = text.joined(V)
    n = len(joined)
    assert n == len(text) + len(parts) - 1
    aside = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "PIECE", piece)
        patch.setattr(sequences, "PIECE", piece)
        table = count_sequences(text, m, V, aside=aside)
    gapped = np.where(aside, V, joined).tolist()
    windows = [tuple(gapped[i : i + m + 1]) for i in range(n - m)]
    assert grams(table) == Counter(window for window in windows if V not in window)


@given(lines, st.integers(1, 4), st.integers(1, 7))
def test_a_line_has_a_boundary_on_both_sides(entries: list[list[int]], m: int, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "PIECE", piece)
        patch.setattr(sequences, "PIECE", piece)
        text = a_list(entries)
        table = count_sequences(text, m, V)
    padded = [[BOUNDARY] * m + entry + [BOUNDARY] for entry in entries]
    assert grams(table) == literal(padded, m)
    assert table.positions == text.positions(m) == len(text)


@given(texts, st.integers(1, 4), st.data())
def test_what_follows_a_cut_goes_on_from_its_own_text_only(
    parts: list[list[int]], m: int, data: st.DataObject
) -> None:
    whole = several(parts)
    cut = data.draw(st.integers(0, len(whole)))
    first, second = whole.split(cut)
    assert [*first.codes, *second.codes] == [*whole.codes]
    both = grams(count_sequences(first, m, V)) + grams(count_sequences(second, m, V))
    assert both == literal(parts, m)


@given(st.one_of(texts.map(several), lines.map(a_list)), st.integers(1, 4), st.data())
def test_every_character_has_the_context_that_is_its_own(
    text: Sequences, m: int, data: st.DataObject
) -> None:
    if text.boundary is None:
        text = text.split(data.draw(st.integers(0, len(text))))[1]
    codes, asked = text.padded(m, unknown=V)
    assert codes[asked].tolist() == text.codes.tolist()
    pad = V if text.boundary is None else BOUNDARY
    expected = []
    for part, before in text.parts(m):
        known = [pad] * m + before.tolist() + part.tolist()
        first = len(known) - len(part)
        expected += [known[i - m : i + 1] for i in range(first, len(known))]
    windows = np.lib.stride_tricks.sliding_window_view(codes, m + 1) if len(codes) > m else codes
    assert windows[asked[m:]].tolist() == expected


@given(lines, st.integers(1, 4))
def test_losses_of_a_list_are_those_of_its_lines(entries: list[list[int]], order: int) -> None:
    training = a_list([[1, 2, 3], [2, 2], [3], [1, 2]])
    predictor = NgramPredictor.from_sequences(training, V, order, "witten-bell")
    m = predictor.context_length
    expected = []
    for entry in entries:
        line = [BOUNDARY] * m + entry + [BOUNDARY]
        expected += [
            -predictor.log_probabilities(np.array([line[i - m : i]]))[0, line[i]]
            for i in range(m, len(line))
        ]
    assert losses_of(predictor, a_list(entries)) == pytest.approx(expected)


def test_a_predictor_that_remembers_begins_anew_with_every_line() -> None:
    model = Bigrams(V, 2)
    theta = model.initial(np.random.default_rng(0))
    predictor = model.predictor(theta)
    text = a_list([[1, 2], [3]])
    by_windows = losses_of(predictor, text)
    object.__setattr__(predictor, "needs_only_windows", False)
    assert losses_of(predictor, text) == pytest.approx(by_windows)


@given(lines, st.integers(1, 3))
def test_counted_levels_of_a_list_know_nothing_of_its_order(
    entries: list[list[int]], order: int
) -> None:
    there = NgramPredictor.from_sequences(a_list(entries), V, order)
    back = NgramPredictor.from_sequences(a_list(entries[::-1]), V, order)
    contexts = np.array([[BOUNDARY] * 3, [BOUNDARY, 1, 2], [3, BOUNDARY, BOUNDARY]])
    assert there.log_probabilities(contexts) == pytest.approx(back.log_probabilities(contexts))


@given(lines, st.integers(0, 90), st.integers(0, 3))
def test_lines_are_held_out_whole(entries: list[list[int]], percent: int, seed: int) -> None:
    text = "".join("".join("\nabc"[code] for code in entry) + "\n" for entry in entries)
    whole = Corpus.from_text(text)
    corpus = Corpus(whole.codes, whole.vocabulary, reading=Reading(lines=True))
    dataset = Dataset.prepare(corpus, held_out=percent / 100, seed=seed)
    parts = [dataset.training, *([dataset.held_out] if dataset.held_out else [])]
    found = [corpus.decode(codes) for part in parts for codes, _ in part.parts(1)]
    assert Counter(found) == Counter(text.splitlines(keepends=True))
    if dataset.held_out is not None:
        assert len(dataset.held_out.starts) == int(percent / 100 * len(entries))


def test_which_lines_are_held_out_is_a_matter_of_the_seed() -> None:
    text = Corpus.from_text("".join(f"{i}\n" for i in range(100)))
    corpus = Corpus(text.codes, text.vocabulary, reading=Reading(lines=True))
    first, again, other = (
        Dataset.prepare(corpus, held_out=0.5, seed=seed).held_out for seed in (1, 1, 2)
    )
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.codes.tolist() == again.codes.tolist() != other.codes.tolist()
    ends = corpus.sequences.codes[-len(first) :]
    assert first.codes.tolist() != ends.tolist()


@pytest.mark.parametrize(
    ("parts", "m", "message"),
    [
        ([[1]], 1, "has 1 character, too few: the least there is to learn from is 3"),
        ([[1, 2]], 5, "has 2 characters, too few: the least there is to learn from is 3"),
        ([[1, 2, 3, 0]], 5, r"\(7 at least\) or a context length of at most 2"),
        ([[1, 2, 3, 0], [1]], 5, "The longest of 2 texts of it has 4 characters"),
    ],
)
def test_what_is_too_short_hears_of_the_least_there_is(
    parts: list[list[int]], m: int, message: str
) -> None:
    with pytest.raises(CorpusError, match=message):
        several(parts).require_context_length(m, "it")
