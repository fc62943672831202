from __future__ import annotations

import numpy as np
import pytest
from problems import PLAY

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.corpus_facts import CorpusFacts, describe
from charembed_tui.text.glyphs import CharacterClass
from charembed_tui.training.baselines import compare
from charembed_tui.training.cost_hint import CostHint
from model import baselines
from model.corpus import Corpus
from model.counting import count_ngrams
from model.dataset import Dataset
from model.families.ngrams.order import best_order
from model.running_text import RunningText


def facts(text: str, m: int = 2) -> CorpusFacts:
    corpus = Corpus.from_text(text)
    return describe(corpus, count_ngrams(corpus.codes, len(corpus.vocabulary), m))


def test_counts_of_classes_and_ngrams() -> None:
    found = facts("ab1 ab1 ab1 X")
    assert found.characters == 13
    assert dict(found.classes) == {
        CharacterClass.VOWEL: 3,
        CharacterClass.CONSONANT: 3,
        CharacterClass.DIGIT: 3,
        CharacterClass.SPACE: 3,
        CharacterClass.CAPITAL: 1,
    }
    assert found.common[0] == ("ab1", 3)
    assert dict(found.common)["1 X"] == 1
    assert found.positions == 11
    assert found.conditional <= found.unigram


@pytest.mark.parametrize(
    ("text", "m", "warning"),
    [
        (PLAY, 2, "only"),
        (PLAY * 60, 2, None),
        ("a" * 3000 + "bc" * 400, 1, "one character is 79%"),
        ("".join(map(chr, range(0x4E00, 0x4E00 + 700))) * 5, 1, "different characters"),
        (
            "".join(chr(97 + i) for i in np.random.default_rng(0).integers(0, 26, 3000)),
            6,
            "shorter",
        ),
    ],
)
def test_warnings(text: str, m: int, warning: str | None) -> None:
    found = " / ".join(facts(text, m).warnings)
    assert (warning in found) if warning else not found


def test_baselines_of_a_dataset_are_those_of_the_baselines() -> None:
    corpus = Corpus.from_text(PLAY * 5)
    size, cut = len(corpus.vocabulary), int(0.9 * len(corpus))
    training, held_out = corpus.codes[:cut], corpus.codes[cut:]
    table = count_ngrams(training, size, 2)
    dataset = Dataset.prepare(corpus, context_length=2)
    lines = compare(dataset, 2, table)
    found = {line.name: line.loss for line in lines}
    assert found == {
        "uniform": baselines.uniform(size),
        "unigram": baselines.unigram(table),
        "empirical entropy": baselines.conditional_entropy(table),
        "Witten–Bell, same context": baselines.witten_bell(training, held_out, size, 3),
        "Kneser–Ney, same context": baselines.kneser_ney(training, held_out, size, 3),
        "Kneser–Ney, best order": baselines.kneser_ney(
            training, held_out, size, best_order(RunningText(training, size))
        ),
    }
    assert [line.loss for line in lines] == sorted(found.values(), reverse=True)
    assert len(compare(Dataset.prepare(corpus, held_out=0), 2, table)) == 3


def test_where_nothing_is_held_out_no_baseline_is_measured_there() -> None:
    text = Corpus.from_text((PLAY * 5)[:49])
    dataset = TrainingSettings(held_out=1).prepare(text)  # less than half a character
    assert dataset.held_out is None
    counted = dataset.count(3)
    assert counted.held_out is None
    names = {line.name for line in compare(dataset, 3, counted.training)}
    assert names == {"uniform", "unigram", "empirical entropy"}


def test_costs_in_words() -> None:
    hint = CostHint(Corpus.from_text(PLAY))
    text = hint.describe(TrainingSettings(context_length=2, embedding_size=3))
    size = len(hint.corpus.vocabulary)
    assert f"{size * 3 * 3:,} parameters" in text
    assert "ms a step" in text
