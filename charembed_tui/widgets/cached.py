"""Widgets that hand out their lines again until they are refreshed.

Whenever something changes, Textual asks every widget beside and around it for its lines, and
works out backgrounds, borders and opacity before it finds them in a cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from textual.containers import Container, Horizontal, Vertical
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

# Textual takes default styles from the first base alone: that has to be its own widget.

_collect: ContextVar[Callable[[CachedWidget, Sequence[Region]], object] | None]
_collect = ContextVar("collect", default=None)


@contextmanager
def collecting_into(
    collect: Callable[[CachedWidget, Sequence[Region]], object],
) -> Iterator[None]:
    """Within it, widgets of which only rows change are handed over with these, to be drawn."""
    token = _collect.set(collect)
    try:
        yield
    finally:
        _collect.reset(token)


def collected(widget: CachedWidget, regions: Sequence[Region]) -> bool:
    """Whether somebody else will draw the rows of these regions of a widget, or all for none."""
    collect = _collect.get()
    if collect is None:
        return False
    collect(widget, regions)
    return True


class CachedWidget(Widget):
    """This widget changes its lines only with a refresh, a theme or its size."""

    _cached: tuple[Region, Size, list[Strip]] | None = None
    _titles: tuple[Region, ...] = ()  # their rows, while nothing else changes

    def refresh(self, *regions: Region, **keywords: Any) -> Any:
        """Have new lines made when they are next asked for."""
        self._cached = None
        if self._titles and collected(self, self._titles):
            self._styles_cache.set_dirty(*self._titles)
            return self
        return super().refresh(*(regions or self._within_border(self._titles)), **keywords)

    def _within_border(self, regions: Iterable[Region]) -> tuple[Region, ...]:
        """Return regions as `refresh` takes them: it counts from the content."""
        x, y = self.content_offset
        return tuple(region.translate((-x, -y)) for region in regions)

    def refresh_rows(self, *regions: Region) -> None:
        """Have rows drawn anew, all or some of them, whose text has changed and nothing else."""
        self.refresh(*self._within_border(regions))

    def changed_rows(self, rows: Iterable[int]) -> list[tuple[int, Strip]]:
        """Make some rows anew, border included; return each with its number."""
        self._cached = None
        width = self.outer_size.width
        return [(y, self.new_lines(Region(0, y, width, 1))[0]) for y in rows]

    @contextmanager
    def only_titles(self) -> Iterator[None]:
        """Within it, what changes is on the first and on the last row: Textual draws all anew."""
        width, height = self.outer_size
        if self.is_mounted and height:
            self._titles = Region(0, 0, width, 1), Region(0, height - 1, width, 1)
        try:
            yield
        finally:
            self._titles = ()

    def notify_style_update(self) -> None:
        """Have new lines made: styles changed."""
        super().notify_style_update()
        self._cached = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines of a part of the widget."""
        size = self.outer_size
        if self._cached is None or self._cached[:2] != (crop, size):
            self._cached = crop, size, self.new_lines(crop)
        return self._cached[2]

    def new_lines(self, crop: Region) -> list[Strip]:
        """Make the lines of a part of the widget."""
        return super().render_lines(crop)


class CachedContainer(Container, CachedWidget):
    """This container hands out its lines again."""


class CachedVertical(Vertical, CachedWidget):
    """This column hands out its lines again."""


class CachedHorizontal(Horizontal, CachedWidget):
    """This row hands out its lines again."""


class CachedScreen(Screen[None], CachedWidget):
    """This screen hands out its lines again."""
