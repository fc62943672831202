"""The help screen: all keys, and what there is to see."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

KEYS = (
    ("space", "start or pause training"),
    ("n", "take one step"),
    ("r", "reset: start again with the settings shown"),
    ("x  X", "next / previous component on the horizontal axis"),
    ("y  Y", "the same on the vertical axis"),
    ("g", "generate 300 characters after the prompt"),
    ("o", "choose another text"),
    ("e", "export vectors, losses and the recording to a folder"),
    ("1  2  3", "on small screens: setup, watch, write"),
    ("tab", "next field or pane; esc leaves a field"),
    ("ctrl+p", "command palette"),
    ("q", "quit"),
)
STORY = (
    "The computer reads a text in windows of a few characters and learns to guess the next "
    "one. For that it gives every character a place, its embedding: characters that are used "
    "alike move together. The loss is its surprise at each character of the text, in nats: "
    "the lower, the better it knows the text."
)


class HelpScreen(ModalScreen[None]):
    """Closes with the keys that opened it, or esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close"),
    ]

    def compose(self) -> ComposeResult:
        """A table of keys under a short story."""
        table = Table.grid(padding=(0, 2))
        for key, meaning in KEYS:
            table.add_row(Text(key, style="bold"), meaning)
        with VerticalScroll(id="help") as box:
            box.border_title = "Help"
            box.border_subtitle = "esc closes"
            yield Static(STORY, id="help-story")
            yield Static(table)
