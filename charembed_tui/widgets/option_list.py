"""Textual's lists, kept from failing where what a key or a click means is no longer there."""

from __future__ import annotations

from contextlib import suppress
from typing import Literal

from textual import events
from textual.app import ComposeResult
from textual.command import CommandList
from textual.widgets import OptionList as TextualOptionList
from textual.widgets import Select as TextualSelect
from textual.widgets._select import SelectCurrent, SelectOverlay


class _Patient(TextualOptionList):
    """This list ignores what it cannot do.

    Textual's turns pages while no line of it is laid out, and chooses the option that was under
    the mouse when it was clicked, although the options may be others by then.
    """

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        with suppress(KeyError, IndexError):
            super()._move_page(direction)

    async def _on_click(self, event: events.Click) -> None:
        event.prevent_default()  # Textual would call the base class's handler as well
        with suppress(IndexError):
            await super()._on_click(event)


class OptionList(_Patient):
    """A list of options."""


class PaletteList(CommandList, _Patient):  # Textual takes a type's name from the first base
    """The list of a command palette."""


class _SelectList(SelectOverlay, _Patient):
    """The list that a selection opens."""


class Select(TextualSelect[str]):
    """A selection of one of several texts."""

    def compose(self) -> ComposeResult:
        """Compose what is chosen, and the list."""
        yield SelectCurrent(self.prompt)
        yield _SelectList(type_to_search=self._type_to_search).data_bind(compact=Select.compact)
