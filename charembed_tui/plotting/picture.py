"""What a plot shows, as a value, and the text that plotext makes of it.

plotext has one master figure for the whole process, so pictures are drawn on the interface's
thread only, one after another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

from charembed_tui.coordinates.ticks import LABEL, round_ticks, short
from charembed_tui.text.glyphs import glyph, width

_BLANK = "\u2800"  # plotext drops labels of spaces
_LEAST_COLUMNS, _LEAST_ROWS = 8, 3
FIRST_INK = 16  # plotext colours from here on stand for inks: 0 is the first
# Characters of this private area stand for glyphs until the picture is drawn: plotext counts every
# character as one cell, so wide ones would shift what is right of them.
_FIRST_PLACEHOLDER = 0xF0000
_PLACEHOLDERS = 0xFFFE
_PLACEHOLDER = re.compile("[\U000f0000-\U000ffffd]")


@dataclass(frozen=True)
class Canvas:
    """A canvas is the cells inside the axes: where they begin in the widget, and how many."""

    left: int
    top: int
    columns: int
    rows: int

    @classmethod
    def of(cls, width: int, height: int) -> Canvas:
        """Return the canvas of a widget of this size, with both axes labelled."""
        return cls(LABEL + 1, 1, width - LABEL - 2, height - 3)

    @property
    def is_usable(self) -> bool:
        """Whether there is room to draw."""
        return self.columns >= _LEAST_COLUMNS and self.rows >= _LEAST_ROWS


# Everything in a picture is in cells of the canvas, counted from the lower left one.
Ticks = tuple[tuple[int, str], ...]  # where they are, and their labels


class Sign(NamedTuple):
    """A sign is a character, or some from its cell to the right."""

    column: int
    row: int
    text: str
    ink: int


@dataclass(frozen=True)
class Stroke:
    """A stroke joins points by a line of one character or of braille dots."""

    columns: tuple[float, ...]
    rows: tuple[float, ...]
    character: str
    ink: int


@dataclass(frozen=True)
class Picture:
    """A picture is all that a plot shows, later parts over earlier ones, signs over strokes.

    Equal ones look the same.

    Attributes:
        strokes: lines.
        signs: characters.
        horizontal: ticks.
        vertical: ticks.
        shaded_from: the first column of those with a shaded background, None for none.
    """

    strokes: tuple[Stroke, ...]
    signs: tuple[Sign, ...]
    horizontal: Ticks
    vertical: Ticks
    shaded_from: int | None = None


NOTHING = Picture((), (), (), ())


class Glyphs:
    """These are the glyphs of some characters, and the signs that stand for them in a picture."""

    def __init__(self, characters: Sequence[str] = ()) -> None:
        self._glyphs = [glyph(c) for c in characters]
        wide = "".join(placeholder(i) for i, c in enumerate(characters) if width(c) == 2)
        # With the cell to its right, which may have a colour of its own.
        self._wide = re.compile(f"([{wide}](?:\x1b\\[[0-9;]*m)*)[^\x1b\n]") if wide else None

    def put_into(self, drawn: str) -> str:
        """Put the glyphs in place of their signs."""
        if self._wide:
            drawn = self._wide.sub(r"\1", drawn)
        return _PLACEHOLDER.sub(self._glyph, drawn)

    def _glyph(self, found: re.Match[str]) -> str:
        index = ord(found[0]) - _FIRST_PLACEHOLDER
        return self._glyphs[index] if index < len(self._glyphs) else found[0]


def placeholder(index: int) -> str:
    """Return a character that stands for the glyph with this index while plotext draws."""
    return chr(_FIRST_PLACEHOLDER + index % _PLACEHOLDERS)


@cache
def plotext() -> Any:
    """Return the module, imported when the first figure is drawn: it takes a tenth of a second."""
    import plotext as module

    module.terminal.limit(False, False)  # the widget knows its size, whatever the terminal's is
    module.figure.theme("colorless")
    return module


def drawn(picture: Picture, columns: int, rows: int) -> str:
    """Return what plotext makes of a picture: lines with escape sequences for the inks."""
    canvas = Canvas.of(columns, rows)
    top, *bottom = _above_and_below(canvas.columns, picture.horizontal)
    sides = _beside(canvas.rows, picture.vertical)
    inside = _inside(picture, canvas)
    between = [left + line + right for (left, right), line in zip(sides, inside, strict=True)]
    return "\n".join([top, *between, *bottom])


# What is around the canvas is half of the work of drawing. It changes with the ticks, which seldom
# move on both axes at once: each has its own figure, as short as can be along the other.


@lru_cache(maxsize=256)
def _above_and_below(columns: int, ticks: Ticks) -> tuple[str, str, str]:
    """Return the line above the canvas, that below it, and the labels."""
    top, _, _, bottom, labels, *_ = _frame(columns, 2, ticks, ())
    return top, bottom, labels


@lru_cache(maxsize=256)
def _beside(rows: int, ticks: Ticks) -> list[tuple[str, str]]:
    """Return what is to the left and to the right of each row of the canvas."""
    return [(line[: LABEL + 1], line[-1]) for line in _frame(2, rows, (), ticks)[1 : rows + 1]]


def _frame(columns: int, rows: int, horizontal: Ticks, vertical: Ticks) -> list[str]:
    """Return the lines of a figure with this many cells inside."""
    figure = _figure(columns + LABEL + 2, rows + 3, frame=True)
    rulers = (("x", horizontal, columns, 1), ("y", vertical, rows, LABEL))
    for name, ticks, cells, room in rulers:
        ruler = figure.ruler(name)
        ruler.lim(0, cells - 1)
        # An empty label keeps the room of the vertical axis where there are no ticks.
        ticks = ticks or ((0, _BLANK * room),)
        ruler.ticks([at for at, _ in ticks], [f"{label[:LABEL]:>{room}}" for _, label in ticks])
    drawn = str(figure.build().string(colorless=True))
    for ticks, tick, line in ((horizontal, "┬", "─"), (vertical, "┤", "│")):
        drawn = drawn if ticks else drawn.replace(tick, line)
    return drawn.split("\n")


def _inside(picture: Picture, canvas: Canvas) -> list[str]:
    """Return the lines of what is inside the frame."""
    if not picture.strokes:  # much quicker, and from picture to picture most rows stay
        rows: list[list[tuple[int, str, int]]] = [[] for _ in range(canvas.rows)]
        for column, row, text, ink in picture.signs:
            rows[canvas.rows - 1 - row].append((column, text, ink))
        return [_row(canvas.columns, tuple(signs)) for signs in rows]
    matrix = _strokes(picture.strokes, canvas)
    for column, row, text, ink in picture.signs:
        matrix.insert(column, canvas.rows - 1 - row, _cells(text, ink))
    return str(matrix.string()).split("\n")[: canvas.rows]


@lru_cache(maxsize=1 << 10)
def _row(columns: int, signs: tuple[tuple[int, str, int], ...]) -> str:
    """Return a row of signs: the column, text and ink of each."""
    matrix = plotext().matrix(columns, 1)
    for column, text, ink in signs:
        matrix.insert(column, 0, _cells(text, ink))
    return str(matrix.string()).rstrip("\n")


def _strokes(strokes: Sequence[Stroke], canvas: Canvas) -> Any:
    figure = _figure(canvas.columns, canvas.rows, frame=False)
    for stroke in strokes:
        marker = plotext().marker(stroke.character, FIRST_INK + stroke.ink)
        signal = figure.signal(list(stroke.columns), list(stroke.rows), marker=marker)
        figure.draw(signal.lines())
    for name, cells in (("x", canvas.columns), ("y", canvas.rows)):
        ruler = figure.ruler(name)
        ruler.lim(0, cells - 1)
        ruler.ticks([], [])
    return figure.build()


@lru_cache(maxsize=1 << 14)
def _cells(text: str, ink: int) -> Any:
    """Return a matrix of one row."""
    return plotext().colorize(text).fill(FIRST_INK + ink).matrix()


def _figure(columns: int, rows: int, *, frame: bool) -> Any:
    """Return the figure without marks; what else was set before is set anew by those who use it."""
    figure = plotext().figure
    figure.clear.data()
    figure.plot_size(columns, rows)
    return figure.axes(frame)


def ticks(low: float, high: float, cells: int, places: Sequence[tuple[float, str]]) -> Ticks:
    """Return labelled places on an axis from `low` to `high` over some cells."""
    scale = (cells - 1) / (high - low)
    return tuple((round((at - low) * scale), label) for at, label in places)


def linear_ticks(low: float, high: float, cells: int, most: int) -> Ticks:
    """Return round numbers, at most about `most` of them, as labels."""
    return ticks(low, high, cells, [(at, short(at)) for at in round_ticks(low, high, most)])
