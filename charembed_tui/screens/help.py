"""The help screen: all keys, and what there is to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from charembed_tui.screens.dialog import Dialog

STORY = (
    "The computer reads a text in windows of a few characters and learns to guess the next one. "
    "Each gets a place, its embedding: what is used alike moves together. The loss is the "
    "surprise at each character, in nats: the lower, the better."
)


@dataclass(frozen=True)
class KeyGroup:
    """Keys that belong together.

    Attributes:
        title: of the group.
        keys: each key as people know it, and what it does in a few words.
    """

    title: str
    keys: Sequence[tuple[str, str]]


class HelpScreen(Dialog[None]):
    """Closes with the keys that opened it, or esc.

    Args:
        columns: the groups of keys in each column.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,q", "close", "Close")]

    def __init__(self, columns: Sequence[Sequence[KeyGroup]]) -> None:
        super().__init__()
        self._columns = columns

    def compose(self) -> ComposeResult:
        """Columns of keys under a short story."""
        with VerticalScroll(id="help") as box:
            box.border_title = "Help"
            box.border_subtitle = "ctrl+p finds commands · esc closes"
            yield Static(STORY, id="help-story")
            with Horizontal(id="help-keys"):
                for column in self._columns:
                    yield Static(self._table(column))

    def _table(self, groups: Sequence[KeyGroup]) -> Table:
        table = Table.grid(padding=(0, 1))
        for group in groups:
            table.add_row("", Text(group.title, style="bold underline"))
            for key, meaning in group.keys:
                table.add_row(Text(key, style="bold"), meaning)
        return table
