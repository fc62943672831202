"""No control character of a text reaches the terminal, whichever widget draws it."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from charembed_tui.text.glyphs import DISTURBING


class PrintableFilter(LineFilter):
    """This filter is the last line, behind `text/glyphs.py`, which makes foreign texts printable.

    What it takes away has no width in Textual's layout, so that rows stay as long as they are.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without what disturbs a terminal."""
        if not any(DISTURBING.search(segment.text) for segment in segments):
            return segments
        return [Segment(DISTURBING.sub("", text), style, c) for text, style, c in segments]
