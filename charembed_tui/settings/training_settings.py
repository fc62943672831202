"""What a person can choose about a training run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from charembed_tui.settings.fields import Checked, Choice, Field, Number
from model.families.log_bilinear.shape import LogBilinear
from model.optimizers import registry

# Name -> the settings that only some optimizers have.
OPTIMIZERS: dict[str, tuple[str, ...]] = {
    name: registry.own_settings(name) for name in registry.names()
}
OPTIMIZER_SETTINGS = ("optimizer", *sorted({x for own in OPTIMIZERS.values() for x in own}))


@dataclass(frozen=True)
class TrainingSettings(Checked):
    """Choices for one training run.

    Attributes:
        context_length: how many characters the model sees (M).
        embedding_size: components of a character's embedding (H).
        optimizer: one of `OPTIMIZERS`.
        minibatches: how many subfunctions SFO deals the text out to (N), at most one a context;
            0 for the number that serves it best.
        history_terms: pairs of step and gradient change kept, by SFO for each minibatch.
        learning_rate: of Adam and SGD; 0 for the optimizer's own default.
        held_out: percent of the text, at its end, that is never trained on but measured.
        minimum_count: characters that occur less often are one symbol; 1 keeps all.
        seed: of the starting parameters, the dealing and all of the optimizer's choices.

    Raises:
        SettingsError: a value is out of its range.
    """

    # The upper bounds are where a terminal laboratory ends, not the model: beyond them a step
    # takes longer than anybody watches.
    FIELDS: ClassVar[dict[str, Field]] = {
        "context_length": Number("context length", 1, 32),
        "embedding_size": Number("embedding size", 2, 512),
        "optimizer": Choice("optimizer", tuple(OPTIMIZERS)),
        "minibatches": Number("minibatches", 1, 1000, word="auto"),
        "history_terms": Number("history terms", 1, 50),
        "learning_rate": Number("learning rate", 1e-9, 100, float, word="auto"),
        "held_out": Number("held out, %", 0, 90),
        "minimum_count": Number("minimum count", 1, 10**9),
        "seed": Number("seed", 0, 2**32 - 1),
    }

    context_length: int = 3
    embedding_size: int = 5
    optimizer: str = "auto"
    minibatches: int = 0
    history_terms: int = 6
    learning_rate: float = 0.0
    held_out: int = 10
    minimum_count: int = 1
    seed: int = 0

    def chosen_optimizer(self, contexts: int, vocabulary_size: int) -> str:
        """The optimizer; what "auto" stands for on a text with so many different contexts."""
        return registry.chosen(self.optimizer, contexts, vocabulary_size)

    def optimizer_options(self) -> dict[str, Any]:
        """The settings that belong to the optimizer, for `model.optimizers.registry`."""
        return {name: getattr(self, name) for name in OPTIMIZERS[self.optimizer]}

    def model(self, vocabulary_size: int) -> LogBilinear:
        """The model these settings describe, for a text with V different characters."""
        return LogBilinear(vocabulary_size, self.context_length, self.embedding_size)


def belongs(name: str, optimizer: str) -> bool:
    """Whether a setting means anything to an optimizer."""
    return name not in OPTIMIZER_SETTINGS or name in ("optimizer", *OPTIMIZERS[optimizer])


def changed(settings: TrainingSettings) -> dict[str, str]:
    """What differs from the defaults, as shown, without what the optimizer does not use."""
    default = TrainingSettings()
    return {
        name: field.shown(getattr(settings, name))
        for name, field in settings.FIELDS.items()
        if getattr(settings, name) != getattr(default, name) and belongs(name, settings.optimizer)
    }
