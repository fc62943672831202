"""Counting predictors against the formulas written out over dictionaries."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ngram_oracles import Distribution, kneser_ney, witten_bell

from model import baselines
from model.errors import SettingsError
from model.families.ngrams import predictor as predictors
from model.families.ngrams.limits import Smoothing
from model.families.ngrams.predictor import NgramPredictor
from model.families.text_windows import windows_before

V = 4
Literal = Callable[[list[int], int, int], Distribution]
SMOOTHINGS: list[tuple[Smoothing, Literal]] = [
    ("witten-bell", witten_bell),
    ("kneser-ney", kneser_ney),
]
texts = st.lists(st.integers(0, V - 1), min_size=1, max_size=80)
texts_with_gaps = st.lists(st.integers(0, V), min_size=1, max_size=80).filter(
    lambda codes: min(codes) < V
)


def literal_row(p: Distribution, context: list[int], order: int) -> list[float]:
    """What the formulas give after the known characters at the end of a context."""
    known: list[int] = []
    for code in reversed(context[-(order - 1) :] if order > 1 else []):
        if code == V:
            break
        known.insert(0, code)
    return [p(tuple(known), c) for c in range(V)]


@pytest.mark.parametrize(("smoothing", "literal"), SMOOTHINGS, ids=["witten-bell", "kneser-ney"])
@pytest.mark.parametrize("table_cells", [0, 20, 1 << 20])
@given(
    codes=texts_with_gaps,
    order=st.integers(1, 6),
    contexts=st.lists(st.lists(st.integers(0, V), min_size=6, max_size=6), min_size=1, max_size=8),
)
@settings(deadline=None, max_examples=60)
def test_rows_are_those_of_the_formulas(
    smoothing: Smoothing,
    literal: Literal,
    table_cells: int,
    codes: list[int],
    order: int,
    contexts: list[list[int]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # Levels as whole tables, as sparse shares, and some of both.
        patch.setattr(predictors, "_TABLE_CELLS", table_cells)
        predictor = NgramPredictor.from_codes(np.array(codes), V, order, smoothing)
    p = literal([-1 if code == V else code for code in codes], V, order)
    expected = np.array([literal_row(p, context, order) for context in contexts])
    found = predictor.log_probabilities(np.array(contexts))
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-12)
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1.0, rtol=1e-12)
    for target in range(V):
        targets = np.full(len(contexts), target)
        of_one = predictor.log_probabilities_of(np.array(contexts), targets)
        np.testing.assert_allclose(of_one, found[:, target], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("smoothing", ["witten-bell", "kneser-ney"])
@given(training=texts, held_out=texts, order=st.integers(1, 7))
@settings(deadline=None, max_examples=50)
def test_the_loss_is_the_baseline(
    smoothing: Smoothing, training: list[int], held_out: list[int], order: int
) -> None:
    predictor = NgramPredictor.from_codes(np.array(training), V, order, smoothing)
    reader = predictor.reader(training)
    losses = []
    for code in held_out:
        losses.append(-reader.log_probabilities()[code])
        reader.read(code)
    baseline = {"witten-bell": baselines.witten_bell, "kneser-ney": baselines.kneser_ney}
    expected = baseline[smoothing](np.array(training), np.array(held_out), V, order)
    assert float(np.mean(losses)) == pytest.approx(expected, rel=1e-12)


@given(codes=texts_with_gaps, order=st.integers(2, 5), data=st.data())
@settings(deadline=None)
def test_only_what_stands_after_the_last_unknown_character_counts(
    codes: list[int], order: int, data: st.DataObject
) -> None:
    predictor = NgramPredictor.from_codes(np.array(codes), V, order)
    known = data.draw(st.lists(st.integers(0, V - 1), max_size=order - 1))
    before = data.draw(st.lists(st.integers(0, V - 1), min_size=order, max_size=order))
    some = np.array([[*before, V, *known][-order:]])
    none = np.array([[V] * (order - len(known)) + known])
    np.testing.assert_array_equal(
        predictor.log_probabilities(some), predictor.log_probabilities(none)
    )


def test_depth_and_rest_describe_what_was_seen() -> None:
    codes = np.array([0, 1, 2, 0, 1, 3])
    predictor = NgramPredictor.from_codes(codes, V, 3, "witten-bell")
    _, depths, rests = predictor.probabilities(np.array([[0, 1], [3, 1], [1, 3], [0, V]]))
    # After 0 1 came 2 and 3; 3 1 never occurred, 1 did with the same two; nothing came after 3.
    assert depths.tolist() == [2, 1, 0, 0]
    assert rests.tolist() == [2 / 4, 2 / 4, 4 / 10, 4 / 10]


def test_blocks_of_contexts_give_what_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(V, size=500)
    predictor = NgramPredictor.from_codes(codes, V, 5)
    contexts = rng.integers(V + 1, size=(70, 4))
    whole = predictor.probabilities(contexts)
    monkeypatch.setattr(predictors, "_CELLS_AT_ONCE", 3 * V)
    for one, other in zip(whole, predictor.probabilities(contexts), strict=True):
        np.testing.assert_array_equal(one, other)
    assert predictor.log_probabilities(contexts[:0]).shape == (0, V)


def test_large_vocabularies() -> None:
    # Ten characters of this vocabulary do not fit into 64 bits.
    rng = np.random.default_rng(1)
    words = rng.integers(3000, size=(5, 12))
    codes = words[rng.integers(5, size=40)].ravel()
    predictor = NgramPredictor.from_codes(codes, 3000, 10)
    windows = windows_before(codes[:0], codes, 3000, 9)
    assert np.exp(predictor.log_probabilities(windows)).sum(axis=1) == pytest.approx(1.0)
    assert -predictor.log_probabilities_of(windows[20:], codes[20:]).mean() < 0.5


@pytest.mark.parametrize(
    ("codes", "order", "message"),
    [([0, 1], 0, "order is 0"), ([], 2, "empty"), ([V, V], 2, "empty"), ([0, V + 1], 2, "0 to 5")],
)
def test_bad_arguments_are_named(codes: list[int], order: int, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        NgramPredictor.from_codes(np.array(codes, dtype=int), V, order)
