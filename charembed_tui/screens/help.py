"""The help screen: all keys, and what there is to see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from charembed_tui.laboratory.commands import (
    COMMANDS,
    EMBEDDING,
    LOSS,
    SCREEN,
    TIME,
    TRAINING,
    WRITING,
)
from charembed_tui.screens.dialog import Dialog

STORY = (
    "The computer reads a text in windows of a few characters and learns to guess the next one. "
    "Each gets a place, its embedding: what is used alike moves together. The loss is the "
    "surprise at each character, in nats: the lower, the better."
)
_COLUMNS = ((TRAINING, LOSS), (EMBEDDING, TIME), (WRITING, SCREEN))


class HelpScreen(Dialog[None]):
    """Closes with the keys that opened it, or esc."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,q", "close", "Close")]

    def compose(self) -> ComposeResult:
        """Three columns of keys under a short story."""
        with VerticalScroll(id="help") as box:
            box.border_title = "Help"
            box.border_subtitle = "ctrl+p finds commands · esc closes"
            yield Static(STORY, id="help-story")
            with Horizontal(id="help-keys"):
                for column in _COLUMNS:
                    yield Static(self._table(column))

    def _table(self, groups: Sequence[str]) -> Table:
        table = Table.grid(padding=(0, 1))
        for group in groups:
            table.add_row("", Text(group, style="bold underline"))
            for command in COMMANDS:
                if command.group == group and command.told:
                    table.add_row(Text(command.shown, style="bold"), command.told)
        return table
