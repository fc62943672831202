"""What all dialogs share: a titled box in the middle that esc closes, once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.command import CommandList, CommandPalette
from textual.css.query import NoMatches
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from charembed_tui.widgets.option_list import PaletteList

Result = TypeVar("Result")


class _ClosedOnce:
    """This mixin closes its own screen only: Textual would close whatever is in front.

    Keys and clicks that were waiting when it closed still reach it.
    """

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close, unless that has happened."""
        if isinstance(self, Screen) and self.is_attached and self.app.screen is self:
            return Screen.dismiss(self, result)
        return AwaitComplete()


class Dialog(_ClosedOnce, ModalScreen[Result]):
    """All dialogs build on this one: they compose a container with the class `dialog`."""

    AUTO_FOCUS = "*"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close")]

    def action_close(self) -> None:
        """Leave without a result."""
        self.dismiss(None)

    def hint_at_scrolling(self, widget: Widget, hint: Callable[[], None]) -> None:
        """Have a hint given anew whenever it changes which part of a widget can be seen."""
        for bar in ("show_vertical_scrollbar", "show_horizontal_scrollbar"):
            self.watch(widget, bar, hint)


def scroll_hint(widget: Widget, *, sideways: bool = False) -> str:
    """Return the keys that show what a widget has no room for, empty where it has for all.

    Args:
        widget: that scrolls.
        sideways: whether that is worth a hint: in a table ↑ and ↓ go from row to row anyway.
    """
    if sideways:
        return "←→ more · " if widget.show_horizontal_scrollbar else ""
    return "↑↓ scroll · " if widget.show_vertical_scrollbar else ""


class Palette(_ClosedOnce, CommandPalette):
    """Textual's command palette, kept from failing in two ways.

    Its list is in haste (see `PaletteList`), and a search that ends after it was closed still
    looks for what shows what was found.
    """

    def compose(self) -> ComposeResult:
        """Compose Textual's palette with a list of ours."""
        for widget in super().compose():
            yield PaletteList() if type(widget) is CommandList else widget

    def _refresh_command_list(self, *arguments: Any) -> None:
        with suppress(NoMatches):
            super()._refresh_command_list(*arguments)

    def _watch__list_visible(self) -> None:
        with suppress(NoMatches):
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        with suppress(NoMatches):
            await super()._watch__show_busy()
