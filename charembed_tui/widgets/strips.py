"""Widgets that make their rows themselves, without what Textual does around a widget's content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip

from charembed_tui.widgets.cached import CachedWidget, collected

_NOTHING = Strip(())
_MOST_SEGMENTS = 4096  # that are remembered: of a map a few hundred come again and again


class StripWidget(CachedWidget):
    """This widget is made of rows from `render_line` in its own style, without border and padding.

    It keeps its inks, the styles of component classes: Textual's own cache ends with every refresh.
    So does what it has from the widgets that it is in; and rows that are the same strips as before
    are not made ready for the terminal once more.
    """

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._inks: dict[str, Style] = {}
        self._ground: tuple[Style, Color] | None = None
        self._ready: list[tuple[Strip | None, Strip]] = []  # rows, as made and as sent
        self._ready_for: tuple[Region, Color, Sequence[LineFilter]] | None = None
        self._filtered: dict[Segment, list[Segment]] = {}

    @property
    def own_style(self) -> Style:
        """The style that all rows are on, as `rich_style`, which asks all widgets around it."""
        return self._on()[0]

    def _on(self) -> tuple[Style, Color]:
        if self._ground is None:
            self._ground = self.rich_style, self.background_colors[1]
        return self._ground

    def ink(self, name: str) -> Style:
        """Return the style of a component class, without what it has from the widget."""
        if name not in self._inks:
            self._inks[name] = self.get_component_rich_style(name, partial=True)
        return self._inks[name]

    def refresh(self, *regions: Region, **keywords: Any) -> Any:
        """Have rows made anew, and styles: Textual asks for it where those around it changed."""
        self._ground = None
        return super().refresh(*regions, **keywords)

    def refresh_rows(self, *regions: Region) -> None:
        """Have rows drawn anew, all or some of them, whose text has changed and nothing else."""
        if not collected(self, regions):
            ground = self._ground
            self.refresh(*regions)
            self._ground = ground

    def changed_rows(self, rows: Iterable[int]) -> list[tuple[int, Strip]]:
        """Make rows anew, those whose strips have changed; return some with their numbers."""
        self._cached = None
        lines = self.render_lines(self.outer_size.region)
        return [(y, lines[y]) for y in rows]

    def notify_style_update(self) -> None:
        """Forget all inks: colours changed with the theme."""
        super().notify_style_update()
        self._inks, self._ground = {}, None

    def new_lines(self, crop: Region) -> list[Strip]:
        """Return the rows, as the terminal can show them."""
        ready_for = crop, self._on()[1], self.get_line_filters()
        if ready_for != self._ready_for or len(self._filtered) > _MOST_SEGMENTS:
            self._ready, self._ready_for, self._filtered = [], ready_for, {}
        before = chain(self._ready, repeat((None, _NOTHING)))
        pairs = list(zip(self.rows_within(crop), before, strict=False))
        changed = [row for row, old in pairs if old[0] is not row]
        made = iter(self._filter([row.crop(*crop.column_span) for row in changed]))
        self._ready = [old if old[0] is row else (row, next(made)) for row, old in pairs]
        return [strip for _, strip in self._ready]

    def rows_within(self, crop: Region) -> Sequence[Strip]:
        """Return the rows of a part of the widget, before they are made ready for the terminal."""
        return [self.render_line(y) for y in crop.line_range]

    def _filter(self, strips: Sequence[Strip]) -> list[Strip]:
        """Return rows as all filters leave them, which take each segment by itself."""
        filtered = self._filtered
        new = list({s: None for strip in strips for s in strip if s not in filtered})
        _, background, filters = self._ready_for or (None, self._on()[1], ())
        for segment, found in zip(new, _all_filtered(new, filters, background), strict=True):
            filtered[segment] = found
        return [
            Strip([piece for segment in strip for piece in filtered[segment]], strip.cell_length)
            for strip in strips
        ]


def _all_filtered(
    segments: list[Segment], filters: Sequence[LineFilter], background: Color
) -> list[list[Segment]]:
    """Return what filters make of each segment; they are asked for all at once."""
    if not segments:
        return []
    found = segments
    for each in filters:
        found = each.apply(found, background)
    if len(found) == len(segments):
        return [[segment] for segment in found]
    result = []
    for segment in segments:  # one has made several of it, or none
        pieces = [segment]
        for each in filters:
            pieces = each.apply(pieces, background)
        result.append(pieces)
    return result
