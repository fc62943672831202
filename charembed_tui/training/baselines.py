"""Losses of simpler models on the same text, to compare with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model.dataset import Dataset
from model.memory import available_bytes
from model.sequences import Sequences

if TYPE_CHECKING:
    from model.ngrams import NgramTable

_LONGEST_TEXT = 20_000_000  # characters that n-gram models are made of; beyond, they take minutes
# Characters of which the best order is sought: all orders together take 2 s a million.
_LONGEST_TO_SEEK = 4_000_000
_BYTES_PER_CHARACTER = 350  # while it is sought, and less for one order
_SHARE = 0.5  # of what is available: training begins at the same time
_LONGEST_ORDER = 9


@dataclass(frozen=True)
class Baseline:
    """A simpler model's loss on the text.

    Attributes:
        name: of the model.
        short: the same on the plot.
        loss: in nats per character.
        is_honest: whether it tells how good a model of this text could be.
    """

    name: str
    short: str
    loss: float
    is_honest: bool = False


def compare(dataset: Dataset, context_length: int, table: NgramTable) -> tuple[Baseline, ...]:
    """The lines for a text, whose training part is counted in the table, worst first.

    The n-gram models see the same context as the log-bilinear one and are measured on the held-out
    text; where nothing is held out, or the text is very long, or takes more memory than there is,
    there are none. Beside them stands Kneser-Ney of the order that is best for this text, chosen on
    parts of the training text.
    """
    from model import baselines  # with scipy: not at start-up

    lines = [
        Baseline("uniform", "uniform", baselines.uniform(len(dataset.vocabulary))),
        Baseline("unigram", "unigram", baselines.unigram(table)),
        Baseline("empirical entropy", "empirical", baselines.conditional_entropy(table)),
    ]
    characters, available = len(dataset.corpus), available_bytes()
    fits = available is None or _BYTES_PER_CHARACTER * characters <= _SHARE * available
    if dataset.held_out is not None and characters <= _LONGEST_TEXT and fits:
        texts = dataset.training, dataset.held_out
        lines += _of_ngrams(*texts, len(dataset.vocabulary), context_length)
    return tuple(sorted(lines, key=lambda line: -line.loss))


def _of_ngrams(
    training: Sequences, held_out: Sequences, size: int, context_length: int
) -> list[Baseline]:
    """N-grams with the same context, and of the best order, on a held-out text."""
    from model import baselines
    from model.families.ngrams.limits import LONGEST
    from model.families.ngrams.order import best_order
    from model.running_text import RunningText

    texts, lines = (training, held_out, size), []
    same = context_length + 1
    best = None
    if len(training) <= _LONGEST_TO_SEEK:
        best = best_order(RunningText.of(training, size, LONGEST - 1))
    if same <= _LONGEST_ORDER:
        loss = baselines.witten_bell(*texts, same)
        lines.append(Baseline("Witten–Bell, same context", f"W–B {same}", loss))
    if same <= _LONGEST_ORDER and same != best:
        loss = baselines.kneser_ney(*texts, same)
        lines.append(Baseline("Kneser–Ney, same context", f"K–N {same}", loss, is_honest=True))
    if best is not None:
        loss = baselines.kneser_ney(*texts, best)
        lines.append(Baseline("Kneser–Ney, best order", f"K–N {best} best", loss, is_honest=True))
    return lines
