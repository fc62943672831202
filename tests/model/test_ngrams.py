from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.corpus import Corpus
from model.counting import count_ngrams
from model.errors import CorpusError, SettingsError
from model.ngrams import NgramTable

texts = st.lists(st.integers(0, 4), min_size=6, max_size=60)


def as_counter(table: NgramTable) -> Counter[tuple[int, ...]]:
    ngrams, counts = table.ngrams()
    return Counter({tuple(n): int(c) for n, c in zip(ngrams.tolist(), counts, strict=True)})


def literal(codes: list[int], m: int) -> Counter[tuple[int, ...]]:
    return Counter(tuple(codes[i : i + m + 1]) for i in range(len(codes) - m))


@given(texts, st.integers(1, 4))
def test_counts_every_window(codes: list[int], m: int) -> None:
    table = count_ngrams(np.array(codes), 5, m)
    assert as_counter(table) == literal(codes, m)
    assert table.positions == len(codes) - m
    assert table.ngram_count == len(literal(codes, m))
    assert table.contexts.shape == (len({n[:-1] for n in literal(codes, m)}), m)
    assert table.context_positions.tolist() == table.counts.sum(axis=1).tolist()


@given(st.integers(0, 2**32 - 1))
def test_large_alphabets_and_long_contexts_are_exact(seed: int) -> None:
    # 3,000 ** 13 is far beyond 64 bits.
    codes = np.random.default_rng(seed).choice([0, 1, 1500, 2999], size=40)
    assert as_counter(count_ngrams(codes, 3000, 12)) == literal(codes.tolist(), 12)


def test_contexts_stand_in_lexicographic_order() -> None:
    corpus = Corpus.from_text("the thin thing that they thought of")
    contexts = count_ngrams(corpus.codes, len(corpus.vocabulary), 3).contexts.tolist()
    assert contexts == sorted(contexts)


def test_most_common_first_as_the_curriculum_has_it() -> None:
    corpus = Corpus.from_text("abababcab")
    ngrams, counts = count_ngrams(corpus.codes, 3, 1).most_common()
    assert [corpus.decode(n) for n in ngrams] == ["ab", "ba", "bc", "ca"]
    assert counts.tolist() == [4, 2, 1, 1]


@given(texts, texts, st.integers(1, 3))
def test_merging_adds_counts(left: list[int], right: list[int], m: int) -> None:
    a, b = (count_ngrams(np.array(codes), 5, m) for codes in (left, right))
    assert as_counter(a.merge(b)) == literal(left, m) + literal(right, m)
    assert as_counter(b.merge(a)) == as_counter(a.merge(b))


def test_tables_that_differ_cannot_be_merged() -> None:
    codes = np.array([0, 1, 0, 1, 1, 0])
    with pytest.raises(SettingsError, match="cannot be merged"):
        count_ngrams(codes, 2, 1).merge(count_ngrams(codes, 2, 2))


def test_repeated_ngrams_are_added_up() -> None:
    table = NgramTable.from_ngrams(np.array([[0, 1], [1, 0], [0, 1]]), np.array([2, 1, 3]), 2)
    assert as_counter(table) == {(0, 1): 5, (1, 0): 1}


def test_bad_arguments_are_named() -> None:
    with pytest.raises(CorpusError, match="too few"):
        count_ngrams(np.array([0, 1, 0, 1]), 2, 3)
    with pytest.raises(SettingsError, match="at least 1"):
        count_ngrams(np.array([0, 1, 0, 1]), 2, 0)
    with pytest.raises(SettingsError, match="run from 0 to 2"):
        count_ngrams(np.array([0, 1, 2, 1]), 2, 1)


@given(st.lists(st.integers(0, 3), min_size=6, max_size=60), st.integers(1, 4))
def test_following_counts_what_stands_after_a_context(codes: list[int], m: int) -> None:
    table = count_ngrams(np.array(codes), 4, m)
    for start in range(len(codes) - m + 1):
        context = codes[start : start + m]
        expected = [0] * 4
        for i in range(len(codes) - m):
            if codes[i : i + m] == context:
                expected[codes[i + m]] += 1
        assert table.following(context).tolist() == expected
    assert not table.following([4] * m).any()
