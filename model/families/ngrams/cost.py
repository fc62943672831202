"""What n-grams cost, before anything is counted."""

from __future__ import annotations

from model.cost import Cost, TextSize

_BYTES_PER_CONTEXT = 110.0  # of a longest context with all the shorter ones that it brings along
_BYTES_PER_POSITION, _BYTES_PER_CHARACTER = 24, 8  # while windows are counted
_SECONDS_PER_CONTEXT = 3e-6


def ngram_cost(text: TextSize) -> Cost:
    """What counting takes, and one evaluation of the loss, of contexts of 1 to M characters."""
    seconds = text.contexts * _SECONDS_PER_CONTEXT
    window = _BYTES_PER_POSITION + _BYTES_PER_CHARACTER * (text.context_length + 1)
    return Cost(
        0,
        text.contexts,
        seconds,
        int(text.contexts * _BYTES_PER_CONTEXT),
        counting_seconds=seconds,
        evaluation_bytes=text.positions * window,
    )
