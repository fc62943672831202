"""A dialog with one of everything that dialogs are made of."""

from __future__ import annotations

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Grid, Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, DataTable, Input, Label, ProgressBar, Static

from charembed_tui.screens.dialog import Dialog
from charembed_tui.training.generation import Chunk
from charembed_tui.widgets.generated_text_view import GeneratedTextView
from charembed_tui.widgets.option_list import OptionList, Select

_COLOURED = frozenset({"hint", "error"})
_CONTAINERS = (Horizontal, Vertical, VerticalScroll, Grid)


class PartsDialog(Dialog[None]):
    """Fields that are empty, filled and wrong; lists, tables and texts of every kind."""

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide") as box:
            box.border_title, box.border_subtitle = "Title", "subtitle"
            yield Static("hint", classes="hint")
            yield Static("error", classes="error")
            yield Static("details", classes="details")
            yield Static(Text.assemble("text ", ("dim ", "dim"), ("bold", "bold underline")))
            yield Static("story", id="help-story")
            with Horizontal(classes="field"):
                yield Label("label")
                yield Select([("chosen", "1")], value="1", allow_blank=False, compact=True)
                yield Input("value", compact=True)
            yield Input(placeholder="placeholder", compact=True)
            yield OptionList("first", "second", compact=True)
            yield DataTable(cursor_type="row", zebra_stripes=True)
            yield ProgressBar(show_eta=False)
            yield Button("button", compact=True)
            yield GeneratedTextView("heading", "prompt", 0, 1)
            with Vertical(classes="dialog", id="help"):
                yield Static("help")

    def on_mount(self) -> None:
        """Fill what is filled later."""
        table = self.query_one(DataTable)
        table.add_columns("column", "other")
        for row in range(3):
            table.add_row(f"cell {row}", "cell")
        self.query_one(OptionList).highlighted = 0
        self.query_one(ProgressBar).update(total=3, progress=1)
        surprises = [0.1, 1.0, 2.5, 4.0, 6.0, 9.0]
        self.query_one(GeneratedTextView).extend(Chunk("abcdef", np.array(surprises)))


def kinds(dialog: Screen[object]) -> set[tuple[type[Widget], frozenset[str]]]:
    """What a dialog is made of: kinds of widgets, and those of their classes that have colours."""
    return {
        (type(widget), frozenset(widget.classes) & _COLOURED)
        for widget in dialog.walk_children(Widget)
        if not isinstance(widget, _CONTAINERS)
    }
