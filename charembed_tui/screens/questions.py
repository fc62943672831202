"""Short questions in front of another dialog: a name, or whether something is meant."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from charembed_tui.screens.dialog import Dialog


class NameScreen(Dialog[str]):
    """A name is typed here; esc leaves what there was.

    Args:
        title: of the box.
        name: what stands in the field at first.
    """

    def __init__(self, title: str, name: str) -> None:
        super().__init__()
        self._heading, self._before = title, name

    def compose(self) -> ComposeResult:
        """Yield the field."""
        with Vertical(classes="dialog", id="name") as box:
            box.border_title = self._heading
            box.border_subtitle = "enter takes it, empty for none · esc leaves"
            yield Input(self._before, max_length=60, compact=True)

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip())


class ConfirmScreen(Dialog[bool]):
    """A question that only y answers with yes.

    Args:
        title: of the box.
        question: what is asked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer", "Yes"),
        Binding("n", "close", "No"),
    ]

    def __init__(self, title: str, question: str) -> None:
        super().__init__()
        self._heading, self._question = title, question

    def compose(self) -> ComposeResult:
        """Yield the question."""
        with Vertical(classes="dialog", id="confirm") as box:
            box.border_title = self._heading
            box.border_subtitle = "y yes · n or esc no"
            yield Static(self._question, markup=False)

    def action_answer(self) -> None:
        """Say yes."""
        self.dismiss(True)
