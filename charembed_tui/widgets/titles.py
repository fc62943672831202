"""Titles of panes and dialogs: shown as they are, and drawn when they change."""

from __future__ import annotations

from contextlib import nullcontext
from weakref import WeakKeyDictionary

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget

from charembed_tui.widgets.cached import CachedWidget

_displayed: WeakKeyDictionary[Widget, tuple[Text, Text]] = WeakKeyDictionary()


def entitle(pane: Widget, title: str | Text, subtitle: str | Text = "") -> None:
    """Set both border titles where one has changed.

    Textual takes a plain title for markup; here brackets are brackets.
    """
    titles = _as_text(title), _as_text(subtitle)
    if _displayed.get(pane) != titles:
        _displayed[pane] = titles
        with pane.only_titles() if isinstance(pane, CachedWidget) else nullcontext():
            pane.border_title, pane.border_subtitle = titles


def _as_text(title: str | Text) -> Text:
    return title if isinstance(title, Text) else Text(title)


def fitting(pane: Widget, title: str, *shorter: str) -> str:
    """Return the first of some titles that a pane's border has room for.

    The last is returned without the last of its parts that would be cut.
    """
    room = pane.region.width - 6
    for following in shorter:
        if room <= 0 or cell_len(title) <= room:
            return title
        title = following
    while 0 < room < cell_len(title) and " · " in title:
        title = title.rpartition(" · ")[0]
    return title
