"""A map laid out to be drawn: the same axes for every step, so that only characters move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charembed_tui.coordinates.axes import Axes, Scale
from charembed_tui.coordinates.character_map import CharacterMap
from charembed_tui.coordinates.ticks import short
from charembed_tui.coordinates.views import MapView, Projection
from charembed_tui.exports.drawing import COLOURS, FAINT, FRAME, Drawing, Label, Line
from charembed_tui.text.glyphs import classify, width
from charembed_tui.text.selection import classes
from charembed_tui.training.trajectory import Frame
from model.families.base import Model

Array = NDArray[np.float64]

_CELL = 0.72  # width of a letter's cell, in sizes of the font
_ROW = 1.15  # its height
_SIZES = (22, 18, 15, 12, 10)  # of the font: the first with which there is room
_FULL = 0.22  # part of the cells that may be taken
_LABEL = 13
_LEFT, _BELOW = 56, 28  # room for numbers


@dataclass(frozen=True)
class Side:
    """A map is seen like this.

    Attributes:
        view: from which side.
        scale: of the axes.
        isolated: codes of the characters that alone are on it, None for all.
    """

    view: MapView
    scale: Scale = Scale.LENS
    isolated: frozenset[int] | None = None


def projections(side: Side, model: Model, frames: Sequence[Frame]) -> list[Projection]:
    """See frames, at least one, from the side from which the last of them is seen.

    Raises:
        CharembedError: the view needs something that is not installed.
    """
    embeddings = [model.embeddings(frame.theta) for frame in frames]
    if side.view.is_slow:
        result: list[Projection] = []
        for e in embeddings:
            result.append(side.view.project(e, result[-1].points if result else None))
        return result
    last = side.view.project(embeddings[-1])
    assert last.plane is not None  # of a view that is not slow
    return [
        Projection(side.view, last.plane.picture(e), last.across, last.up, last.plane)
        for e in embeddings
    ]


@dataclass(frozen=True)
class Room:
    """A rectangle of a drawing, in pixels, numbers of axes included."""

    left: float
    top: float
    right: float
    bottom: float


def draw_maps(
    seen: Sequence[Projection],
    side: Side,
    vocabulary: Sequence[str],
    drawings: Sequence[Drawing],
    room: Room,
) -> Iterator[Drawing]:
    """Draw projections, one after the other, with the axes of the last; yields each drawing."""
    characters = CharacterMap([width(c) for c in vocabulary], side.view, side.scale)
    characters.isolated = side.isolated
    characters.show(seen[-1])
    characters.frozen = True
    right, bottom = room.right, room.bottom - _BELOW
    left, top = room.left + _LEFT, room.top
    size = _size(len(vocabulary), (right - left) * (bottom - top))
    cell, row = _CELL * size, _ROW * size
    columns, rows = int((right - left) / cell), int((bottom - top) / row)
    colours = [COLOURS[classify(c)] for c in vocabulary]
    for projection, drawing in zip(seen, drawings, strict=True):
        characters.show(projection)
        axes = characters.place(columns, rows, row / cell)
        assert axes is not None
        drawing.box(left, top, right, bottom)
        if projection.plane is not None:
            _draw_ticks(axes, drawing, Room(left, top, right, bottom), (columns, rows))

        def middle(column: float, up: float) -> tuple[float, float]:
            return left + (column + 0.5) * cell, bottom - (up + 0.5) * row

        for character, colour, place in zip(vocabulary, colours, characters.places, strict=True):
            if place is None:
                continue
            x, y = middle(place.column + (width(character) - 1) / 2, place.row)
            drawing.sign(character, x, y, size, colour)
            if place.arrow:
                _draw_arrow(
                    drawing, place.arrow, middle(place.arrow_column, place.row), size, colour
                )
        yield drawing


def draw_legend(drawing: Drawing, vocabulary: Sequence[str], x: float, y: float) -> None:
    """Name the classes that occur, in their colours."""
    for kind in classes(vocabulary):
        drawing.labels.append(Label(x, y, kind.value, 15, COLOURS[kind]))
        x += 15 * 0.62 * len(kind.value) + 18


def _size(count: int, area: float) -> float:
    return next((s for s in _SIZES if count * _CELL * _ROW * s * s <= _FULL * area), _SIZES[-1])


def _draw_ticks(axes: Axes, drawing: Drawing, room: Room, cells: tuple[int, int]) -> None:
    across, up = (room.right - room.left) / cells[0], (room.bottom - room.top) / cells[1]
    for at, value in axes.ticks(0, cells[0], 8):
        x = room.left + (at + 0.5) * across
        drawing.lines.append(Line(((x, room.bottom), (x, room.bottom + 5)), FRAME))
        label = Label(x, room.bottom + 16, short(value), _LABEL, FAINT, "middle")
        drawing.labels.append(label)
    for at, value in axes.ticks(1, cells[1], 6):
        y = room.bottom - (at + 0.5) * up
        drawing.lines.append(Line(((room.left - 5, y), (room.left, y)), FRAME))
        drawing.labels.append(Label(room.left - 9, y, short(value), _LABEL, FAINT, "end"))


_DIRECTIONS = {
    "←": (-1, 0),
    "→": (1, 0),
    "↑": (0, -1),
    "↓": (0, 1),
    "↖": (-1, -1),
    "↗": (1, -1),
    "↘": (1, 1),
    "↙": (-1, 1),
}


def _draw_arrow(
    drawing: Drawing, arrow: str, middle: tuple[float, float], size: float, colour: str
) -> None:
    """Draw an arrow as lines: few fonts have them all."""
    direction = np.array(_DIRECTIONS[arrow]) / np.hypot(*_DIRECTIONS[arrow]) * 0.28 * size
    across = np.array([-direction[1], direction[0]]) * 0.6
    tip, tail = np.array(middle) + direction, np.array(middle) - direction
    wing = tip - 0.6 * direction

    def line(*points: Array) -> None:
        ends = tuple((float(x), float(y)) for x, y in points)
        drawing.lines.append(Line(ends, colour, 1.4))

    line(tail, tip)
    line(wing + across, tip, wing - across)
