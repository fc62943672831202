"""Writing ahead: the same text however far, and distributed as it should be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from cache_oracle import with_cache
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import SettingsError
from model.families.base import Codes, Reader
from model.families.cache.predictor import CachePredictor
from model.families.cache.settings import CacheSettings
from model.families.mixture.gate import Gate
from model.families.mixture.predictor import MixturePredictor
from model.families.ngrams import predictor as predictors
from model.families.ngrams.draws import NgramDraws
from model.families.ngrams.predictor import NgramPredictor
from model.families.windows import WindowReader
from model.sequences import Sequences
from model.speculative import Adjust, SpeculativeWriter, writer_of

V = 5
NUMBERS = 1500
CACHE = CacheSettings(40, 1, (1.0, 2.0, 0.5))


class Uniforms:
    """In place of a random generator: numbers handed out in order."""

    def __init__(self, numbers: np.ndarray) -> None:
        self._numbers = list(numbers)

    def random(self, size: int) -> np.ndarray:
        taken, self._numbers = self._numbers[:size], self._numbers[size:]
        return np.array(taken)


class Table:
    """Any distribution after every character."""

    vocabulary_size = V
    context_length = 1
    needs_only_windows = True

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = rows

    def log_probabilities(self, contexts: Codes) -> np.ndarray:
        return np.log(self.rows[contexts[:, 0]])

    def reader(self, codes: Sequence[int] = ()) -> Reader:
        return WindowReader(self, codes)


def mixture(seed: int, order: int = 4) -> MixturePredictor:
    rng = np.random.default_rng(seed)
    codes = np.minimum(rng.geometric(0.4, size=300) - 1, V - 1)
    other = Table(rng.dirichlet(np.full(V, 0.4), size=V + 1))
    gate = Gate(rng.normal(size=8 + order - 1))
    return MixturePredictor(NgramPredictor.from_codes(codes, V, order), other, gate)


def cooler(p: np.ndarray) -> np.ndarray:
    p = p**1.5
    return p / p.sum(axis=1, keepdims=True)


def two_best(p: np.ndarray) -> np.ndarray:
    least = np.sort(p, axis=1)[:, -2:-1]
    p = np.where(p >= least, p, 0.0)
    return p / p.sum(axis=1, keepdims=True)


def write(
    mixed: MixturePredictor,
    numbers: np.ndarray,
    prompt: Sequence[int] = (0, 1, 2, 0, 1, 0, 3, 1),
    **options: object,
) -> list[int]:
    writer = SpeculativeWriter(mixed.drafter(), **options)  # type: ignore[arg-type]
    pieces = writer.write(prompt, len(numbers), Uniforms(numbers))  # type: ignore[arg-type]
    return [code for piece in pieces for code in piece]


@pytest.mark.parametrize("cache", [None, CACHE], ids=["plain", "cache"])
@pytest.mark.parametrize("adjust", [None, cooler, two_best])
def test_how_far_ahead_changes_nothing(cache: CacheSettings | None, adjust: Adjust | None) -> None:
    mixed = mixture(0)
    numbers = np.random.default_rng(1).random(1000)
    texts = [
        write(mixed, numbers, cache=cache, adjust=adjust, ahead=ahead) for ahead in (1, 2, 7, 40)
    ]
    assert len(texts[0]) == 1000
    assert texts[0] == texts[1] == texts[2] == texts[3]


@pytest.mark.parametrize("cache", [None, CACHE], ids=["plain", "cache"])
def test_what_stands_unasked_would_stand(cache: CacheSettings | None) -> None:
    class Asking:
        """Knows of nothing that it would stand."""

        def __init__(self, mixed: MixturePredictor) -> None:
            self._drafter = mixed.drafter()
            self.vocabulary_size, self.context_length = V, mixed.context_length
            self.find, self.follow = self._drafter.find, self._drafter.follow
            self.complete = self._drafter.complete
            self.shares: list[float] = []

        def draw(self, found: int, uniform: float) -> tuple[int, float, float, int]:
            code, rest, share, after = self._drafter.draw(found, uniform)
            self.shares.append(share)
            return code, rest, 0.0, after

    means = []
    for seed in range(4):
        mixed, numbers = mixture(seed), np.random.default_rng(seed).random(1000)
        asking = Asking(mixed)
        pieces = SpeculativeWriter(asking, cache=cache).write(
            [0],
            1000,
            Uniforms(numbers),  # type: ignore[arg-type]
        )
        assert write(mixed, numbers, [0], cache=cache) == [c for piece in pieces for c in piece]
        means.append(np.mean(asking.shares))
    assert max(means) > 0.2


@given(
    seed=st.integers(0, 1000),
    prompt=st.lists(st.integers(0, V), max_size=30),
    cached=st.booleans(),
    adjust=st.sampled_from([None, cooler, two_best]),
    table_cells=st.sampled_from([0, 30, 1 << 20]),
)
@settings(deadline=None, max_examples=20)
def test_a_character_is_drawn_with_its_probability(
    seed: int, prompt: list[int], cached: bool, adjust: Adjust | None, table_cells: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictors, "_TABLE_CELLS", table_cells)
        mixed = mixture(seed)
    p = np.exp(mixed.reader(prompt).log_probabilities())
    if cached:
        p = with_cache(p, prompt, V, CACHE)
    if adjust is not None:
        p = adjust(p[None])[0]
    # Numbers evenly spread: each character must take its share of them, but for the ends of the
    # intervals that belong to it.
    numbers = (np.arange(NUMBERS) + 0.5) / NUMBERS
    writer = SpeculativeWriter(mixed.drafter(), adjust, CACHE if cached else None)
    codes = [
        next(writer.write(prompt, 1, Uniforms(numbers[i : i + 1])))[0]  # type: ignore[arg-type]
        for i in range(NUMBERS)
    ]
    shares = np.bincount(codes, minlength=V) / NUMBERS
    np.testing.assert_allclose(shares, p, atol=40 / NUMBERS)
    assert not shares[p == 0].any()


def test_long_texts_have_the_frequencies_of_the_chain() -> None:
    # With one character of context the mixture is a Markov chain: compare pairs.
    mixed = mixture(3, order=2)
    text = np.array(write(mixed, np.random.default_rng(4).random(40_000)))
    rows = np.exp(mixed.log_probabilities(np.arange(V)[:, None]))
    pairs = np.zeros((V, V))
    np.add.at(pairs, (text[:-1], text[1:]), 1)
    starts = pairs.sum(axis=1, keepdims=True)
    deviations = (pairs - starts * rows) / np.sqrt(starts * rows * (1 - rows))
    assert np.abs(deviations).max() < 4.5


@given(
    codes=st.lists(st.integers(0, V), min_size=1, max_size=60).filter(lambda c: min(c) < V),
    context=st.lists(st.integers(0, V), max_size=6),
    order=st.integers(1, 5),
)
@settings(deadline=None, max_examples=50)
def test_draws_from_counts(codes: list[int], context: list[int], order: int) -> None:
    predictor = NgramPredictor.from_codes(np.array(codes), V, order)
    draws: NgramDraws = predictor.draws()
    found = draws.find(context)
    window = np.array([[V] * 6 + context])
    p = predictor.probabilities(window)[0]
    np.testing.assert_allclose(
        draws.rows(np.array([found, found])), np.concatenate([p, p]), rtol=1e-12
    )
    numbers = (np.arange(NUMBERS) + 0.5) / NUMBERS
    drawn = [draws.draw(found, number) for number in numbers]
    got = np.array([code for code, *_ in drawn])
    left = np.array([rest for _, rest, *_ in drawn])
    np.testing.assert_allclose(
        np.bincount(got, minlength=V) / NUMBERS, p[0], atol=2 * (V * order + V) / NUMBERS
    )
    assert ((left >= 0) & (left < 1)).all()
    for code in range(V):
        rest = left[got == code]
        if len(rest) > 150:  # uniform again, whatever the code
            assert rest.mean() == pytest.approx(0.5, abs=0.05)


@given(
    lines=st.lists(st.lists(st.integers(1, V - 1), max_size=6), min_size=1, max_size=8),
    is_list=st.booleans(),
    text=st.lists(st.integers(0, V), min_size=1, max_size=40),
    order=st.integers(1, 5),
)
@settings(deadline=None, max_examples=60)
def test_what_is_known_follows_from_what_was_known(
    lines: list[list[int]], is_list: bool, text: list[int], order: int
) -> None:
    codes = np.array([code for line in lines for code in [*line, 0]], dtype=np.int32)
    counted = Sequences.of_lines(codes, 0) if is_list else Sequences.of(codes)
    draws = NgramPredictor.from_sequences(counted, V, order).draws()
    numbers = np.random.default_rng(len(text)).random(len(text))
    context: list[int] = []
    found = draws.find(context)
    for code, number in zip(text, numbers, strict=True):
        drawn, _, *where = draws.draw(found, number)
        assert draws.after(found, drawn, *where) == draws.find([*context, drawn])
        context.append(code)
        found = draws.follow(found, code) if code < V else draws.find(context)
        assert found == draws.find(context)


def test_prompts_of_any_kind_and_no_text() -> None:
    mixed = mixture(5)
    numbers = np.random.default_rng(6).random(50)
    assert len(write(mixed, numbers, prompt=())) == 50
    assert len(write(mixed, numbers, prompt=(V, V, 2), cache=CACHE)) == 50
    assert write(mixed, numbers[:0]) == []
    with pytest.raises(SettingsError, match="ahead"):
        SpeculativeWriter(mixed.drafter(), ahead=0)


def test_who_can_be_written_with_ahead() -> None:
    mixed = mixture(7)
    numbers = np.random.default_rng(8).random(400)

    def text(writer: SpeculativeWriter | None) -> list[int]:
        assert writer is not None
        pieces = writer.write([0, 1], 400, Uniforms(numbers))  # type: ignore[arg-type]
        return [code for piece in pieces for code in piece]

    assert text(writer_of(mixed)) == write(mixed, numbers, prompt=[0, 1])
    assert text(writer_of(CachePredictor(mixed, CACHE), cooler)) == write(
        mixed, numbers, prompt=[0, 1], cache=CACHE, adjust=cooler
    )
    assert writer_of(mixed.other) is None
    assert writer_of(CachePredictor(mixed.other, CACHE)) is None
    # Counts alone stand as they are drafted.
    draws = mixed.ngrams.draws()
    expected = [0, 1]
    for number in numbers:
        expected.append(draws.draw(draws.find(expected[-3:]), number)[0])
    assert text(writer_of(mixed.ngrams)) == expected[2:]
