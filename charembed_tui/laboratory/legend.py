"""The legend of the map: classes of characters in their colours, on as many rows as they need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from charembed_tui.text.glyphs import CharacterClass
from charembed_tui.widgets.strips import StripWidget

Named = tuple[CharacterClass, Style]


class Legend(StripWidget):
    """The classes that occur are named here; a click shows one of them alone."""

    DEFAULT_CSS = "Legend { height: auto; }"

    @dataclass
    class Chosen(Message):
        """A class was clicked."""

        kind: CharacterClass

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._present: list[Named] = []

    def show(self, present: list[Named]) -> None:
        """Take the classes of a text, and their colours."""
        self._present = present
        self.refresh(layout=True)

    def rows(self, width: int) -> list[list[Named]]:
        """Return the classes on each row of so many cells, none of them cut."""
        rows: list[list[Named]] = [[]]
        used = 0
        for kind, style in self._present:
            length = len(kind.value)
            if used and used + 1 + length > width:
                rows.append([])
                used = 0
            used += length + (used > 0)
            rows[-1].append((kind, style))
        return rows

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many rows there are."""
        return len(self.rows(width))

    def render_line(self, y: int) -> Strip:
        """Return a row of names."""
        width, rows = self.size.width, self.rows(self.size.width)
        segments = [
            segment
            for kind, style in (rows[y] if y < len(rows) else ())
            for segment in (Segment(kind.value, style), Segment(" "))
        ]
        return Strip(segments[:-1]).adjust_cell_length(width).apply_style(self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Choose the class under the mouse."""
        rows = self.rows(self.size.width)
        column = 0
        for kind, _ in rows[event.y] if event.y < len(rows) else ():
            if column <= event.x < column + len(kind.value):
                self.post_message(self.Chosen(kind))
                return
            column += len(kind.value) + 1
