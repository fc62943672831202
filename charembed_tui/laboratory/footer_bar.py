"""The last row: what can be done now; for some seconds, what there is to be said instead."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.content import Content
from textual.notifications import Notification
from textual.strip import Strip

from charembed_tui.widgets.strips import StripWidget

_MOST_ROWS = 6  # of a notice


@dataclass(frozen=True)
class Hint:
    """A hint is a key that does something now.

    Attributes:
        key: as Textual names it.
        key_label: as people know it.
        word: what it does.
    """

    key: str
    key_label: str
    word: str


@dataclass(frozen=True)
class _Notice:
    """What is said, and until when; without an end, until the first key."""

    notification: Notification
    end: float | None


class FooterBar(StripWidget):
    """This row lists hints, the important first, whole ones only.

    Notices take its place, and rows of their own where they are longer: they cover nothing.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "footer--key",
        "footer--information",
        "footer--warning",
        "footer--error",
    }

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._hints: Sequence[Hint] = ()
        self._caption = ""
        self._notices: list[_Notice] = []

    @property
    def hints(self) -> list[Hint]:
        """The hints that there is room for."""
        room, result = 0 if self._caption else self.size.width, []
        for hint in self._hints:
            room -= _cells(hint)
            if room < 0:
                break
            result.append(hint)
        return result

    @property
    def notice(self) -> str:
        """What is said in place of the hints, empty for nothing."""
        return _text(self._notices[-1].notification).plain if self._notices else ""

    def show(self, hints: Sequence[Hint]) -> None:
        """List what can be done now."""
        if hints != self._hints:
            self._hints = hints
            self.refresh()

    @property
    def caption(self) -> str:
        """What stands in place of the hints, empty for nothing."""
        return self._caption

    def caption_with(self, caption: str) -> None:
        """Put a line in the place of the hints, or (empty) the hints again."""
        if caption != self._caption:
            self._caption = caption
            self.refresh()

    def say(self, notification: Notification, *, until_key: bool = False) -> None:
        """Put a notice in the place of the hints, for its time or until a key is pressed."""
        end = None if until_key else time.monotonic() + notification.timeout
        self._notices.append(_Notice(notification, end))
        self._fit()

    def expire(self) -> None:
        """Take away what has had its time; to be asked some times a second."""
        now = time.monotonic()
        self._forget(lambda notice: notice.end is not None and notice.end <= now)

    def key_pressed(self) -> None:
        """Take away what stands until the first key."""
        self._forget(lambda notice: notice.end is None)

    def on_click(self, event: events.Click) -> None:
        """Take the notice away, or do what the hint under the mouse says."""
        event.stop()
        if self._notices:
            newest = self._notices[-1]
            self._forget(lambda notice: notice is newest)
            return
        x = 0
        for hint in self.hints:
            x += _cells(hint)
            if event.x < x:
                self.app.simulate_key(hint.key)
                return

    def on_resize(self) -> None:
        """Wrap the notice anew."""
        self._fit()

    def _forget(self, is_over: Callable[[_Notice], bool]) -> None:
        left = [notice for notice in self._notices if not is_over(notice)]
        if len(left) < len(self._notices):
            self._notices = left
            self._fit()

    def _fit(self) -> None:
        """Take as many rows as there is to say."""
        rows = len(self._notice_rows()) or 1
        if self.styles.height is None or self.styles.height.value != rows:
            self.styles.height = rows
        self.refresh()

    def _notice_rows(self) -> list[Text]:
        if not self._notices or not self.size.width:
            return []
        text = _text(self._notices[-1].notification)
        return list(text.wrap(self.app.console, self.size.width - 2))[:_MOST_ROWS]

    def render_line(self, y: int) -> Strip:
        """Return a row of the notice, or the hints."""
        rows, width, style = self._notice_rows(), self.size.width, self.rich_style
        if rows:
            ink = self.ink(f"footer--{self._notices[-1].notification.severity}")
            segments = [Segment("▌", ink), Segment(rows[y].plain if y < len(rows) else "")]
        else:
            key = self.ink("footer--key")
            segments = [] if y else [s for hint in self.hints for s in _segments(hint, key)]
            if self._caption and not y:
                segments = [Segment(f" {self._caption}")]
        return Strip(segments).adjust_cell_length(width).apply_style(style)


def _segments(hint: Hint, key: Style) -> list[Segment]:
    return [Segment(f" {hint.key_label}", key), Segment(f" {hint.word} ")]


def _cells(hint: Hint) -> int:
    return cell_len(hint.key_label) + cell_len(hint.word) + 3


def _text(notification: Notification) -> Text:
    """Return what a notification says, its title before it."""
    message = notification.message
    if notification.markup:
        message = Content.from_markup(message).plain
    return Text(f"{notification.title}: {message}" if notification.title else message)
