"""What texts cost, unknown characters included, against its definition spelled out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from bigrams import Bigrams

from model.corpus import RARE, Corpus
from model.evaluation import losses
from model.measuring import in_all, measure

VOCABULARY = ("a", "b", "c")
MODEL = Bigrams(3, 2)
PREDICTOR = MODEL.predictor(MODEL.initial(np.random.default_rng(0)))
UNICODE = 0x110000 - 0x800


def test_a_known_text_costs_its_losses_and_a_little_for_what_might_have_come() -> None:
    found = measure(PREDICTOR, Corpus.from_text("abcab"), VOCABULARY, trained_on=97)
    expected = losses(PREDICTOR, np.array([0, 1, 2, 0, 1])).sum()
    assert found.known_nats == pytest.approx(expected)
    assert found.nats == pytest.approx(expected - 5 * math.log(1 - 3 / 100))
    assert found.bits_per_byte == pytest.approx(found.nats / 5 / math.log(2))
    assert not found.unknown


def test_an_unknown_character_is_spelled_out() -> None:
    found = measure(PREDICTOR, Corpus.from_text("a世b世é"), VOCABULARY, trained_on=97)
    each = losses(PREDICTOR, np.array([0, 3, 1, 3, 3]))
    assert found.unknown == {"世": 2, "é": 1}
    assert (found.known, found.unknown_count, found.bytes) == (2, 3, 1 + 3 + 1 + 3 + 2)
    assert found.nats_per_known == pytest.approx((each[0] + each[2]) / 2)
    spelled = 3 * (-math.log(3 / 100) + math.log(UNICODE - 3))
    expected = each[0] + each[2] - 2 * math.log(1 - 3 / 100) + spelled
    assert found.nats == pytest.approx(expected)


def test_where_rare_characters_were_merged_their_symbol_is_the_escape() -> None:
    vocabulary = ("a", "b", RARE)
    corpus = Corpus.from_text("ab世")
    found = measure(PREDICTOR, corpus, vocabulary, trained_on=97, has_merged=True)
    each = losses(PREDICTOR, np.array([0, 1, 2]))
    assert found.nats == pytest.approx(each.sum() + math.log(UNICODE - 2))
    assert found.known_nats == pytest.approx(each[:2].sum())
    plain = measure(PREDICTOR, Corpus.from_text(f"ab{RARE}"), vocabulary, trained_on=97)
    assert not plain.unknown


def test_the_charges_make_a_distribution() -> None:
    # All that may come first: its probabilities add up to one.
    total = 0.0
    for character in "abc世":
        corpus = Corpus.from_text(character + "ab")
        rest = measure(PREDICTOR, corpus, VOCABULARY, 97).nats
        single = rest - sum(
            -math.log1p(-3 / 100) + loss
            for loss in losses(
                PREDICTOR,
                np.array([0, 1]),
                [VOCABULARY.index(character) if character in "abc" else 3],
            )
        )
        total += math.exp(-single) * (1 if character in "abc" else UNICODE - 3)
    assert total == pytest.approx(1.0)


def test_several_texts_add_up() -> None:
    each = [
        measure(PREDICTOR, Corpus.from_text(text), VOCABULARY, 97)
        for text in ("ab世", "cab", "世é")
    ]
    whole = in_all(each, "all")
    assert whole.name == "all"
    assert whole.unknown == {"世": 2, "é": 1}
    assert whole.characters == 8
    assert whole.nats == pytest.approx(sum(one.nats for one in each))
    assert each[2].nats_per_known is None
