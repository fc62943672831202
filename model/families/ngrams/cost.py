"""What n-grams cost, before anything is counted."""

from __future__ import annotations

from model.cost import Cost

_BYTES_PER_CONTEXT = 110.0  # of a longest context with all the shorter ones that it brings along
_SECONDS_PER_CONTEXT = 3e-6


def ngram_cost(contexts: int) -> Cost:
    """What counting takes, and one evaluation of the loss, of so many longest contexts."""
    seconds = contexts * _SECONDS_PER_CONTEXT
    return Cost(0, contexts, seconds, int(contexts * _BYTES_PER_CONTEXT), counting_seconds=seconds)
