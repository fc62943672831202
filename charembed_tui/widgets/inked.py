"""Styles of component classes, looked up once a theme."""

from __future__ import annotations

from typing import Any

from rich.style import Style
from textual.widget import Widget


class Inked(Widget):
    """A widget that keeps its inks; Textual's own cache ends with every refresh."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._inks: dict[str, Style] = {}

    def ink(self, name: str) -> Style:
        """The style of a component class, without what it has from the widget."""
        if name not in self._inks:
            self._inks[name] = self.get_component_rich_style(name, partial=True)
        return self._inks[name]

    def notify_style_update(self) -> None:
        """Colours changed with the theme."""
        super().notify_style_update()
        self._inks = {}
