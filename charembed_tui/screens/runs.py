"""The runs of this session by their best steps: compare, hide curves, take settings over."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import DataTable, Static

from charembed_tui.screens.dialog import Dialog, scroll_hint
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.glyphs import visible
from charembed_tui.training.loss_log import in_words
from charembed_tui.training.run_history import RunHistory

_COLUMNS = ("", "run", "best", "at step", "training", "steps", "seconds", "text")
_SUBTITLE = "space shows or hides a curve, enter takes the settings"


class RunsScreen(Dialog[TrainingSettings]):
    """The runs are in a table sorted by their best loss; enter takes over a run's settings.

    Args:
        history: the runs.
        current: number of the run that goes on.
        colour_of: the colour of a run's curve, by its number.
        trained_by: the key that trains, as people know it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_curve", "Show or hide its curve"),
        Binding("R", "close", "Close", show=False),
    ]

    def __init__(
        self,
        history: RunHistory,
        current: int,
        colour_of: Callable[[int], Style],
        trained_by: str,
    ) -> None:
        super().__init__()
        self._colour_of, self._trained_by = colour_of, trained_by
        self._history, self._current = history, current
        self._table: DataTable[Text | str] = DataTable(cursor_type="row", zebra_stripes=True)

    def compose(self) -> ComposeResult:
        """Yield the table, or why it is empty."""
        with Vertical(classes="dialog wide", id="runs") as box:
            box.border_title = "Runs by their best held-out loss, nats per character"
            if self._history.ranked():
                yield self._table
            else:
                note = f"no run has taken a step yet: {self._trained_by} trains"
                yield Static(note, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Fill the table."""
        self._table.add_columns(*_COLUMNS)
        self._fill()
        self.hint_at_scrolling(self._table, self._hint)
        self._table.focus()

    def _hint(self) -> None:
        """Say what can be done, and how the rest can be seen, where there is more than fits."""
        hint = f"{scroll_hint(self._table, sideways=True)}{_SUBTITLE}"
        subtitle = hint if self._history.ranked() else "esc leaves"
        self.query_one("#runs").border_subtitle = subtitle

    def _fill(self) -> None:
        row = self._table.cursor_row
        self._table.clear()
        for place, run in enumerate(self._history.ranked()):
            snapshot, best = run.snapshot, run.snapshot.best
            sign = "►" if run.number == self._current else "●" if run.is_visible else "○"
            style = "bold" if place == 0 else ""
            colour = style if run.number == self._current else self._colour_of(run.number)
            cells = (
                f"{sign} best" if place == 0 else sign,
                run.name,
                in_words(run.score),
                "–" if best is None else f"{best.step:,}",
                "–" if snapshot.loss is None else in_words(snapshot.loss),
                f"{snapshot.step:,}",
                f"{snapshot.seconds:.1f}",
                visible(run.corpus),
            )
            texts = [Text(cell, style=style) for cell in cells]
            texts[0].stylize(colour)
            self._table.add_row(*texts, key=str(run.number))
        if self._table.row_count:
            self._table.move_cursor(row=min(row, self._table.row_count - 1))

    def action_toggle_curve(self) -> None:
        """Show or hide the curve of the run under the cursor."""
        ranked = self._history.ranked()
        if ranked:
            self._history.toggle(ranked[self._table.cursor_row].number)
            self._fill()

    @on(DataTable.RowSelected)
    def _selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        run = self._history.ranked()[event.cursor_row]
        self.dismiss(run.settings)
