from collections import Counter
from itertools import islice
from typing import Any

import numpy as np
import pytest
from bigrams import Bigrams, Popularity
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import chdtrc

from model.corpus import Corpus
from model.errors import SettingsError
from model.families.cache.predictor import CachePredictor
from model.families.cache.settings import CacheSettings
from model.families.log_bilinear.shape import LogBilinear
from model.families.ngrams.predictor import NgramPredictor
from model.sampling import Sampler, generate
from model.speculative import writer_of

VOCABULARY = ("a", "b", "c", "\n")
MODEL = LogBilinear(4, 2, 3)
THETA = MODEL.initial(np.random.default_rng(5), std=1.0)
PREDICTOR = MODEL.predictor(THETA)


def p_value(seen: np.ndarray, expected: np.ndarray) -> float:
    """Pearson's chi-squared test; loading scipy.stats for it takes half a second everywhere."""
    return float(chdtrc(len(seen) - 1, ((seen - expected) ** 2 / expected).sum()))


def text(prompt: str = "ab", length: int = 50, **options: object) -> str:
    return "".join(generate(PREDICTOR, VOCABULARY, prompt, length, **options))  # type: ignore[arg-type]


def test_streams_characters_of_the_vocabulary() -> None:
    stream = generate(PREDICTOR, VOCABULARY, "ab", 10**9, seed=0)
    assert {next(stream) for _ in range(300)} <= set(VOCABULARY)


def test_writes_exactly_as_much_as_asked() -> None:
    assert len(text(length=300)) == 300
    assert len(text(length=1024)) == 1024
    assert text(length=0) == ""


def test_a_seed_repeats_a_text() -> None:
    assert text(seed=3) == text(seed=3)
    assert text(seed=3) != text(seed=4)


def test_draws_from_exactly_the_model() -> None:
    written = text(length=60_000, seed=1)
    codes = [VOCABULARY.index(c) for c in "ab" + written]
    following: dict[tuple[int, int], Counter[int]] = {}
    for x, y, z in zip(codes, codes[1:], codes[2:], strict=False):
        following.setdefault((x, y), Counter())[z] += 1
    for context, counts in following.items():
        p = np.exp(PREDICTOR.log_probabilities(np.array([context]))[0])
        seen = np.array([counts[c] for c in range(4)])
        keep = p * seen.sum() >= 5
        if keep.sum() > 1:
            expected = p[keep] / p[keep].sum() * seen[keep].sum()
            assert p_value(seen[keep], expected) > 1e-4


@given(st.text(max_size=5))
@settings(deadline=None)
def test_any_prompt_will_do(prompt: str) -> None:
    assert len(text(prompt, 20, seed=0)) == 20


def test_only_the_end_of_a_prompt_matters() -> None:
    assert text("cccab", seed=0) == text("ab", seed=0)


def test_unknown_positions_have_the_mean_embedding() -> None:
    e, w = MODEL.unpack(THETA)
    sampler = Sampler(PREDICTOR, VOCABULARY)
    unknown = len(VOCABULARY)
    logits = w[:, 0] @ e.mean(axis=0) + w[:, 1] @ e[1]
    expected = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(sampler.probabilities([unknown, 1]), expected)
    # A prompt that is too short, and one with a stranger in it, mean the same.
    assert text("b", seed=0) == text("?b", seed=0)
    assert text("", seed=0) == text("??", seed=0) == text("世界", seed=0)


def test_temperature_sharpens_and_flattens() -> None:
    def entropy(temperature: float) -> float:
        p = Sampler(PREDICTOR, VOCABULARY, temperature=temperature).probabilities([0, 1])
        return float(-(p[p > 0] * np.log(p[p > 0])).sum())

    assert entropy(0.0) == 0.0
    assert entropy(1e-300) == 0.0
    assert entropy(0.3) < entropy(1.0) < entropy(3.0) < np.log(4)


def test_temperature_zero_takes_the_most_probable() -> None:
    written = "ab" + text("ab", 30, temperature=0)
    for x, y, z in zip(written, written[1:], written[2:], strict=False):
        context = [[VOCABULARY.index(x), VOCABULARY.index(y)]]
        assert z == VOCABULARY[PREDICTOR.log_probabilities(np.array(context))[0].argmax()]


