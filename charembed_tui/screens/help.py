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

from charembed_tui.screens.dialog import Dialog, scroll_hint
from charembed_tui.settings.text_options import option_words

STORY = (
    "The computer reads a text in windows of a few characters and learns to guess the next one. "
    "Each gets a place, its embedding: what is used alike moves together. The loss is the "
    "surprise at each character, in nats: the lower, the better; held out is text that it does "
    "not learn from, and the star is where that surprised it least."
)
_SHORT_STORY = (
    "It learns to guess the next character. On the map, what is used alike stands "
    "together. The loss is the surprise, in nats: the lower, the better."
)
_SUBTITLE = "ctrl+p finds commands · esc closes"
TEXTS = (
    "Among files m marks several, and folders, packed ones too (gz, bz2, xz, zip); the line below "
    f"them takes {option_words()}. Encoding bytes reads anything. What takes more memory "
    "than the limit is counted as it streams by, as charembed count does."
)


@dataclass(frozen=True)
class KeyGroup:
    """A group has keys that belong together.

    Attributes:
        title: of the group.
        keys: each key as people know it, and what it does in a few words.
    """

    title: str
    keys: Sequence[tuple[str, str]]


class HelpScreen(Dialog[None]):
    """All keys are listed; it closes with those that opened it, or esc.

    Args:
        columns: the groups of keys in each column.
    """

    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,q", "close", "Close")]

    def __init__(self, columns: Sequence[Sequence[KeyGroup]]) -> None:
        super().__init__()
        self._columns = columns

    def compose(self) -> ComposeResult:
        """Yield columns of keys under a short story."""
        with VerticalScroll(id="help") as box:
            box.border_title = "Help"
            yield Static(STORY, id="help-story")
            yield Static(_SHORT_STORY, id="help-short-story")
            with Horizontal(id="help-keys"):
                for column in self._columns:
                    yield Static(self._table(column))
            yield Static(TEXTS, id="help-texts", markup=False)

    def on_mount(self) -> None:
        """Say how the rest can be seen, where there is more than fits."""
        self.hint_at_scrolling(self.query_one("#help"), self._entitle)

    def _entitle(self) -> None:
        box = self.query_one("#help")
        box.border_subtitle = scroll_hint(box) + _SUBTITLE

    def _table(self, groups: Sequence[KeyGroup]) -> Table:
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(no_wrap=True)
        for group in groups:
            table.add_row("", Text.assemble((group.title, "bold underline")))
            for key, meaning in group.keys:
                table.add_row(Text(key, style="bold"), meaning)
        return table
