"""Whether settings fit in memory, before anything is allocated."""

from __future__ import annotations

from dataclasses import replace

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.cost_hint import CostHint
from model.corpus import Corpus
from model.errors import SettingsError
from model.texts.reading import available_bytes

_SHARE = 0.8  # of what is available
_NEVER_REFUSED = 500_000_000  # bytes
MOST_CHECKPOINT_BYTES = 4 << 30  # more is not read back


def reason(error: Exception) -> str:
    """What an error says; Python's own MemoryError says nothing."""
    return str(error) or "The memory is used up: choose smaller settings."


def require_memory(corpus: Corpus, settings: TrainingSettings) -> None:
    """Refuse settings that cannot fit.

    Raises:
        SettingsError: with the estimate, and what would fit.
    """
    available = available_bytes()
    hint = CostHint(corpus)
    if corpus.sequences.positions(settings.context_length) < 2:
        return
    state = hint.state_bytes(settings)
    if state > MOST_CHECKPOINT_BYTES:
        raise SettingsError(
            f"The optimizer would keep {state / 1e9:,.1f} GB, more than a checkpoint may hold "
            f"({MOST_CHECKPOINT_BYTES / 1e9:,.1f} GB): choose fewer minibatches or history terms."
        )
    if available is None:
        return
    needed = hint.cost(settings).bytes
    if needed <= max(_NEVER_REFUSED, _SHARE * available):
        return
    shortage = (
        f"These settings need about {needed / 1e9:,.1f} GB, and {available / 1e9:,.1f} GB are free"
    )
    for length in range(settings.context_length, 0, -1):
        for size in (settings.embedding_size, 64, 16, 2):
            smaller = replace(
                settings, context_length=length, embedding_size=min(size, settings.embedding_size)
            )
            if hint.cost(smaller).bytes <= _SHARE * available:
                raise SettingsError(
                    f"{shortage}: a context length of {length} with an embedding size of "
                    f"{smaller.embedding_size} would fit."
                )
    raise SettingsError(f"{shortage}: set a minimum count, which merges rare characters.")
