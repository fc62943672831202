"""Losses of every position against one question at a time."""

from __future__ import annotations

import numpy as np
import pytest
from bigrams import Popularity
from hypothesis import given, settings
from hypothesis import strategies as st

from model import evaluation
from model.counting import count_ngrams
from model.evaluation import LossReader, losses, mean_loss
from model.families.cache.predictor import CachePredictor
from model.families.cache.settings import CacheSettings
from model.families.log_bilinear.shape import LogBilinear

MODEL = LogBilinear(4, 3, 2)
THETA = np.random.default_rng(0).normal(size=MODEL.parameter_count)
WINDOWS = MODEL.predictor(THETA)
CACHED = CachePredictor(WINDOWS, CacheSettings(6, 1, (2.0, 3.0)))
codes_of = st.lists(st.integers(0, 4), max_size=30)


@given(codes_of, codes_of, st.sampled_from([1, 2, 1000]))
@settings(deadline=None)
def test_windows_in_blocks_are_windows_one_by_one(
    before: list[int], codes: list[int], rows: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "_BLOCK_NUMBERS", 4 * rows)
        found = losses(WINDOWS, np.array(codes, dtype=int), before)
    text = [4, 4, 4, *before, *codes]
    start = len(text) - len(codes)
    expected = [
        -WINDOWS.log_probabilities(np.array([text[i - 3 : i]]))[0][text[i]]
        if text[i] < 4
        else np.inf
        for i in range(start, len(text))
    ]
    np.testing.assert_allclose(found, expected)


@given(codes_of, codes_of)
def test_a_reader_is_fed_everything(before: list[int], codes: list[int]) -> None:
    found = losses(Popularity(4), np.array(codes, dtype=int), before)
    expected = []
    for i, code in enumerate(codes):
        known = [c for c in before + codes[:i] if c < 4]
        p = (known.count(code) + 1) / (len(known) + 4)
        expected.append(-np.log(p) if code < 4 else np.inf)
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize(
    "predictor", [WINDOWS, Popularity(4), CACHED], ids=["windows", "reader", "along"]
)
@given(st.lists(codes_of, max_size=5), codes_of)
@settings(deadline=None)
def test_a_text_may_come_in_pieces(
    predictor: object, pieces: list[list[int]], before: list[int]
) -> None:
    reader = LossReader(predictor, before)  # type: ignore[arg-type]
    found = [loss for piece in pieces for loss in reader.read(piece).tolist()]
    whole = np.array([code for piece in pieces for code in piece], dtype=int)
    np.testing.assert_allclose(found, losses(predictor, whole, before))  # type: ignore[arg-type]


@given(codes_of, codes_of)
@settings(deadline=None)
def test_going_along_a_text_is_reading_it(before: list[int], codes: list[int]) -> None:
    reader, expected = CACHED.reader(before), []
    for code in codes:
        expected.append(-reader.log_probabilities()[code] if code < 4 else np.inf)
        reader.read(code)
    np.testing.assert_allclose(losses(CACHED, np.array(codes, dtype=int), before), expected)


def test_the_mean_loss_is_that_of_the_objective() -> None:
    codes = np.random.default_rng(1).integers(4, size=200)
    objective = MODEL.objective(count_ngrams(codes, 4, 3))
    assert mean_loss(WINDOWS, codes[3:], codes[:3]) == pytest.approx(objective.value(THETA))
