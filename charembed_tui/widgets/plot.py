"""A widget that shows a plotext figure in the colours of the theme.

plotext has one master figure for the whole process, so figures are built on the interface's
thread only, one after another.
"""

from __future__ import annotations

import re
import time
from abc import abstractmethod
from typing import Any, ClassVar

import plotext
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from charembed_tui.glyphs import glyph, width

plotext.terminal.limit(False, False)  # the widget knows its size, whatever the terminal's is

_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
_REST = 4.0  # times as long as building a figure took, before the next one is built
_FIRST_INK = 16  # plotext colours from here on stand for our own styles
# Characters of this private area stand for glyphs until the frame is complete: plotext counts
# every character as one cell, so wide ones would shift what is right of them.
_FIRST_PLACEHOLDER = 0xF0000
_PLACEHOLDERS = 0xFFFE


def placeholder(index: int) -> str:
    """A character that stands for the glyph with this index while plotext draws."""
    return chr(_FIRST_PLACEHOLDER + index % _PLACEHOLDERS)


def marker(symbol: str, ink: int) -> Any:
    """A plotext marker drawn in one of the widget's inks."""
    return plotext.marker(symbol, _FIRST_INK + ink)


class Plot(Widget):
    """Base of plots: subclasses draw a figure and name the component classes of their inks."""

    DEFAULT_CSS = """
    Plot { height: 1fr; width: 1fr; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"plot--frame"}
    INKS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._strips: list[Strip] | None = None
        self._glyphs: tuple[str, ...] = ()
        self._building_seconds = 0.0
        self._built = 0.0
        self._postponed = False

    @abstractmethod
    def draw(self, figure: Any, width: int, height: int) -> None:
        """Draw on a cleared, colourless figure of the right size."""

    def redraw(self) -> None:
        """Show changed data at the next refresh, or later where drawing takes long.

        A figure of thousands of characters may take a fifth of the interface's time, not more.
        """
        if self._postponed:
            return
        wait = self._built + _REST * self._building_seconds - time.monotonic()
        if wait <= 0:
            self._redraw_now()
        else:
            self._postponed = True
            self.set_timer(wait, self._redraw_now)

    def _redraw_now(self) -> None:
        self._postponed = False
        self._strips = None
        self.refresh()

    def notify_style_update(self) -> None:
        """Colours changed with the theme."""
        super().notify_style_update()
        self._strips = None

    def render_line(self, y: int) -> Strip:
        """A line of the figure, built when the first is asked for."""
        size = self.size
        if self._strips is None or len(self._strips) != size.height:
            self._strips = self._build(size.width, size.height)
        strip = self._strips[y] if y < len(self._strips) else Strip.blank(size.width)
        if strip.cell_length != size.width:
            self._strips = self._build(size.width, size.height)
            strip = self._strips[y]
        return strip.apply_style(self.rich_style)

    def _build(self, width: int, height: int) -> list[Strip]:
        if width < 1 or height < 1:
            return []
        began = time.monotonic()
        figure = plotext.figure
        figure.clear()
        figure.theme("colorless")
        figure.plot_size(width, height)
        self.draw(figure, width, height)
        frame = self.get_component_rich_style("plot--frame", partial=True)
        inks = [self.get_component_rich_style(name, partial=True) for name in self.INKS]
        lines = figure.build().string().split("\n")
        strips = [_strip(line, self._glyphs, frame, inks, width) for line in lines[:height]]
        self._built = time.monotonic()
        self._building_seconds = self._built - began
        return strips + [Strip.blank(width)] * (height - len(strips))


def _strip(
    line: str, glyphs: tuple[str, ...], frame: Style, inks: list[Style], cells: int
) -> Strip:
    """One line of plotext's output with our styles and glyphs, exactly `cells` wide."""
    segments: list[Segment] = []
    style = frame
    skip = 0  # cells that a wide glyph has taken already
    for number, part in enumerate(_ESCAPE.split(line)):
        if number % 2:  # an escape sequence: a colour, or its end
            codes = part.split(";")
            ink = int(codes[2]) - _FIRST_INK if codes[0] == "38" and len(codes) > 2 else -1
            style = inks[ink] if 0 <= ink < len(inks) else frame
            continue
        text = ""
        for character in part:
            if skip:
                skip -= 1
                continue
            index = ord(character) - _FIRST_PLACEHOLDER
            if 0 <= index < len(glyphs):
                text += glyph(glyphs[index])
                skip = width(glyphs[index]) - 1
            else:
                text += character
        if text:
            segments.append(Segment(text, style))
    return Strip(segments).adjust_cell_length(cells)
