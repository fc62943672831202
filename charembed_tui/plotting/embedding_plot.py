"""The scatter plot: every character as its own glyph, a cursor, and the cursor's trail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from charembed_tui.coordinates.axes import Axes
from charembed_tui.coordinates.character_map import CharacterMap
from charembed_tui.coordinates.placement import Place
from charembed_tui.coordinates.ticks import short
from charembed_tui.coordinates.views import MapView, Projection
from charembed_tui.plotting.picture import (
    NOTHING,
    Canvas,
    Glyphs,
    Picture,
    Sign,
    Ticks,
    placeholder,
)
from charembed_tui.plotting.plot import Plot
from charembed_tui.text.glyphs import CharacterClass, classify, width

Array = NDArray[np.float64]
Trail = Callable[[], Sequence[Array]]

_PAN = 0.15
_ZOOM = 0.8
_CLICK_REACH = 3  # cells
_CELLS_PER_TICK = 10, 5  # a label is wide, but not high
_CELL_HEIGHT = 2.0  # in widths of a cell
_CURSOR, _TRAIL = len(CharacterClass), len(CharacterClass) + 1


class EmbeddingPlot(Plot, can_focus=True):
    """Embeddings (V, H) are drawn as a map; what lies outside stands at its border."""

    INKS: ClassVar[tuple[str, ...]] = (
        *(f"embedding--{c.name.lower()}" for c in CharacterClass),
        "embedding--cursor",
        "embedding--trail",
    )
    COMPONENT_CLASSES: ClassVar[set[str]] = {*INKS}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "select(-1, 0)", "Character to the left", show=False),
        Binding("right", "select(1, 0)", "Character to the right", show=False),
        Binding("up", "select(0, 1)", "Character above", show=False),
        Binding("down", "select(0, -1)", "Character below", show=False),
    ]

    @dataclass
    class Selected(Message):
        """The cursor moved to a character, or nowhere."""

        character: int | None

    @dataclass
    class ProjectionWanted(Message):
        """Embeddings (V, H) are to be projected on a thread; `take` waits for the result."""

        view: MapView
        embeddings: Array
        before: Array | None

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.map = CharacterMap()
        self.cursor: int | None = None
        self._embeddings: Array | None = None
        self._trail: Trail = tuple
        self._kinds: list[int] = []
        self._awaited: Array | None = None  # embeddings whose projection is being made
        # Signs that stand for characters, and the places and the cursor they are for.
        self._signs: list[Sign] = []
        self._marked: tuple[list[Place | None], int | None] | None = None

    def show_vocabulary(self, vocabulary: tuple[str, ...]) -> None:
        """Take the characters that the rows of later embeddings belong to."""
        classes = list(CharacterClass)
        self._glyphs = Glyphs(vocabulary)
        self._kinds = [classes.index(classify(c)) for c in vocabulary]
        self.map = CharacterMap([width(c) for c in vocabulary], self.map.view, self.map.scale)
        self._embeddings = self._awaited = self._marked = None
        self.cursor = None
        self.redraw(at_once=True)

    def show(self, embeddings: Array, trail: Trail, *, flows: bool = True) -> None:
        """Draw embeddings, (V, H); `trail` gives those of the steps before, oldest first.

        Where they do not flow from those before, axes fit them at once.
        """
        if len(embeddings) != len(self._kinds) or not np.isfinite(embeddings).all():
            return
        self._embeddings, self._trail = embeddings, trail
        self._project(flows=flows)
        self.redraw()

    def turn_to(self, view: MapView) -> None:
        """See the embeddings from another side."""
        self._awaited = None
        self.map.turn_to(view)
        self._project()
        self.redraw(at_once=True)

    def _project(self, *, flows: bool = True) -> None:
        """See the embeddings from the present side, now or as soon as a thread has done so."""
        if self._embeddings is None:
            return
        view, before = self.map.view, self.map.before
        if not view.is_slow:
            self.map.show(view.project(self._embeddings, before), flows=flows)
        elif self._awaited is None:
            self._awaited = self._embeddings
            self.post_message(self.ProjectionWanted(view, self._embeddings, before))

    def awaits(self, embeddings: Array) -> bool:
        """Return whether a projection of these is wanted still, not one of another text or side."""
        return embeddings is self._awaited

    def take(self, embeddings: Array, projection: Projection) -> None:
        """Take a projection that was wanted."""
        if self.awaits(embeddings):
            self._awaited = None
            self.map.show(projection)
            if self._embeddings is not embeddings:
                self._project()
            self.redraw(at_once=True)

    def zoom(self, steps: int) -> None:
        """Go nearer (positive) or farther; the axes then stay where they are."""
        self._change(lambda: self.map.change_axes(lambda axes: axes.zoomed(_ZOOM**steps)))

    def pan(self, right: int, up: int) -> None:
        """Move the frame; the axes then stay where they are."""
        by = _PAN * right, _PAN * up
        self._change(lambda: self.map.change_axes(lambda axes: axes.panned(*by)))

    def toggle_frozen(self) -> None:
        """Hold the axes, or let them follow again."""
        self.map.frozen = not self.map.frozen
        self._project()
        self.redraw(at_once=True)

    def change_scale(self) -> None:
        """Take the next scale: a lens on the crowd, linear axes, linear ones in equal units."""
        self._change(self.map.change_scale)

    def fit(self) -> None:
        """Show everything, and follow again."""
        self._change(self.map.fit)

    def isolate(self, characters: frozenset[int] | None) -> None:
        """Show some characters alone, at least one, or (None) all."""
        if characters is not None and self.cursor not in characters:
            self.select(None)
        self._change(lambda: self.map.isolate(characters))

    def _change(self, change: Callable[[], object]) -> None:
        change()
        self.redraw(at_once=True)

    def select(self, character: int | None) -> None:
        """Put the cursor on a character."""
        self.cursor = character
        self.redraw(at_once=True)
        self.post_message(self.Selected(character))

    def action_select(self, right: int, up: int) -> None:
        """Move the cursor to the nearest character in a direction."""
        placed = self._placed()
        if not placed:
            return
        if self.cursor not in placed:
            x, y = self.canvas.columns / 2, self.canvas.rows / 2
            self.select(min(placed, key=lambda i: _distance(placed[i], (x, y))))
            return
        here = placed[self.cursor]
        best, least = None, np.inf
        for i, place in placed.items():
            x, y = place.column, place.row
            along = (x - here.column) * right / 2 + (y - here.row) * up
            across = (x - here.column) / 2 * (not right) + (y - here.row) * (not up)
            if along > 0 and along + 2 * abs(across) < least:
                best, least = i, along + 2 * abs(across)
        if best is not None:
            self.select(best)

    def _placed(self) -> dict[int, Place]:
        """Return the places of the characters that have one."""
        return {i: place for i, place in enumerate(self.map.places) if place is not None}

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the character under the mouse."""
        canvas = self.canvas
        there = (event.x - canvas.left, canvas.rows - 1 - (event.y - canvas.top))
        placed = self._placed()
        near = min(placed, key=lambda i: _distance(placed[i], there), default=None)
        if near is not None and _distance(placed[near], there) <= _CLICK_REACH:
            self.select(near)
        else:
            self.select(None)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in."""
        event.stop()
        self.zoom(1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out."""
        event.stop()
        self.zoom(-1)

    @property
    def has_data(self) -> bool:
        """Whether there are embeddings to draw."""
        return self.map.projection is not None

    def picture(self, canvas: Canvas) -> Picture:
        """Put one sign a character, and arrows beside those that are outside."""
        size = canvas.columns, canvas.rows
        axes = self.map.place(*size, _CELL_HEIGHT)
        if axes is None:
            return NOTHING
        where = self.map.places, self.cursor
        if self._marked != where:
            self._marked, self._signs = where, self._character_signs()
        signs = (*self._trail_signs(axes, size), *self._signs)
        horizontal, vertical = (self._ticks(axes, i, size[i]) for i in (0, 1))
        return Picture((), signs, horizontal, vertical)

    def _character_signs(self) -> list[Sign]:
        """Return a sign for each character that has a place, and arrows."""
        signs = []
        for i, place in self._placed().items():
            ink = _CURSOR if i == self.cursor else self._kinds[i]
            signs.append(Sign(place.column, place.row, placeholder(i), ink))
            if place.arrow:
                signs.append(Sign(place.arrow_column, place.row, place.arrow, self._kinds[i]))
        return signs

    def _ticks(self, axes: Axes, axis: int, cells: int) -> Ticks:
        """Return labels, where numbers mean something."""
        projection = self.map.projection
        if projection is None or projection.plane is None:
            return ()
        most = cells // _CELLS_PER_TICK[axis] + 1
        return tuple((c, short(v)) for c, v in axes.ticks(axis, cells, most))

    def _trail_signs(self, axes: Axes, size: tuple[int, int]) -> list[Sign]:
        """Return signs where the cursor's character was before."""
        projection = self.map.projection
        if self.cursor is None or projection is None or projection.plane is None:
            return []
        here = slice(self.cursor, self.cursor + 1)
        path = [e[here] for e in self._trail() if len(e) == len(self._kinds)]
        if not path:
            return []
        points = projection.plane.picture(np.concatenate(path))
        cells = np.rint(np.clip(axes.positions(points, *size), -1, size)).astype(int)
        inside = ((cells >= 0) & (cells < size)).all(axis=1)
        return [Sign(x, y, "·", _TRAIL) for x, y in cells[inside].tolist()]


def _distance(place: Place, there: tuple[float, float]) -> float:
    """Return how far a place is, in widths of a cell."""
    return float(np.hypot(place.column - there[0], _CELL_HEIGHT * (place.row - there[1])))