def test_top_k_and_top_p_cut_the_tail() -> None:
    p = Sampler(PREDICTOR, VOCABULARY).probabilities([0, 1])
    order = np.argsort(-p)
    two = Sampler(PREDICTOR, VOCABULARY, top_k=2).probabilities([0, 1])
    assert set(np.flatnonzero(two)) == set(order[:2])
    np.testing.assert_allclose(two[order[:2]], p[order[:2]] / p[order[:2]].sum())
    nucleus = Sampler(PREDICTOR, VOCABULARY, top_p=float(p[order[0]]) + 1e-9)
    assert set(np.flatnonzero(nucleus.probabilities([0, 1]))) == set(order[:2])
    one = Sampler(PREDICTOR, VOCABULARY, top_p=1e-12).probabilities([0, 1])
    assert set(np.flatnonzero(one)) == {order[0]}


def test_impossible_characters_are_never_drawn() -> None:
    model = LogBilinear(3, 1, 1)
    # Characters 0 and 2 have logits of -2000 in every context.
    theta = np.array([1.0, 1.0, 1.0, -2000.0, 0.0, -2000.0])
    assert set(generate(model.predictor(theta), ("x", "y", "z"), "y", 5000, seed=0)) == {"y"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -1.0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"top_k": 0}, "top-k"),
        ({"top_p": 0.0}, "top-p"),
        ({"length": -1}, "length"),
    ],
)
def test_bad_settings_are_named_before_the_first_character(
    options: dict[str, float], message: str
) -> None:
    arguments = {"length": 5, **options}
    with pytest.raises(SettingsError, match=message):
        generate(PREDICTOR, VOCABULARY, "a", **arguments)  # type: ignore[arg-type]


def test_refuses_what_does_not_fit() -> None:
    with pytest.raises(SettingsError, match="pass the vocabulary"):
        generate(PREDICTOR, ("a", "b"), "a", 5)
    with pytest.raises(SettingsError, match="not finite"):
        MODEL.predictor(THETA * np.nan)


def test_surprises_are_those_of_the_model() -> None:
    corpus = Corpus.from_text("the cat sat on the mat " * 3)
    model = LogBilinear(len(corpus.vocabulary), 3, 2)
    theta = np.random.default_rng(0).normal(size=model.parameter_count)
    sampler = Sampler(model.predictor(theta), corpus.vocabulary, temperature=0.1, top_k=1)
    text = "the mat sat"
    codes = corpus.encode("on " + text)
    windows = np.lib.stride_tricks.sliding_window_view(codes, 4)
    log_p = model.predictor(theta).log_probabilities(windows[:, :-1])
    expected = -log_p[np.arange(len(text)), windows[:, -1]]
    np.testing.assert_allclose(sampler.surprises("cat on ", text), expected)


def test_surprises_after_unknown_contexts_and_of_unknown_characters() -> None:
    model = LogBilinear(3, 2, 2)
    theta = np.random.default_rng(0).normal(size=model.parameter_count)
    sampler = Sampler(model.predictor(theta), "abc")
    first, second, third = sampler.surprises("", "a?b")
    assert first == pytest.approx(-np.log(sampler.probabilities((3, 3))[0]))
    assert second == np.inf
    assert third == pytest.approx(-np.log(sampler.probabilities((0, 3))[1]))
    assert sampler.surprises("ab", "").shape == (0,)


def test_a_reader_is_fed_the_whole_prompt_and_what_is_written() -> None:
    """The distribution is that of everything before, so an early character weighs on."""
    popularity, vocabulary = Popularity(3), "abc"
    sampler = Sampler(popularity, vocabulary)
    prompt = "b" * 50 + "ac?"
    context = sampler.context(prompt)
    assert context == (*[1] * 50, 0, 2, 3)
    np.testing.assert_allclose(sampler.probabilities(context), np.array([2, 51, 2]) / 55)
    written = "".join(generate(popularity, vocabulary, prompt, 400, seed=0))
    assert len(written) == 400
    assert written.count("b") > 300
    assert written == "".join(generate(popularity, vocabulary, prompt, 400, seed=0))
    assert set(generate(popularity, vocabulary, prompt, 20, temperature=0)) == {"b"}
    assert sampler.context("") == (3, 3)


