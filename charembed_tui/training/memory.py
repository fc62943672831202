"""Whether settings fit in memory, before anything is allocated."""

from __future__ import annotations

from dataclasses import replace

from charembed_tui.exhaustion import USED_UP, is_exhaustion
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.cost_hint import CostHint
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
from model.errors import SettingsError
from model.memory import available_bytes, resident_bytes

_SHARE = 0.9  # of what is available
MOST_CHECKPOINT_BYTES = 4 << 30  # more is not read back


def reason(error: Exception) -> str:
    """What an error says; where memory is used up, what to do."""
    return USED_UP if is_exhaustion(error) else str(error)


def require_memory(
    corpus: Corpus, settings: TrainingSettings, trajectory: Trajectory | None = None
) -> None:
    """Refuse settings that cannot fit.

    Args:
        corpus: the text.
        settings: of the run.
        trajectory: what it is recorded in.

    Raises:
        SettingsError: with the estimate, and what would fit.
    """
    hint = CostHint(corpus, trajectory)
    if hint.size(settings.make_model(len(corpus.vocabulary)).context_length).positions < 2:
        return
    state = hint.state_bytes(settings)
    if state > MOST_CHECKPOINT_BYTES:
        raise SettingsError(
            f"The optimizer would keep {state / 1e9:,.1f} GB, more than a checkpoint may hold "
            f"({MOST_CHECKPOINT_BYTES / 1e9:,.1f} GB): choose fewer minibatches or history terms."
        )
    available = available_bytes()
    if available is None:
        return
    resident = resident_bytes()
    limit = _SHARE * available + resident
    # What the program has already is part of the estimate, but for the interface and what that has.
    more = max(0, resident - hint.present_bytes)
    needed = hint.cost(settings).bytes + more
    if needed <= limit:
        return
    shortage = f"These settings need about {_size(needed)}, and {_size(limit)} can be had"
    for length in range(settings.context_length, 0, -1):
        for size in (settings.embedding_size, 64, 16, 2):
            smaller = replace(
                settings, context_length=length, embedding_size=min(size, settings.embedding_size)
            )
            if hint.cost(smaller).bytes + more <= limit:
                raise SettingsError(
                    f"{shortage}: a context length of {length} with an embedding size of "
                    f"{smaller.embedding_size} would fit."
                )
    raise SettingsError(f"{shortage}: set a minimum count, which merges rare characters.")


def _size(count: float) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
