"""Sets of hyperparameters worth starting from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from charembed_tui.settings.training_settings import TrainingSettings
from model.families.ensemble.settings import AUTO, OFF

_VERY_LITTLE, _LITTLE = 60_000, 400_000  # characters
# Up to so many characters: dropout and weight decay. Five minutes see each of ten million two or
# three times: there more decay costs 0.002, on a megabyte it brings 0.05.
_REGULARIZATION = (
    (3e6, 0.4, 0.3),
    (1e7, 0.3, 0.05),
    (3e7, 0.1, 0.05),
    (math.inf, 0.0, 0.05),
)


@dataclass(frozen=True)
class Preset:
    """A preset is a named choice, which may depend on how many characters the text has.

    It changes the model and the optimizer; held-out share, minimum count and seed stay.

    Attributes:
        name: for people.
        option: by which it is chosen on a command line.
        apply: gives the settings, from those before and the number of characters.
    """

    name: str
    option: str
    apply: Callable[[TrainingSettings, int], TrainingSettings]


def _source(now: TrainingSettings, _: int) -> TrainingSettings:
    """Choose as in the blog post that this laboratory grew out of."""
    return replace(
        now,
        model="log-bilinear",
        context_length=3,
        embedding_size=5,
        prior=0.0,
        optimizer="SFO",
        minibatches=0,
        history_terms=6,
        mix_ngrams=OFF,
        cache=OFF,
    )


def _fast(now: TrainingSettings, _: int) -> TrainingSettings:
    """Choose two components, so that the picture shows all there is."""
    return replace(
        now,
        model="log-bilinear",
        context_length=2,
        embedding_size=2,
        optimizer="auto",
        mix_ngrams=OFF,
        cache=OFF,
    )


def _best(now: TrainingSettings, characters: int) -> TrainingSettings:
    """Choose for the lowest held-out loss that five minutes reach, as measured within texts.

    Counts and a cache go with a network everywhere. A short text is soon learned by heart: a
    smaller network sees it some dozen times. Of a long one five minutes see a part, and dropout
    would only slow that down.
    """
    network = replace(
        now.with_family("network"),
        layers=1,
        activation="relu",
        optimizer="auto",
        batch=0,
        learning_rate=0.0,
        weight_decay=-1.0,
        clip=0.0,
        anneal_seconds=300.0,
        patience=0.0,
        mix_ngrams=AUTO,
        cache=AUTO,
    )
    if characters < _LITTLE:
        # On 18,000 characters 1,000 steps were better than 500, and 2,000 no better.
        steps = round(1000 * math.sqrt(max(characters, 1000) / 18_000))
        small = replace(network, embedding_size=16, anneal_steps=steps, dropout=0.5)
        if characters < _VERY_LITTLE:
            return replace(small, context_length=5, hidden=256)
        return replace(small, context_length=6, hidden=512)
    dropout, decay = next(
        (share, decay) for most, share, decay in _REGULARIZATION if characters <= most
    )
    return replace(network, hidden=1536, dropout=dropout, weight_decay=decay, anneal_steps=0)


PRESETS = (
    Preset("the source's", "source", _source),
    Preset("fast look", "fast-look", _fast),
    Preset("best text", "best-text", _best),
)


def find(option: str) -> Preset:
    """The preset that a command line names; one of `OPTIONS`."""
    return next(preset for preset in PRESETS if preset.option == option)


OPTIONS = tuple(preset.option for preset in PRESETS)
