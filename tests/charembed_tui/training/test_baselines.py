"""The lines of simpler models: which there are, and what they are measured on."""

from __future__ import annotations

import pytest
from problems import PLAY

from charembed_tui.training import baselines
from charembed_tui.training.baselines import Baseline, compare
from model.baselines import kneser_ney
from model.corpus import Corpus
from model.dataset import Dataset
from model.families.ngrams.order import best_order
from model.running_text import RunningText

DATASET = Dataset.prepare(Corpus.from_text(PLAY * 6), held_out=0.1)


def found(context_length: int, dataset: Dataset = DATASET) -> tuple[Baseline, ...]:
    return compare(dataset, context_length, dataset.count(context_length).training)


def test_kneser_ney_of_the_same_context_stands_beside_that_of_the_best_order() -> None:
    assert DATASET.held_out is not None
    lines = found(1)
    honest = {line.name: line for line in lines if line.is_honest}
    assert list(honest) == ["Kneser–Ney, same context", "Kneser–Ney, best order"]  # worst first
    texts = DATASET.training, DATASET.held_out, len(DATASET.vocabulary)
    best = best_order(RunningText(DATASET.training.codes, len(DATASET.vocabulary)))
    assert best != 2
    same = honest["Kneser–Ney, same context"]
    assert same.short == "K–N 2"
    assert same.loss == pytest.approx(kneser_ney(*texts, 2))
    other = honest["Kneser–Ney, best order"]
    assert other.short == f"K–N {best} best"
    assert other.loss == pytest.approx(kneser_ney(*texts, best))
    assert [line.loss for line in lines] == sorted((line.loss for line in lines), reverse=True)


def test_where_both_are_of_one_order_there_is_one_line() -> None:
    best = best_order(RunningText(DATASET.training.codes, len(DATASET.vocabulary)))
    honest = [line.name for line in found(best - 1) if line.is_honest]
    assert honest == ["Kneser–Ney, best order"]


def test_without_held_out_text_or_memory_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Dataset.prepare(Corpus.from_text(PLAY), held_out=0.0)
    assert not any(line.is_honest for line in found(1, whole))
    monkeypatch.setattr(baselines, "available_bytes", lambda: 100 * len(DATASET.corpus))
    assert [line.short for line in found(1)] == ["uniform", "unigram", "empirical"]
    monkeypatch.setattr(baselines, "available_bytes", lambda: None)
    monkeypatch.setattr(baselines, "_LONGEST_TO_SEEK", 10)
    assert [line.short for line in found(1) if line.is_honest] == ["K–N 2"]
