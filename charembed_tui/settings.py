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
        minibatches: how many subfunctions the text is dealt out to (N).
        history_terms: pairs of step and gradient change SFO keeps for each of them.
        held_out: percent of the text, at its end, that is never trained on but measured.
        seed: of the starting parameters, the dealing and all of the optimizer's choices.

    Raises:
        SettingsError: a value is out of its range.
    """

    context_length: int = 3
    embedding_size: int = 5
    minibatches: int = 10
    history_terms: int = 6
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
RANGES: dict[str, tuple[str, int, int]] = {
    "context_length": ("context length", 1, 32),
    "embedding_size": ("embedding size", 2, 512),
    "minibatches": ("minibatches", 1, 1000),
    "history_terms": ("history terms", 1, 50),
    "held_out": ("held out, %", 0, 90),
    "seed": ("seed", 0, 2**32 - 1),
}


def check(name: str, value: Any) -> int:
    """A setting's value as an integer in its range.

    Args:
        name: a field of `TrainingSettings`.
        value: an integer, or text as somebody typed it.

    Raises:
        SettingsError: it is no whole number, or out of range.
    """
    label, least, most = RANGES[name]
    try:
        number = int(value.strip()) if isinstance(value, str) else int(value)
    except (ValueError, OverflowError):
        raise SettingsError(f"{label}: write a whole number") from None
    if not least <= number <= most:
        raise SettingsError(f"{label}: from {least:,} to {most:,}")
    return number
