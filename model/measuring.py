"""What whole texts cost under a model, the characters it does not know included."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Self

import numpy as np

from model.corpus import RARE, Corpus
from model.evaluation import losses_of
from model.families.base import Predictor

_CHARACTERS = 0x110000 - 0x800  # of Unicode, surrogates left out


@dataclass(frozen=True)
class Measured:
    """The surprise at a text. Every character counts, the first ones too.

    A character that the model does not know is charged for as if it were spelled out: an escape,
    whose probability is u = V / (n + V) for a vocabulary of V characters seen in n characters of
    training (what Witten and Bell's method C gives to the unseen; the text that is measured has no
    say in it), and then one of all the characters of Unicode that are not in the vocabulary, each
    as likely as the other. In return every known character costs -ln(1 - u) more. Where rare
    characters were merged into one symbol, that symbol is the escape, and its own probability
    counts.

    Attributes:
        name: of the text.
        characters: how many it has.
        unknown: how often each character came that the model does not know.
        known_nats: the surprise at all the others, without any charge.
        nats: the surprise at all characters, with the charges.
        bytes: of the text in UTF-8.
    """

    name: str
    characters: int
    known_nats: float
    nats: float
    bytes: int
    unknown: Mapping[str, int] = field(default_factory=dict)

    @property
    def unknown_count(self) -> int:
        """How many characters the model does not know."""
        return sum(self.unknown.values())

    @property
    def known(self) -> int:
        """How many characters the model knows."""
        return self.characters - self.unknown_count

    @property
    def nats_per_known(self) -> float | None:
        """Mean loss on the known characters; None where there are none."""
        return self.known_nats / self.known if self.known else None

    @property
    def nats_per_character(self) -> float:
        """Mean loss on all characters, with the charges."""
        return self.nats / self.characters

    @property
    def bits_per_byte(self) -> float:
        """What a compressor with this model would make of a byte, in bits."""
        return self.nats / math.log(2) / self.bytes

    def with_name(self, name: str) -> Self:
        """The same under another name."""
        return type(self)(
            name, self.characters, self.known_nats, self.nats, self.bytes, self.unknown
        )

    def __add__(self, other: Measured) -> Measured:
        return Measured(
            self.name,
            self.characters + other.characters,
            self.known_nats + other.known_nats,
            self.nats + other.nats,
            self.bytes + other.bytes,
            Counter(self.unknown) + Counter(other.unknown),
        )


def measure(
    predictor: Predictor,
    corpus: Corpus,
    vocabulary: Sequence[str],
    trained_on: int,
    *,
    has_merged: bool = False,
) -> Measured:
    """The surprise of a model at a text.

    Args:
        predictor: the model at some parameters.
        corpus: the text.
        vocabulary: the model's V characters, in the order of their codes.
        trained_on: n, how many characters of text the vocabulary was seen in.
        has_merged: whether U+FFFD in the vocabulary stands for merged rare characters.
    """
    size = len(vocabulary)
    escapes = has_merged and RARE in vocabulary
    rare = vocabulary.index(RARE) if escapes else size
    counts = corpus.counts().tolist()
    known = set(vocabulary) - ({RARE} if escapes else set())
    unknown = {
        character: count
        for character, count in zip(corpus.vocabulary, counts, strict=True)
        if character not in known
    }
    sequences = corpus.recoded(vocabulary, rare)
    losses = losses_of(predictor, sequences)
    is_known = sequences.codes != rare
    known_nats = float(losses[is_known].sum())
    spelled = math.log(_CHARACTERS - len(known))
    if escapes:
        charge = float(losses[~is_known].sum())
    else:
        escape = size / (trained_on + size)
        strangers = len(losses) - int(np.count_nonzero(is_known))
        charge = -strangers * math.log(escape)
        charge -= (len(losses) - strangers) * math.log1p(-escape)
    charge += sum(unknown.values()) * spelled
    one = 1 if corpus.reading.is_bytes else 0
    size_in_bytes = sum(
        count * (one or len(character.encode()))
        for character, count in zip(corpus.vocabulary, counts, strict=True)
    )
    return Measured(
        corpus.name, len(corpus), known_nats, known_nats + charge, size_in_bytes, unknown
    )


def in_all(each: Sequence[Measured], name: str) -> Measured:
    """The sum of at least one."""
    return reduce(Measured.__add__, each).with_name(name)
