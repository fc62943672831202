"""Losses of simpler models on the same text, to compare with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from charembed_tui.settings.training_settings import TrainingSettings
from model.corpus import Corpus

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


def reference_lines(
    corpus: Corpus, settings: TrainingSettings, table: NgramTable
) -> tuple[Baseline, ...]:
    """The lines for a text, whose training part is counted in the table, worst first.

    The n-gram models see the same context as the log-bilinear one and are measured on the held-out
    text; where nothing is held out, or the text is very long, there are none.
    """
    from model import baselines  # with scipy: not at start-up

    lines = [
        Baseline("uniform", "uniform", baselines.uniform(len(corpus.vocabulary))),
        Baseline("unigram", "unigram", baselines.unigram(table)),
        Baseline("empirical entropy", "empirical", baselines.conditional_entropy(table)),
    ]
    share = settings.held_out / 100
    training = int((1 - share) * len(corpus))
    order = settings.context_length + 1
    fits = len(corpus) <= _LONGEST_TEXT and order <= _LONGEST_ORDER
    if fits and settings.context_length + 2 <= training < len(corpus):
        texts = corpus.codes[:training], corpus.codes[training:]
        size = len(corpus.vocabulary)
        lines += [
            Baseline("Witten–Bell", "W–B", baselines.witten_bell(*texts, size, order)),
            Baseline("Kneser–Ney", "K–N", baselines.kneser_ney(*texts, size, order)),
        ]
    return tuple(sorted(lines, key=lambda line: -line.loss))
