"""Rows that have changed are written to the terminal at once, past Textual's compositor.

Textual sends two messages for a change, waits for a tick, asks every widget between the first and
the last change for its lines, and cuts all of them where widgets begin and end. For a row of text
that is a hundred times what the row takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from textual._compositor import CompositorUpdate
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from charembed_tui.widgets.cached import CachedWidget, collecting_into

_PlacedRow = tuple[int, int, Strip]  # column and row of its first cell on the screen
_Place = tuple[Region, frozenset[int]]  # of a widget on the screen, and which of its rows are seen
_NOWHERE: _Place = Region(), frozenset()


class RowsAtOnce:
    """Rows of a screen's widgets are collected here while something is done, and then written.

    Only rows that a person sees whole are drawn like this: for those behind another widget, in one
    that is cut by what it is in, or on a screen that is not in front, Textual is asked as ever.

    Args:
        screen: whose widgets they are.
    """

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._changed: dict[CachedWidget, list[Region]] = {}
        self._visible: dict[Widget, tuple[Region, Region]] | None = None  # by one layout
        self._places: dict[Widget, _Place] = {}  # on it

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Within it, rows and titles that change are noted; they are drawn at its end."""
        try:
            with collecting_into(self.add):
                yield
        finally:
            self._draw()

    def add(self, widget: CachedWidget, regions: Sequence[Region]) -> None:
        """Note the rows of some regions, or all of a widget."""
        self._changed.setdefault(widget, []).extend(regions or (widget.outer_size.region,))

    def _draw(self) -> None:
        changed, self._changed = self._changed, {}
        if not changed:
            return
        screen, placed = self._screen, []
        is_ready = self._is_ready()
        for widget, regions in changed.items():
            place, visible = self._place(widget) if is_ready else _NOWHERE
            height = widget.outer_size.height
            rows = {row for region in regions for row in region.line_range if row < height}
            if place.size != widget.outer_size or not rows <= visible:
                widget.refresh_rows(*regions)
                continue
            x, y = place.offset
            placed += [(x, y + row, line) for row, line in widget.changed_rows(sorted(rows))]
        if placed:
            screen.app._display(screen, _RowsUpdate(placed))  # type: ignore[arg-type]

    def _is_ready(self) -> bool:
        """Whether what the compositor knows is what the terminal shows."""
        screen = self._screen
        return (
            screen.is_current
            and screen.app.screen is screen  # no dialog in front
            and not screen._layout_required
            and not screen._scroll_required
            and not screen.app._batch_count
            and not screen.app.is_inline
        )

    def _place(self, widget: Widget) -> _Place:
        """Return where a widget is, and its rows that nothing hides."""
        visible = self._screen._compositor.visible_widgets
        if visible is not self._visible:
            self._visible, self._places = visible, {}
        if widget not in self._places:
            self._places[widget] = _seen(widget, visible)
        return self._places[widget]


def _seen(widget: Widget, visible: dict[Widget, tuple[Region, Region]]) -> _Place:
    """Return the place of a widget that is not cut; those in front of it are before it."""
    region, clip = visible.get(widget, (Region(), Region()))
    if not region or not clip.contains_region(region):
        return _NOWHERE
    rows = set(range(region.height))
    for other, (in_front, its_clip) in visible.items():
        if other is widget:
            return region, frozenset(rows)
        hidden = in_front.intersection(its_clip).intersection(region)
        if hidden:
            rows.difference_update(y - region.y for y in hidden.line_range)
    return _NOWHERE


class _RowsUpdate(CompositorUpdate):
    """Whole rows of widgets, each at its place; from top to bottom, as people read."""

    def __init__(self, rows: Sequence[_PlacedRow]) -> None:
        self._rows = sorted(rows, key=lambda row: row[1])

    def render_segments(self, console: Console) -> str:
        """Return what the terminal is sent."""
        return "".join(f"\x1b[{y + 1};{x + 1}H{row.render(console)}" for x, y, row in self._rows)
