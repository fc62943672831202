"""Sizes of texts for estimates."""

from __future__ import annotations

from model.cost import TextSize


def all_different(windows: int, context_length: int = 3) -> TextSize:
    """A text in which no window repeats, however short."""
    return TextSize(windows, (1, *[windows] * (context_length + 1)))