def test_a_reader_draws_from_exactly_its_distribution() -> None:
    draws = [next(generate(Popularity(3), "abc", "aab", 1, seed=seed)) for seed in range(3000)]
    seen = np.array([draws.count(c) for c in "abc"])
    assert p_value(seen, np.array([3, 2, 1]) / 6 * 3000) > 1e-4


def test_surprises_of_pieces_are_those_of_the_whole() -> None:
    for predictor in (PREDICTOR, Popularity(4)):
        sampler = Sampler(predictor, VOCABULARY)
        reader = sampler.surprise_reader("abca")
        pieces = [reader.read(piece) for piece in ("ab", "", "c?", "\nab")]
        np.testing.assert_allclose(
            np.concatenate(pieces), sampler.surprises("abca", "abc?\nab"), rtol=1e-12
        )
    first = Sampler(Popularity(4), VOCABULARY).surprises("aaa", "a")
    assert first == pytest.approx(-np.log(4 / 7))


def test_windows_and_their_reader_agree() -> None:
    """A predictor of windows that is asked through its reader writes the same text."""

    class Slow:
        needs_only_windows = False
        vocabulary_size, context_length = PREDICTOR.vocabulary_size, PREDICTOR.context_length
        log_probabilities, reader = PREDICTOR.log_probabilities, PREDICTOR.reader

    for prompt in ("ab", "a", "?b", ""):
        slow = "".join(generate(Slow(), VOCABULARY, prompt, 200, seed=4))
        assert slow == text(prompt, 200, seed=4)


@pytest.mark.parametrize("cache", [None, CacheSettings(40, 2, (2.0, 3.0))])
@pytest.mark.parametrize("options", [{"temperature": 0.0}, {"top_p": 1e-9}])
def test_the_most_probable_text_is_the_same_several_characters_ahead(
    cache: CacheSettings | None, options: dict[str, Any]
) -> None:
    codes = np.random.default_rng(0).integers(4, size=400) ** 2 % 5
    counted = NgramPredictor.from_codes(codes, 5, 3)
    predictor = counted if cache is None else CachePredictor(counted, cache)
    assert writer_of(predictor) is not None
    sampler = Sampler(predictor, "abcde", **options)
    written = "".join(sampler.write("abx", 60, np.random.default_rng(1)))
    reader, expected = predictor.reader([0, 1, 5]), ""
    for _ in range(60):
        code = int(reader.log_probabilities().argmax())
        expected += "abcde"[code]
        reader.read(code)
    assert written == expected


@pytest.mark.parametrize("by_windows", [True, False])
def test_entries_are_whole_lines_drawn_from_the_distribution(by_windows: bool) -> None:
    # After the boundary always a; after a: b or the boundary; after b the boundary.
    model = Bigrams(3, 2)
    p = np.array([[0.0, 1.0, 0.0], [0.25, 0.0, 0.75], [1.0, 0.0, 0.0]])
    with np.errstate(divide="ignore"):
        theta = np.concatenate([[0.0], np.maximum(np.log(p), -50.0).ravel()])
    predictor = model.predictor(theta)
    object.__setattr__(predictor, "needs_only_windows", by_windows)
    sampler = Sampler(predictor, ("\n", "a", "b"))
    entries = list(islice(sampler.entries("", np.random.default_rng(0), "\n"), 2000))
    assert set(entries) == {"a", "ab"}
    assert entries.count("ab") / 2000 == pytest.approx(0.75, abs=0.04)
    begun = list(islice(sampler.entries("xab", np.random.default_rng(0), "\n"), 5))
    assert begun == ["xab"] * 5


def test_an_entry_without_an_end_is_cut_off() -> None:
    model = Bigrams(2, 1)
    theta = np.array([0.0, -50.0, 0.0, -50.0, 0.0])
    sampler = Sampler(model.predictor(theta), ("\n", "a"))
    (entry,) = islice(sampler.entries("", np.random.default_rng(0), "\n"), 1)
    assert entry == "a" * 1000
