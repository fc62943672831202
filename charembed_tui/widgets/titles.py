"""Titles of panes that are set often and change seldom."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from rich.text import Text
from textual.widget import Widget

_shown: WeakKeyDictionary[Widget, tuple[str | Text, str | Text]] = WeakKeyDictionary()


def entitle(pane: Widget, title: str | Text, subtitle: str | Text = "") -> None:
    """Set both border titles where one has changed: each time, the whole pane is drawn anew."""
    if _shown.get(pane) != (title, subtitle):
        _shown[pane] = (title, subtitle)
        pane.border_title, pane.border_subtitle = title, subtitle
