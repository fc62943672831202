"""Panes that fold into one line, whose contents are made when they are first on the screen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget

from charembed_tui.text.glyphs import visible
from charembed_tui.widgets.line import Line
from charembed_tui.widgets.titles import entitle, fitting

_BOLD, _DIM = Style(bold=True), Style(dim=True)


class Summary(Line):
    """What a folded pane says: its title, and as many facts as there is room for.

    Args:
        title: of the pane.
        key_label: the key that unfolds it.
    """

    def __init__(self, title: str, key_label: str) -> None:
        super().__init__()
        self._title, self._key_label = title, key_label
        self._facts: Sequence[str] = ()

    @property
    def text(self) -> str:
        """The title and all facts, whether or not there is room for them."""
        return " · ".join((self._title, *self._facts))

    def show(self, facts: Sequence[str]) -> None:
        """Say other facts, the important ones first."""
        if facts != self._facts:
            self._facts = facts
            self.refresh()

    def segments(self, width: int) -> list[Segment]:
        """Return the title, whole facts and the key, without any that would be cut."""
        key = f"  {self._key_label}"
        title = f"▸ {self._title}"
        text, room = "", width - len(title) - len(key)
        for fact in map(visible, self._facts):
            longer = f"{text} · {fact}"
            if Segment(longer).cell_length > room:
                break
            text = longer
        return [Segment(title, _BOLD), Segment(text), Segment(key, _DIM)]


class FoldingPane(VerticalScroll, can_focus=False):
    """Panes that fold build on this one; the stylesheet says when the line stands in their place.

    Mounting fields, lists and trees takes a good part of the time until the first picture. So
    `make_contents` is called when they are to be seen.

    Args:
        unfolded_by: the key that does so, as people know it.
    """

    @dataclass
    class Toggled(Message):
        """The line of a folded pane, or the title of an unfolded one, was clicked."""

    def __init__(self, unfolded_by: str, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.summary = Summary(str(self.BORDER_TITLE), unfolded_by)
        self.has_contents = False
        self._title = str(self.BORDER_TITLE)

    def compose(self) -> ComposeResult:
        """Yield the line alone."""
        yield self.summary

    @abstractmethod
    def contents(self) -> Iterable[Widget]:
        """Return what is in the pane when it is unfolded."""

    def make_contents(self) -> None:
        """Have the contents there, from now on."""
        if not self.has_contents:
            self.has_contents = True
            self.mount_all(self.contents())

    def entitle(self, title: str) -> None:
        """Set the title of the unfolded pane."""
        self._title = title
        entitle(self, fitting(self, f"▾ {title}"))

    def on_resize(self) -> None:
        """Fit the title to the new width."""
        self.entitle(self._title)

    @on(events.Click)
    def _toggle(self, event: events.Click) -> None:
        is_title = event.widget is self and event.screen_y == self.region.y
        if event.widget is self.summary or is_title:
            event.stop()
            self.post_message(self.Toggled())
