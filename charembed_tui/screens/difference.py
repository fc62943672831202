"""An axis of one's own: from some characters to others."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Static

from charembed_tui.coordinates.views import Difference
from charembed_tui.screens.dialog import Dialog
from charembed_tui.text.selection import classes, selected
from model.errors import SettingsError


class DifferenceScreen(Dialog[Difference]):
    """Two fields say from what to what the axis goes; enter goes on.

    Args:
        vocabulary: the characters there are.
        start: what stands in the first field at first.
    """

    def __init__(self, vocabulary: tuple[str, ...], start: str = "") -> None:
        super().__init__()
        self._vocabulary = vocabulary
        self._fields = (
            Input(start, id="difference-start", compact=True),
            Input(id="difference-end", compact=True),
        )

    def compose(self) -> ComposeResult:
        """Yield the fields over a line on what may stand in them."""
        with Vertical(classes="dialog", id="difference") as box:
            box.border_title = "An axis from … to …"
            box.border_subtitle = "enter draws it, esc leaves"
            names = ", ".join(kind.value for kind in classes(self._vocabulary))
            yield Static(f"a character, several, or a class: {names}", classes="hint")
            for label, field in zip(("from", "to"), self._fields, strict=True):
                with Horizontal(classes="field"):
                    yield Label(label)
                    yield field
            yield Static("", id="difference-note", classes="error")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        first, second = self._fields
        if event.input is first and not second.value:
            second.focus()
            return
        note = self.query_one("#difference-note", Static)
        try:
            start, end = (selected(self._vocabulary, field.value) for field in self._fields)
        except SettingsError as error:
            note.update(Text(str(error)))
            return
        if start.codes == end.codes:
            note.update("Both ends are the same: an axis needs two.")
            return
        names = start.name, end.name
        self.dismiss(Difference(tuple(sorted(start.codes)), tuple(sorted(end.codes)), names))
