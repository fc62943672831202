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

from charembed_tui.exports.axis_range import Range
from charembed_tui.plotting.picture import (
    NOTHING,
    Canvas,
    Glyphs,
    Picture,
    Sign,
    linear_ticks,
    placeholder,
)
from charembed_tui.plotting.placement import place
from charembed_tui.plotting.plot import Plot
from charembed_tui.text.glyphs import CharacterClass, classify, width
from model.projection import Plane, principal_plane

Array = NDArray[np.float64]
Trail = Callable[[], Sequence[Array]]

_PAN = 0.15
_ZOOM = 0.8
_CLICK_REACH = 3  # cells
_CURSOR, _TRAIL = len(CharacterClass), len(CharacterClass) + 1


class EmbeddingPlot(Plot, can_focus=True):
    """Embeddings at two components, or in their principal plane."""

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

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._embeddings: Array | None = None
        self._trail: Trail = tuple
        self._components: tuple[int, int] | None = (0, 1)
        self._plane: Plane | None = None
        self._projected: Array | None = None
        self._kinds: list[int] = []
        self._widths: list[int] = []
        self._ranges: tuple[Range, Range] | None = None
        self._cells: list[tuple[int, int] | None] = []
        self.frozen = False
        self.cursor: int | None = None

    @property
    def components(self) -> tuple[int, int] | None:
        """The two components shown, None for the principal plane."""
        return self._components

    @property
    def shares(self) -> tuple[float, float] | None:
        """Of the variance along the axes of the principal plane, where it is shown."""
        return None if self._plane is None else (self._plane.shares[0], self._plane.shares[1])

    @property
    def hidden(self) -> int:
        """How many characters inside the picture found no free cell."""
        if self._projected is None or self._ranges is None:
            return 0
        inside = np.ones(len(self._projected), dtype=bool)
        for axis, axis_range in enumerate(self._ranges):
            values = self._projected[:, axis]
            inside &= (axis_range.low <= values) & (values <= axis_range.high)
        return sum(bool(i) and cell is None for i, cell in zip(inside, self._cells, strict=False))

    def show_vocabulary(self, vocabulary: tuple[str, ...]) -> None:
        """Take the characters that the rows of later embeddings belong to."""
        classes = list(CharacterClass)
        self._glyphs = Glyphs(vocabulary)
        self._kinds = [classes.index(classify(c)) for c in vocabulary]
        self._widths = [width(c) for c in vocabulary]
        self._embeddings = self._projected = self._ranges = self._plane = None
        self.cursor = None
        self.frozen = False
        self.redraw(at_once=True)

    def show(self, embeddings: Array, trail: Trail) -> None:
        """Draw embeddings, (V, H); `trail` gives those of the steps before, oldest first."""
        if len(embeddings) != len(self._kinds) or not np.isfinite(embeddings).all():
            return
        self._embeddings, self._trail = embeddings, trail
        self._project_anew()
        self.redraw()

    def show_components(self, components: tuple[int, int] | None) -> None:
        """Show two components, or the principal plane."""
        self._components = components
        self._plane = self._ranges = self._projected = None
        self.frozen = False
        self._project_anew()
        self.redraw(at_once=True)

    def zoom(self, steps: int) -> None:
        """Nearer (positive) or farther; the axes then stay where they are."""
        self._set_ranges(lambda axis_range, _: axis_range.zoomed(_ZOOM**steps))

    def pan(self, right: int, up: int) -> None:
        """Move the frame; the axes then stay where they are."""
        by = (_PAN * right, _PAN * up)
        self._set_ranges(lambda axis_range, axis: axis_range.panned(by[axis]))

    def toggle_frozen(self) -> None:
        """Hold the axes, or let them follow again."""
        self.frozen = not self.frozen
        self._project_anew()
        self.redraw(at_once=True)

    def fit(self) -> None:
        """Show everything, and follow again."""
        self.frozen, self._ranges = False, None
        self._project_anew()
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
        for i, (x, y) in placed.items():
            along = (x - here[0]) * right / 2 + (y - here[1]) * up
            across = (x - here[0]) / 2 * (not right) + (y - here[1]) * (not up)
            if along > 0 and along + 2 * abs(across) < least:
                best, least = i, along + 2 * abs(across)
        if best is not None:
            self.select(best)

    def _placed(self) -> dict[int, tuple[int, int]]:
        """The cells of the characters that have one."""
        return {i: cell for i, cell in enumerate(self._cells) if cell is not None}

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

    def _set_ranges(self, change: Callable[[Range, int], Range]) -> None:
        if self._ranges:
            self.frozen = True
            self._ranges = (change(self._ranges[0], 0), change(self._ranges[1], 1))
            self.redraw(at_once=True)

    def _project(self, embeddings: Array) -> Array:
        if self._plane is not None:
            return self._plane.picture(embeddings)
        return embeddings[:, list(self._components or (0, 0))]

    def _project_anew(self) -> None:
        """Bring picture and ranges up to date with embeddings and choices."""
        if self._embeddings is None:
            return
        if self._components is None:
            self._plane = principal_plane(self._embeddings, self._projected)
        elif max(self._components) >= self._embeddings.shape[1]:
            return
        self._projected = self._project(self._embeddings)
        x, y = self._projected.T
        if self._ranges is None:
            self._ranges = (Range.around(x), Range.around(y))
        elif not self.frozen:
            self._ranges = (self._ranges[0].following(x), self._ranges[1].following(y))

    @property
    def has_data(self) -> bool:
        """Whether embeddings were shown."""
        return self._projected is not None

    def picture(self, canvas: Canvas) -> Picture:
        """One sign a character, moved a little where two would share a cell."""
        if self._projected is None or self._ranges is None:
            self._cells = []
            return NOTHING
        sizes = (canvas.columns, canvas.rows)
        columns, rows = (
            axis_range.cells(self._projected[:, axis], size).tolist()
            for axis, (axis_range, size) in enumerate(zip(self._ranges, sizes, strict=True))
        )
        # The cursor's character first, so that it stands where it belongs.
        order = list(range(len(self._projected)))
        if self.cursor is not None:
            order.insert(0, order.pop(self.cursor))
        cells = place(
            [(columns[i], rows[i]) for i in order], [self._widths[i] for i in order], *sizes
        )
        self._cells = [None] * len(order)
        for i, cell in zip(order, cells, strict=True):
            self._cells[i] = cell
        signs = self._trail_signs(self._ranges, sizes)
        for i, (column, row) in self._placed().items():
            ink = _CURSOR if i == self.cursor else self._kinds[i]
            signs.append(Sign(column, row, placeholder(i), ink))
        horizontal, vertical = (
            linear_ticks(r.low, r.high, n, n // 10 + 1)
            for r, n in zip(self._ranges, sizes, strict=True)
        )
        return Picture((), tuple(signs), horizontal, vertical)

    def _trail_signs(self, ranges: tuple[Range, Range], sizes: tuple[int, int]) -> list[Sign]:
        """Where the cursor's character was before."""
        if self.cursor is None:
            return []
        path = [
            tuple(
                int(axis_range.cells(at[None, axis], size)[0])
                for axis, (axis_range, size) in enumerate(zip(ranges, sizes, strict=True))
            )
            for at in (
                self._project(e[self.cursor : self.cursor + 1])[0]
                for e in self._trail()
                if len(e) == len(self._kinds)
            )
        ]
        return [Sign(x, y, "·", _TRAIL) for x, y in path if 0 <= x < sizes[0] and 0 <= y < sizes[1]]


def _distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Between two cells, in widths of a cell."""
    return float(np.hypot(a[0] - b[0], 2 * (a[1] - b[1])))
