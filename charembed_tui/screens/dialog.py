"""What all dialogs share: a titled box in the middle that esc closes, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from inspect import unwrap
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import events, work
from textual._callback import invoke
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.command import CommandList, CommandPalette
from textual.css.query import NoMatches
from textual.errors import NoWidget
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from charembed_tui.widgets.option_list import PaletteList

Result = TypeVar("Result")
if TYPE_CHECKING:
    _Mixin = Screen[Any]
else:
    _Mixin = object  # Textual's styles follow a class's first base, if that is a widget


@contextmanager
def _unless_closed(screen: Screen[Any]) -> Iterator[None]:
    """What is done to a screen that was closed meanwhile may miss widgets that went before it."""
    try:
        yield
    except (NoMatches, NoWidget):
        if not screen._pruning:
            raise


class _ClosedOnce(_Mixin):
    """This mixin closes its own screen only: Textual would close whatever is in front.

    Keys and clicks that were waiting when it closed still reach it, and so do timers. One that is
    closed at once is even composed without widgets, and then mounted.
    """

    async def _dispatch_message(self, message: Message) -> None:
        with _unless_closed(self):
            await super()._dispatch_message(message)

    def call_next(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Have something called after what is being done, timers' calls included."""

        async def call() -> None:
            with _unless_closed(self):
                await invoke(callback, *args, **kwargs)

        super().call_next(call)

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close, unless that has happened."""
        if self.is_attached and self.app.screen is self:
            return super().dismiss(result)
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
    """Textual's command palette, kept from failing in three ways.

    Its list is in haste (see `PaletteList`), a search goes on after it was closed, and looks for
    what shows what was found, and a click may be where the window has ended meanwhile.
    """

    def compose(self) -> ComposeResult:
        """Compose Textual's palette with a list of ours."""
        for widget in super().compose():
            yield PaletteList() if type(widget) is CommandList else widget

    def _on_click(self, event: events.Click) -> None:  # type: ignore[override]
        event.prevent_default()  # Textual would call the base class's handler as well
        with suppress(NoWidget):
            super()._on_click(event)

    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP)
    async def _gather_commands(self, search_value: str) -> None:
        with _unless_closed(self):
            await unwrap(CommandPalette._gather_commands)(self, search_value)
