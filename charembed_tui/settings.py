"""What a person can choose about a training run."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from model.errors import SettingsError
from model.log_bilinear import LogBilinear


@dataclass(frozen=True)
class TrainingSettings:
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
        seed: of the starting parameters, the dealing and all of the optimizer's choices.

    Raises:
        SettingsError: a value is out of its range.
    """

    context_length: int = 3
    embedding_size: int = 5
    optimizer: str = "scaled L-BFGS"
    minibatches: int = 0
    history_terms: int = 6
    learning_rate: float = 0.0
    held_out: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            check(field.name, getattr(self, field.name))

    def model(self, vocabulary_size: int) -> LogBilinear:
        """The model these settings describe, for a text with V different characters."""
        return LogBilinear(vocabulary_size, self.context_length, self.embedding_size)


# Name -> (label, least, most). The upper bounds are where a terminal laboratory ends, not the
# model: beyond them a step takes longer than anybody watches.
RANGES: dict[str, tuple[str, float, float]] = {
    "context_length": ("context length", 1, 32),
    "embedding_size": ("embedding size", 2, 512),
    "minibatches": ("minibatches", 0, 1000),
    "history_terms": ("history terms", 1, 50),
    "learning_rate": ("learning rate", 0, 100),
    "held_out": ("held out, %", 0, 90),
    "seed": ("seed", 0, 2**32 - 1),
}


# Name -> the settings that only some optimizers have.
OPTIMIZERS: dict[str, tuple[str, ...]] = {
    "scaled L-BFGS": ("history_terms",),
    "scaled SFO": ("minibatches", "history_terms"),
    "SFO": ("minibatches", "history_terms"),
    "L-BFGS": ("history_terms",),
    "Adam": ("learning_rate",),
    "SGD": ("learning_rate",),
}
OPTIMIZER_SETTINGS = ("optimizer", *sorted({x for own in OPTIMIZERS.values() for x in own}))
AUTOMATIC = "auto"  # how a 0 of these is shown, and may be typed
AUTOMATIC_SETTINGS = ("learning_rate", "minibatches")


def belongs(name: str, optimizer: str) -> bool:
    """Whether a setting means anything to an optimizer."""
    return name not in OPTIMIZER_SETTINGS or name in ("optimizer", *OPTIMIZERS[optimizer])


def check(name: str, value: Any) -> Any:
    """A setting's value in its type and range.

    Args:
        name: a field of `TrainingSettings`.
        value: a number, or text as somebody typed it.

    Raises:
        SettingsError: it is no number of the right kind, or out of range.
    """
    if name == "optimizer":
        if value not in OPTIMIZERS:
            raise SettingsError(f"optimizer: one of {', '.join(OPTIMIZERS)}")
        return value
    label, least, most = RANGES[name]
    kind: type[float] = float if name == "learning_rate" else int
    wanted = "write a number" if kind is float else "write a whole number"
    if name in AUTOMATIC_SETTINGS:
        wanted += f", or {AUTOMATIC}"
        if isinstance(value, str) and value.strip() == AUTOMATIC:
            return kind(0)
    try:
        number = kind(value.strip() if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        raise SettingsError(f"{label}: {wanted}") from None
    if not least <= number <= most:
        raise SettingsError(f"{label}: from {least:,} to {most:,}")
    return number


def shown(name: str, value: Any) -> str:
    """A setting's value as a field shows it; `check` reads it back."""
    return AUTOMATIC if name in AUTOMATIC_SETTINGS and not value else str(value)
