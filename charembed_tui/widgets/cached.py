"""Widgets that hand out their lines again until they are refreshed.

Whenever something changes, Textual asks every widget beside and around it for its lines, and
works out backgrounds, borders and opacity before it finds them in a cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from textual.containers import Container, Horizontal, Vertical
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

# Textual takes default styles from the first base alone: that has to be its own widget.


class CachedWidget(Widget):
    """This widget changes its lines only with a refresh, a theme or its size."""

    _cached: tuple[Region, Size, list[Strip]] | None = None
    _changes: tuple[Region, ...] = ()

    def refresh(self, *regions: Region, **keywords: Any) -> Any:
        """Have new lines made when they are next asked for."""
        self._cached = None
        return super().refresh(*(regions or self._changes), **keywords)

    def refresh_rows(self, *regions: Region) -> None:
        """Have rows drawn anew, all or some of them, whose text has changed and nothing else."""
        self.refresh(*regions)

    def changed_lines(self, crop: Region) -> list[Strip]:
        """Make new lines of a part of the widget, and return them."""
        self._cached = None
        return self.render_lines(crop)

    @contextmanager
    def only_titles(self) -> Iterator[None]:
        """Within it, what changes is on the first and on the last row: Textual draws all anew."""
        (width, height), (x, y) = self.outer_size, self.content_offset
        if self.is_mounted and height:
            self._changes = Region(-x, -y, width, 1), Region(-x, height - 1 - y, width, 1)
        try:
            yield
        finally:
            self._changes = ()

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
