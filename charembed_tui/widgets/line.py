"""One row of text that changes ten times a second: Textual's general texts cost thrice as much."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip

from charembed_tui.widgets.painted import Painted


class Line(Painted):
    """Base of widgets one row high; what is too long ends in an ellipsis."""

    DEFAULT_CSS = "Line { height: 1; }"

    @abstractmethod
    def segments(self, width: int) -> Sequence[Segment]:
        """What stands on the row, for this many cells; only styles beyond the widget's own."""

    def render_line(self, y: int) -> Strip:
        """The row."""
        width, own = self.size.width, self.rich_style
        if y or not width:
            return Strip.blank(width, own)
        strip = Strip(self.segments(width))
        if strip.cell_length > width:
            strip = Strip([*strip.crop(0, width - 1), Segment("…")])
        return strip.adjust_cell_length(width).apply_style(own)
