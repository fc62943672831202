"""Rows of text that change many times a second: Textual's general texts cost thrice as much."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from charembed_tui.widgets.strips import StripWidget


class Line(StripWidget):
    """Widgets one row high build on this one; what is too long ends in an ellipsis."""

    DEFAULT_CSS = "Line { height: 1; }"

    @abstractmethod
    def segments(self, width: int) -> Sequence[Segment]:
        """Return what stands on a row of this many cells; only styles beyond the widget's own."""

    def render_line(self, y: int) -> Strip:
        """Return the row."""
        width = self.size.width
        return _strip(() if y else self.segments(width), width, self.own_style)


class Lines(StripWidget):
    """As many of the given rows are drawn as fit, and only those that change anew."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._rows: Sequence[Sequence[Segment]] = ()

    @property
    def text(self) -> str:
        """What the rows say, without colours."""
        return "\n".join("".join(segment.text for segment in row) for row in self._rows)

    def show(self, rows: Sequence[Sequence[Segment]]) -> None:
        """Put other rows in their place."""
        pairs = enumerate(zip_longest(self._rows, rows))
        changed = [Region(0, y, self.size.width, 1) for y, (old, new) in pairs if old != new]
        self._rows = rows
        if changed:
            self.refresh_rows(*changed)

    def render_line(self, y: int) -> Strip:
        """Return one of the rows."""
        row = self._rows[y] if y < len(self._rows) else ()
        return _strip(row, self.size.width, self.own_style)


def _strip(segments: Sequence[Segment], width: int, style: Style) -> Strip:
    """Lay segments on a row of cells, whose style they are on."""
    length = sum(segment.cell_length for segment in segments)
    if length > width:
        strip = Strip([*Strip(segments).crop(0, max(0, width - 1)), Segment("…")])
        return strip.adjust_cell_length(width).apply_style(style)
    laid = [Segment(text, style + own if own else style) for text, own, _ in segments]
    if length < width:
        laid.append(Segment(" " * (width - length), style))
    return Strip(laid, width)
