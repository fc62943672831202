"""Widgets that make their rows themselves, without what Textual does around a widget's content."""

from __future__ import annotations

from typing import Any

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from charembed_tui.widgets.cached import CachedWidget


class StripWidget(CachedWidget):
    """This widget is made of rows from `render_line` in its own style, without border and padding.

    It keeps its inks, the styles of component classes: Textual's own cache ends with every refresh.
    """

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._inks: dict[str, Style] = {}

    def ink(self, name: str) -> Style:
        """Return the style of a component class, without what it has from the widget."""
        if name not in self._inks:
            self._inks[name] = self.get_component_rich_style(name, partial=True)
        return self._inks[name]

    def notify_style_update(self) -> None:
        """Forget all inks: colours changed with the theme."""
        super().notify_style_update()
        self._inks = {}

    def new_lines(self, crop: Region) -> list[Strip]:
        """Return the rows, as the terminal can show them."""
        _, background = self.background_colors
        strips = [self.render_line(y).crop(*crop.column_span) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        return strips
