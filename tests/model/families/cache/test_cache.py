"""The cache, one character at a time and along a whole text, against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from cache_oracle import counts, with_cache
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import SettingsError
from model.families.cache import memory as memories
from model.families.cache.along_text import TextContexts
from model.families.cache.fitting import (
    cache_loss,
    fit_cache,
    fit_cached_mixture,
    probabilities_aside,
    within_reach,
)
from model.families.cache.memory import Memory
from model.families.cache.predictor import CachePredictor, adjusted
from model.families.cache.settings import CacheSettings
from model.families.mixture.gate import Gate
from model.families.mixture.predictor import MixturePredictor
from model.families.ngrams.predictor import NgramPredictor
from model.families.set_aside import spread_blocks, with_gaps
from model.families.text_windows import windows_before

V = 3
texts = st.lists(st.integers(0, V - 1) | st.integers(0, V), min_size=1, max_size=60)
caches = st.builds(
    CacheSettings,
    st.integers(1, 30),
    st.integers(1, 3),
    st.lists(st.floats(0.1, 50), min_size=1, max_size=4).map(tuple),
)


def predictor(codes: list[int] | np.ndarray, order: int = 2) -> NgramPredictor:
    return NgramPredictor.from_codes(np.array(codes), V, order)


@given(texts, caches)
@settings(deadline=None)
def test_a_reader_follows_the_definition(codes: list[int], cache: CacheSettings) -> None:
    below = predictor([0, 1, 2, 0, 0])
    reader = CachePredictor(below, cache).reader(codes[:5])
    plain = below.reader(codes[:5])
    for at in range(min(5, len(codes)), len(codes)):
        expected = with_cache(np.exp(plain.log_probabilities()), codes[:at], V, cache)
        found = np.exp(reader.log_probabilities())
        assert found == pytest.approx(expected, rel=1e-12)
        assert found.sum() == pytest.approx(1.0)
        reader.read(codes[at])
        plain.read(codes[at])


@given(texts, caches, st.integers(0, 60))
@settings(deadline=None)
def test_a_whole_text_at_once_is_what_a_reader_says(
    codes: list[int], cache: CacheSettings, cut: int
) -> None:
    before, text = codes[:cut], codes[cut:]
    cached = CachePredictor(predictor([0, 1, 2, 0, 0]), cache)
    found = cached.log_probabilities_along(np.array(text), np.array(before))
    reader = cached.reader(before)
    expected = []
    for code in text:
        expected.append(reader.log_probabilities()[code] if code < V else -np.inf)
        reader.read(code)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@given(texts, caches, st.data())
@settings(deadline=None)
def test_characters_can_be_taken_back(
    codes: list[int], cache: CacheSettings, data: st.DataObject
) -> None:
    memory = Memory(cache, V, codes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memories, "_FORGOTTEN_AT_ONCE", data.draw(st.integers(1, 20)))
        memory.forget()
        text = list(codes)
        for _ in range(5):
            ahead = data.draw(st.lists(st.integers(0, V), min_size=1, max_size=8))
            back = data.draw(st.integers(0, len(ahead)))
            for code in ahead:
                memory.read(code)
            for _ in range(back):
                memory.unread()
            text += ahead[: len(ahead) - back]
            below = np.array([0.5, 0.3, 0.2])
            expected = with_cache(below, text, V, cache)
            assert adjusted(below, memory.adjustment()) == pytest.approx(expected, rel=1e-12)
            memory.forget()


@given(texts, caches)
@settings(deadline=None, max_examples=50)
def test_it_draws_what_it_adds(codes: list[int], cache: CacheSettings) -> None:
    recall = Memory(cache, V, codes).recall()
    adjustment = recall.adjustment()
    numbers = (np.arange(1000) + 0.5) / 1000
    drawn = [recall.draw(number) for number in numbers]
    got = np.array([code for code, _ in drawn])
    left = np.array([rest for _, rest in drawn])
    assert ((left >= 0) & (left < 1)).all()
    for code in range(-1, V):
        expected = adjustment.rest if code < 0 else adjustment.own.get(code, 0.0)
        intervals = np.count_nonzero(np.diff(got == code, prepend=False)) + 1
        assert (got == code).mean() == pytest.approx(expected, abs=intervals / 1000)
        if not expected:
            assert not (got == code).any()
    # Below the cache, numbers are spread evenly again.
    below = left[got < 0]
    assert np.abs(below - (np.arange(len(below)) + 0.5) / len(below)).max() < 1.5 / len(below)


@given(texts, caches)
@settings(deadline=None)
def test_counts_along_a_text(codes: list[int], cache: CacheSettings) -> None:
    positions = np.arange(0, len(codes), 2)
    contexts = TextContexts(np.array(codes), V, cache.lengths)
    found = contexts.counts(cache.characters, positions)
    for level, length in zip(found, cache.lengths, strict=True):
        for row, at in enumerate(positions):
            expected = counts(codes[:at], V, cache, length) if codes[at] < V else None
            there = (level.count[row], level.total[row], level.different[row])
            if expected is None:
                assert there == (0, 0, 0)
            else:
                assert there == (expected[codes[at]], sum(expected.values()), len(expected))


@given(texts, caches, st.lists(st.integers(0, 59), min_size=1, max_size=5))
@settings(deadline=None)
def test_what_is_out_of_reach_changes_no_count(
    codes: list[int], cache: CacheSettings, some: list[int]
) -> None:
    positions = np.unique([at % len(codes) for at in some])
    reach = cache.characters + cache.longest
    shorter, places = within_reach(np.array(codes), positions, reach)
    assert len(shorter) <= len(positions) * (reach + 1)
    whole = TextContexts(np.array(codes), V, cache.lengths).counts(cache.characters, positions)
    part = TextContexts(shorter, V, cache.lengths).counts(cache.characters, places)
    for one, other in zip(whole, part, strict=True):
        np.testing.assert_array_equal(one.count, other.count)
        np.testing.assert_array_equal(one.total, other.total)
        np.testing.assert_array_equal(one.different, other.different)


def test_the_gradient_is_that_of_finite_differences() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(V, size=300)
    levels = TextContexts(codes, V, range(1, 5)).counts(60, np.arange(100, 300))
    below = rng.uniform(0.05, 1, size=200)
    logarithms = rng.normal(1, 1, size=4)
    _, gradient = cache_loss(logarithms, levels, below)
    for k in range(4):
        step = np.zeros(4)
        step[k] = 1e-6
        ahead = cache_loss(logarithms + step, levels, below)[0]
        behind = cache_loss(logarithms - step, levels, below)[0]
        assert gradient[k] == pytest.approx((ahead - behind) / 2e-6, rel=1e-5, abs=1e-9)


def test_the_loss_is_that_of_the_predictor() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(V, size=200)
    cache = CacheSettings(50, 2, (2.0, 7.0))
    cached = CachePredictor(predictor(codes[:100]), cache)
    expected = -cached.log_probabilities_along(codes[100:], codes[:100]).mean()
    windows = windows_before(codes[:100], codes[100:], V, 1)
    below = np.exp(cached.below.log_probabilities(windows)[np.arange(100), codes[100:]])
    levels = TextContexts(codes, V, cache.lengths).counts(50, np.arange(100, 200))
    found, _ = cache_loss(np.log(cache.strengths), levels, below, prior=0.0)
    assert found == pytest.approx(expected)


def test_fitting_finds_how_far_to_look_back() -> None:
    # Every hundred characters begin a new chapter, with an order of its own: what is farther back
    # than a chapter misleads.
    rng = np.random.default_rng(2)
    size = 8
    chapters = [np.tile(rng.permutation(size), 13)[:100] for _ in range(60)]
    codes = np.concatenate(chapters)
    codes = np.where(rng.random(len(codes)) < 0.1, rng.integers(size, size=len(codes)), codes)
    positions = np.arange(1000, len(codes))
    below = np.full(len(positions), 1 / size)
    found = fit_cache(below, codes, positions, size, sizes=(5, 60, 2000), lengths=range(1, 4))
    assert found.characters == 60
    levels = TextContexts(codes, size, found.lengths).counts(60, positions)
    learned, gradient = cache_loss(np.log(found.strengths), levels, below)
    assert learned < 0.6 * np.log(size)
    inside = (np.log(found.strengths) > 1e-6) & (np.log(found.strengths) < 8 - 1e-6)
    assert np.abs(gradient[inside]).max() < 1e-3


def test_probabilities_aside_are_those_of_counts_without_the_tenth_around() -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(V, size=1000)
    aside = spread_blocks(1000, 0.1, 10)
    other, gate = predictor(rng.integers(V, size=200)), Gate(rng.normal(size=10))
    positions, found = probabilities_aside(codes, aside, other, gate, order=3, folds=4)
    assert positions.tolist() == np.flatnonzero(aside).tolist()
    for at, p in list(zip(positions, found, strict=True))[::9]:
        left_out = np.zeros(1000, dtype=bool)
        left_out[at // 250 * 250 : (at // 250 + 1) * 250] = True
        counted = predictor(with_gaps(codes, left_out, V), 3)
        mixture = MixturePredictor(counted, other, gate)
        expected = mixture.log_probabilities(codes[None, at - 2 : at])[0, codes[at]]
        assert np.log(p) == pytest.approx(expected)


def test_everything_fitted_together() -> None:
    # Chapters with an order of their own: neither counts nor anything else knows the last one.
    rng = np.random.default_rng(4)
    codes = np.concatenate([np.tile(rng.permutation(8), 50) for _ in range(20)])
    training, held_out = codes[:-300], codes[-300:]
    aside = spread_blocks(len(training), 0.1, 20)
    other = NgramPredictor.from_codes(with_gaps(training, aside, 8), 8, 1)
    cached = fit_cached_mixture(training, aside, other, order=3)
    below = cached.below.log_probabilities(windows_before(training, held_out, 8, 2))
    with_it = -cached.log_probabilities_along(held_out, training).mean()
    assert with_it < -below[np.arange(300), held_out].mean() - 0.2


def test_windows_are_answered_from_below() -> None:
    below = predictor([0, 1, 2, 0, 0])
    cached = CachePredictor(below, CacheSettings())
    assert not cached.needs_only_windows
    contexts = np.array([[0], [V]])
    np.testing.assert_array_equal(
        cached.log_probabilities(contexts), below.log_probabilities(contexts)
    )
    with pytest.raises(SettingsError, match="two memories"):
        CachePredictor(cached, CacheSettings())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "0 characters"),
        ((5, 0), "at least one"),
        ((5, 1, ()), "at least"),
        ((5, 1, (0.0,)), "above 0"),
    ],
)
def test_bad_settings_are_named(arguments: tuple[int], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        CacheSettings(*arguments)
