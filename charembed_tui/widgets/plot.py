"""A widget that shows a plotext figure in the colours of the theme.

plotext has one master figure for the whole process, so figures are built on the interface's
thread only, one after another.
"""

from __future__ import annotations

import math
import re
import time
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from charembed_tui.glyphs import glyph, width

_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
_LABEL = 6  # cells that the labels of the vertical axis take
_BLANK = "\u2800"  # plotext drops labels of spaces
_LEAST_COLUMNS, _LEAST_ROWS = 8, 3
_REST = 4.0  # times as long as building a figure took, before the next one is built
_FIRST_INK = 16  # plotext colours from here on stand for our own styles
# Characters of this private area stand for glyphs until the frame is complete: plotext counts
# every character as one cell, so wide ones would shift what is right of them.
_FIRST_PLACEHOLDER = 0xF0000
_PLACEHOLDERS = 0xFFFE


def placeholder(index: int) -> str:
    """A character that stands for the glyph with this index while plotext draws."""
    return chr(_FIRST_PLACEHOLDER + index % _PLACEHOLDERS)


@cache
def plotext() -> Any:
    """The module, imported when the first figure is drawn: it takes a tenth of a second."""
    import plotext as module

    module.terminal.limit(False, False)  # the widget knows its size, whatever the terminal's is
    return module


@lru_cache(maxsize=1 << 14)
def marker(symbol: str, ink: int) -> Any:
    """A plotext marker drawn in one of the widget's inks; plotext copies what it is given."""
    return plotext().marker(symbol, _FIRST_INK + ink)


@dataclass(frozen=True)
class Canvas:
    """The cells inside the axes: where they begin in the widget, and how many there are."""

    left: int
    top: int
    columns: int
    rows: int

    @classmethod
    def of(cls, width: int, height: int) -> Canvas:
        """The canvas of a widget of this size, with both axes labelled."""
        return cls(_LABEL + 1, 1, width - _LABEL - 2, height - 3)

    @property
    def is_usable(self) -> bool:
        """Whether there is room to draw."""
        return self.columns >= _LEAST_COLUMNS and self.rows >= _LEAST_ROWS


@dataclass(frozen=True)
class Axis:
    """What an axis shows: from `low` to `high` over its cells, and labelled places."""

    low: float
    high: float
    ticks: Sequence[tuple[float, str]]


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
        self._styles: list[Style] | None = None  # of the frame and the inks
        self._glyphs: tuple[str, ...] = ()
        self._building_seconds = 0.0
        self._built = 0.0
        self._postponed = False

    @property
    @abstractmethod
    def has_data(self) -> bool:
        """Whether there is something to draw; else the widget stays blank."""

    @abstractmethod
    def draw(self, figure: Any, canvas: Canvas) -> tuple[Axis, Axis] | None:
        """Draw on a cleared, colourless figure; the axes, or None where nothing is in sight."""

    @property
    def canvas(self) -> Canvas:
        """The canvas at the widget's size."""
        return Canvas.of(self.size.width, self.size.height)

    def redraw(self, *, at_once: bool = False) -> None:
        """Show changed data at the next refresh, or later where drawing takes long.

        A figure of thousands of characters may take a fifth of the interface's time, not more;
        what a key has changed is drawn at once all the same.
        """
        if self._postponed and not at_once:
            return
        wait = self._built + _REST * self._building_seconds - time.monotonic()
        if at_once or wait <= 0:
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
        self._strips = self._styles = None

    def render_line(self, y: int) -> Strip:
        """A line of the figure, built when the first is asked for."""
        size = self.size
        if self._strips is None or len(self._strips) != size.height:
            self._strips = self._build(size.width, size.height)
        if self._strips[y].cell_length != size.width:
            self._strips = self._build(size.width, size.height)
        return self._strips[y]

    def _build(self, width: int, height: int) -> list[Strip]:
        canvas = Canvas.of(width, height)
        if not canvas.is_usable or not self.has_data:
            return [Strip.blank(max(width, 0), self.rich_style)] * max(height, 0)
        began = time.monotonic()
        figure = plotext().figure
        figure.clear()
        figure.theme("colorless")
        figure.plot_size(width, height)
        axes = self.draw(figure, canvas) or (Axis(0, 1, ()), Axis(0, 1, ()))
        for ruler, axis in zip((figure.ruler("x"), figure.ruler("y")), axes, strict=True):
            ruler.lim(axis.low, axis.high)
        for name, axis in zip("xy", axes, strict=True):
            labels = [
                f"{label[:_LABEL]:>{_LABEL if name == 'y' else 1}}" for _, label in axis.ticks
            ]
            places = [place for place, _ in axis.ticks]
            # An empty label keeps the room of the vertical axis where there are no ticks.
            if not places:
                places, labels = [axis.low], [_BLANK * (_LABEL if name == "y" else 1)]
            figure.ruler(name).ticks(places, labels)
        if self._styles is None:
            names = ("plot--frame", *self.INKS)
            self._styles = [self.get_component_rich_style(name, partial=True) for name in names]
        frame, *inks = self._styles
        lines = figure.build().string().split("\n")
        strips = [_strip(line, self._glyphs, frame, inks, width) for line in lines[:height]]
        strips += [Strip.blank(width)] * (height - len(strips))
        own = self.rich_style
        strips = [strip.apply_style(own) for strip in strips]
        self._built = time.monotonic()
        self._building_seconds = self._built - began
        return strips


def round_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two, at most about `most` of them."""
    if not high > low or most < 1:
        return [low]
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    stride = next(power * f for f in (1, 2, 5, 10) if power * f >= raw * 0.999)
    first = math.ceil(low / stride - 1e-9)
    last = math.floor(high / stride + 1e-9)
    return [i * stride for i in range(first, last + 1)]


def short(value: float) -> str:
    """A number in at most six characters."""
    if value == 0:
        return "0"
    size = abs(value)
    if 1e6 <= size < 1e9:
        return f"{value / 1e6:.3g}M"
    if 1e4 <= size < 1e6:
        return f"{value / 1e3:.4g}k"
    if 1e-3 <= size < 1e4:
        return f"{value:.4g}"[:_LABEL]
    return f"{value:.0e}".replace("e+0", "e").replace("e-0", "e-")


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
