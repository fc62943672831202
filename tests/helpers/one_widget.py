"""An app of one widget."""

from __future__ import annotations

from typing import Any

from textual.app import App, ComposeResult


class OneWidget(App[None]):
    """Nothing but the widget, as large as the screen lets it be."""

    def __init__(self, widget: Any) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        """The widget."""
        yield self.widget
