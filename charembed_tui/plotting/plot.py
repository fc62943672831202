"""A widget that shows a picture in the colours of the theme."""

from __future__ import annotations

import re
import time
from abc import abstractmethod
from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip

from charembed_tui.plotting.picture import FIRST_INK, Canvas, Glyphs, Picture, drawn
from charembed_tui.widgets.strips import StripWidget

_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
# A line as it is drawn, what its signs stand for, width and style, and where shade begins.
_Row = tuple[str, Glyphs, int, Style, int | None]
_REST = 4.0  # times as long as building a figure took, before the next one is built


class Plot(StripWidget):
    """Plots build on this one: they say what is to be seen and name the classes of their inks."""

    DEFAULT_CSS = """
    Plot { height: 1fr; width: 1fr; }
    Plot .plot--shade { background: $panel; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"plot--frame", "plot--shade"}
    INKS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._strips: list[Strip] | None = None
        self._picture: Picture | None = None  # on the strips
        self._fits = Size(0, 0)  # what the strips are for
        self._glyphs = Glyphs()
        self._building_seconds = 0.0
        self._built = 0.0
        self._postponed = False
        self._rows: dict[_Row, Strip] = {}  # of the picture on the strips, by what they are made of

    @property
    @abstractmethod
    def has_data(self) -> bool:
        """Whether there is something to draw; else the widget stays blank."""

    @abstractmethod
    def picture(self, canvas: Canvas) -> Picture:
        """Return what is to be seen now."""

    @property
    def canvas(self) -> Canvas:
        """The canvas at the widget's size."""
        return Canvas.of(self.size.width, self.size.height)

    def redraw(self, *, at_once: bool = False) -> None:
        """Show changed data, or later where drawing takes long.

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
        """Show the lines that have changed: the interpreter and slow connections thank it."""
        self._postponed = False
        before = self._strips
        if before is None or not self.region or self._fits != self.size:
            self._strips = None  # built when it is seen
            self.refresh()
            return
        after = self._build()
        changed = [
            y
            for y, (old, new) in enumerate(zip(before, after, strict=True))
            if old is not new and old != new
        ]
        if changed:
            self.refresh_rows(*(Region(0, y, self.size.width, 1) for y in changed))

    def notify_style_update(self) -> None:
        """Forget the strips: colours changed with the theme."""
        super().notify_style_update()
        self._strips = self._picture = None
        self._rows = {}

    def render_line(self, y: int) -> Strip:
        """Return a line of the figure, built when the first is asked for.

        While pages change, Textual asks for the lines of a widget that has no region any more.
        """
        strips = self._present()
        return strips[y] if y < len(strips) else Strip.blank(self.size.width, self.own_style)

    def rows_within(self, crop: Region) -> Sequence[Strip]:
        """Return lines of the figure, whose size is asked for once."""
        strips = self._present()
        if crop.bottom <= len(strips):
            return strips[crop.y : crop.bottom]
        return super().rows_within(crop)

    def _present(self) -> list[Strip]:
        if self._strips is None or self._fits != self.size:
            return self._build()
        return self._strips

    def _build(self) -> list[Strip]:
        """Return the lines of the present picture; those that are there where it is the same."""
        size, canvas = self.size, self.canvas
        if not canvas.is_usable or not self.has_data:
            self._picture, self._fits = None, size
            self._strips = [Strip.blank(size.width, self.own_style)] * size.height
            return self._strips
        began = time.monotonic()
        picture = self.picture(canvas)
        strips = self._strips
        if strips is None or picture != self._picture or self._fits != size:
            strips = self._draw(picture, *size)
            self._strips, self._picture, self._fits = strips, picture, size
        self._built = time.monotonic()
        self._building_seconds = self._built - began
        return strips

    def _draw(self, picture: Picture, width: int, height: int) -> list[Strip]:
        """Return the lines of a picture; those that the one before had are the same strips."""
        own, glyphs = self.own_style, self._glyphs
        frame, *inks = (own + self.ink(name) for name in ("plot--frame", *self.INKS))

        @cache
        def style(codes: str) -> Style:
            ink = _ink(codes)
            return inks[ink] if 0 <= ink < len(inks) else frame

        def strip(line: str, shaded_from: int | None) -> Strip:
            texts_and_codes = _ESCAPE.split(glyphs.put_into(line))
            styles = [frame, *map(style, texts_and_codes[1::2])]
            pieces = zip(texts_and_codes[::2], styles, strict=True)
            made = Strip([Segment(text, style) for text, style in pieces if text])
            made = made.adjust_cell_length(width, own)
            return made if shaded_from is None else self._shaded(made, shaded_from)

        canvas, before, rows, strips = self.canvas, self._rows, {}, []
        lines = drawn(picture, width, height).split("\n")[:height]
        for y, line in enumerate([*lines, *[""] * (height - len(lines))]):
            is_inside = canvas.top <= y < canvas.top + canvas.rows
            row = line, glyphs, width, own, picture.shaded_from if is_inside else None
            rows[row] = before.get(row) or strip(line, row[-1])
            strips.append(rows[row])
        self._rows = rows
        return strips

    def _shaded(self, strip: Strip, first: int) -> Strip:
        """Return a line of the canvas with another background from a column on."""
        canvas, style = self.canvas, self.ink("plot--shade")
        cuts = [canvas.left + first, canvas.left + canvas.columns, strip.cell_length]
        before, shaded, after = strip.divide(cuts)
        return Strip.join([before, Strip(Segment.apply_style(shaded, post_style=style)), after])


def _ink(codes: str) -> int:
    """Return the ink that an escape sequence asks for, -1 for none."""
    kind, *rest = codes.split(";")
    return int(rest[1]) - FIRST_INK if kind == "38" and len(rest) > 1 else -1
