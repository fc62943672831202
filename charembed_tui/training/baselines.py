"""Losses of simpler models on the same text, to compare with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model.dataset import Dataset

if TYPE_CHECKING:
    from model.ngrams import NgramTable

_LONGEST_TEXT = 20_000_000  # characters that n-gram models are made of; beyond, they take minutes
_LONGEST_ORDER = 9


@dataclass(frozen=True)
class Baseline:
    """A simpler model's loss in nats per character; `short` names it on the plot."""

    name: str
    short: str
    loss: float


def compare(dataset: Dataset, context_length: int, table: NgramTable) -> tuple[Baseline, ...]:
    """The lines for a text, whose training part is counted in the table, worst first.

    The n-gram models see the same context as the log-bilinear one and are measured on the held-out
    text; where nothing is held out, or the text is very long, there are none.
    """
    from model import baselines  # with scipy: not at start-up

    lines = [
        Baseline("uniform", "uniform", baselines.uniform(len(dataset.vocabulary))),
        Baseline("unigram", "unigram", baselines.unigram(table)),
        Baseline("empirical entropy", "empirical", baselines.conditional_entropy(table)),
    ]
    order = context_length + 1
    fits = len(dataset.corpus) <= _LONGEST_TEXT and order <= _LONGEST_ORDER
    if fits and dataset.held_out is not None:
        texts = dataset.training, dataset.held_out
        size = len(dataset.vocabulary)
        lines += [
            Baseline("Witten–Bell", "W–B", baselines.witten_bell(*texts, size, order)),
            Baseline("Kneser–Ney", "K–N", baselines.kneser_ney(*texts, size, order)),
        ]
    return tuple(sorted(lines, key=lambda line: -line.loss))
