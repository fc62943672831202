"""Isolate: one class of characters, or some of one's choice, alone on the map."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static
from textual.widgets.option_list import Option

from charembed_tui.screens.dialog import Dialog
from charembed_tui.text.glyphs import glyph
from charembed_tui.text.selection import Selection, classes, selected
from charembed_tui.widgets.option_list import OptionList
from model.errors import SettingsError

_EXAMPLES = 24
EVERYTHING = "everything"


class IsolateScreen(Dialog[Selection]):
    """Classes are listed under a field for characters; the result is what to show alone.

    Args:
        vocabulary: the characters there are.
    """

    def __init__(self, vocabulary: tuple[str, ...]) -> None:
        super().__init__()
        self._vocabulary = vocabulary
        self._choices = [
            Selection(EVERYTHING, frozenset(range(len(vocabulary)))),
            *classes(vocabulary).values(),
        ]

    def compose(self) -> ComposeResult:
        """Yield a field and the classes."""
        with Vertical(classes="dialog", id="isolate") as box:
            box.border_title = "Show alone"
            box.border_subtitle = "enter chooses, esc leaves"
            yield OptionList(*map(self._option, self._choices), compact=True)
            yield Input(placeholder="or type characters: aeiou", compact=True)
            yield Static("", id="isolate-note", classes="error")

    def _option(self, choice: Selection) -> Option:
        examples = "".join(glyph(self._vocabulary[i]) for i in sorted(choice.codes)[:_EXAMPLES])
        more = "…" if len(choice.codes) > _EXAMPLES else ""
        return Option(Text(f"{choice.name:<14}{len(choice.codes):>5,}  {examples}{more}"))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            self.dismiss(selected(self._vocabulary, event.value))
        except SettingsError as error:
            self.query_one("#isolate-note", Static).update(Text(str(error)))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._choices[event.option_index])
