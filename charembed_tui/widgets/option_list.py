"""Textual's list, which cannot turn pages while it has no room for a line."""

from __future__ import annotations

from contextlib import suppress
from typing import Literal

from textual.widgets import OptionList as TextualOptionList


class OptionList(TextualOptionList):
    """This list stays on its page where there is no room to turn it."""

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        with suppress(KeyError, IndexError):  # no line is laid out
            super()._move_page(direction)
