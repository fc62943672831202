"""What a text holds: characters by class, common n-grams, entropies, and what may go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charembed_tui.text.glyphs import CharacterClass, classify
from model.corpus import Corpus

if TYPE_CHECKING:
    from model.ngrams import NgramTable

_COMMON = 12
_FEW_POSITIONS = 2000
_DOMINATING = 0.5
_LARGE_VOCABULARY = 500


@dataclass(frozen=True, eq=False)
class CorpusFacts:
    """These facts are of a text that was counted at a context length; entropies are in nats.

    Attributes:
        characters: how many there are, held-out ones included.
        positions: windows of the training text.
        ngrams: different ones.
        contexts: different ones.
        classes: how many characters of each class, none left out, most frequent first.
        common: the most common n-grams with their counts.
        dominating: the most frequent character, with its share.
        unigram: entropy of single characters, nats.
        conditional: entropy given the context, by the counts: no model with these contexts can
            have a lower training loss.
        warnings: what may disappoint, each with what to do.
    """

    characters: int
    positions: int
    ngrams: int
    contexts: int
    classes: tuple[tuple[CharacterClass, int], ...]
    common: tuple[tuple[str, int], ...]
    dominating: tuple[str, float]
    unigram: float
    conditional: float
    warnings: tuple[str, ...]


def counts_only(corpus: Corpus) -> str:
    """Say that there is no text to be seen, where it was counted and let go."""
    return f"{corpus.name} {corpus.why_counts}: the text itself is not here"


def describe(corpus: Corpus, table: NgramTable) -> CorpusFacts:
    """Work out the facts of a text and the n-grams of its training part."""
    from model.baselines import conditional_entropy, unigram  # with scipy: not at start-up

    counts = corpus.counts()
    classes: dict[CharacterClass, int] = {}
    for character, count in zip(corpus.vocabulary, counts.tolist(), strict=True):
        kind = classify(character)
        classes[kind] = classes.get(kind, 0) + count
    often = table.counts.data
    top = np.argpartition(-often, min(_COMMON, len(often)) - 1)[:_COMMON]
    top = top[np.lexsort((top, -often[top]))]
    most = int(counts.argmax())
    dominating = (corpus.vocabulary[most], float(counts[most] / len(corpus)))
    return CorpusFacts(
        characters=len(corpus),
        positions=int(table.positions),
        ngrams=table.ngram_count,
        contexts=len(table.contexts),
        classes=tuple(sorted(classes.items(), key=lambda item: -item[1])),
        common=tuple(
            (corpus.decode(ngram), int(often[i]))
            for i, ngram in zip(top, table.some_ngrams(top), strict=True)
        ),
        dominating=dominating,
        unigram=unigram(table),
        conditional=conditional_entropy(table),
        warnings=tuple(_warnings(corpus, table, dominating)),
    )


def _warnings(corpus: Corpus, table: NgramTable, dominating: tuple[str, float]) -> list[str]:
    found = []
    if table.positions < _FEW_POSITIONS:
        found.append(f"only {table.positions:,} positions to learn from: choose a longer text")
    elif table.positions < 3 * len(table.contexts):
        found.append("most contexts occur once or twice: a shorter context length fits better")
    if dominating[1] > _DOMINATING:
        found.append(f"one character is {dominating[1]:.0%} of the text: the rest has little say")
    if len(corpus.vocabulary) > _LARGE_VOCABULARY:
        found.append(
            f"{len(corpus.vocabulary):,} different characters: a minimum count merges rare ones"
        )
    return found
