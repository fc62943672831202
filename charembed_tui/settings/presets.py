"""Sets of hyperparameters worth starting from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from charembed_tui.settings.training_settings import TrainingSettings

_ENOUGH_FOR_A_NETWORK = 200_000  # characters


@dataclass(frozen=True)
class Preset:
    """A preset is a named choice, which may depend on how many characters the text has.

    It changes the model and the optimizer; held-out share, minimum count and seed stay.
    """

    name: str
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
    )


def _fast(now: TrainingSettings, _: int) -> TrainingSettings:
    """Choose two components, so that the picture shows all there is."""
    return replace(now, model="log-bilinear", context_length=2, embedding_size=2, optimizer="auto")


def _best(now: TrainingSettings, characters: int) -> TrainingSettings:
    """Choose for the lowest held-out loss that a few minutes reach.

    Short texts are soon learned by heart by a network.
    """
    if characters >= _ENOUGH_FOR_A_NETWORK:
        return replace(now.with_family("network"), optimizer="auto")
    return replace(now, model="log-bilinear", context_length=5, embedding_size=32, optimizer="auto")


PRESETS = (
    Preset("the source's", _source),
    Preset("fast look", _fast),
    Preset("best text", _best),
)
