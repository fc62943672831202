"""The runs on disk: go on with one, follow one that trains, or start from its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import DataTable, Static

from charembed_tui.runs.catalogue import newest_runs
from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.use import Use
from charembed_tui.screens.dialog import Dialog
from charembed_tui.storage.locations import runs_directory
from charembed_tui.text.glyphs import visible
from charembed_tui.training.loss_log import Measurement

_COLUMNS = ("", "text", "started", "loss", "steps", "settings")
_MOST = 500


@dataclass(frozen=True, eq=False)
class Saved:
    """A run as the table lists it."""

    folder: RunFolder
    last: Measurement | None
    is_in_use: bool


class SavedRunsScreen(Dialog[tuple[RunFolder, Use]]):
    """A table, the newest run first.

    Args:
        current: folder of the run that goes on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "start_from", "Start from its parameters"),
        Binding("O", "close", "Close", show=False),
    ]

    @dataclass
    class Found(Message):
        """The runs are listed."""

        runs: Sequence[Saved]

    def __init__(self, current: Path | None) -> None:
        super().__init__()
        self._current = current
        self._runs: Sequence[Saved] = ()
        self._table: DataTable[Text] = DataTable(cursor_type="row", zebra_stripes=True)
        self._note = Static("looking …", classes="hint")

    def compose(self) -> ComposeResult:
        """The table, or why it is empty."""
        with Vertical(classes="dialog wide", id="saved-runs") as box:
            box.border_title = "Saved runs, nats per character"
            box.border_subtitle = "enter goes on, or follows · p starts from its parameters"
            yield self._note
            yield self._table

    def on_mount(self) -> None:
        """List them on a thread: there may be many."""
        self._table.add_columns(*_COLUMNS)
        self._table.focus()
        self._list()

    @work(thread=True, group="saved-runs", exit_on_error=False)
    def _list(self) -> None:
        newest = islice(newest_runs(), _MOST)
        self.post_message(self.Found([Saved(f, f.metrics.last(), f.is_in_use) for f in newest]))

    @on(Found)
    def _fill(self, event: Found) -> None:
        self._runs = event.runs
        self._note.update(Text(f"no run is saved in {visible(str(runs_directory()))} yet"))
        self._note.display, self._table.display = not self._runs, bool(self._runs)
        for run in self._runs:
            configuration = run.folder.configuration
            s = configuration.settings
            is_current = run.folder.path == self._current
            cells = (
                "►" if is_current else "●" if run.is_in_use else "",
                visible(configuration.corpus_name),
                configuration.started.replace("T", " ")[:16],
                f"{run.last.score:.4f}" if run.last else "–",
                f"{run.last.step:,}" if run.last else "–",
                f"M={s.context_length} H={s.embedding_size} {s.optimizer}",
            )
            self._table.add_row(*map(Text, cells))

    @on(DataTable.RowSelected)
    def _selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        run = self._runs[event.cursor_row]
        if run.folder.path == self._current:
            self.dismiss(None)
        else:
            self.dismiss((run.folder, Use.FOLLOW if run.is_in_use else Use.GO_ON))

    def action_start_from(self) -> None:
        """Start a new run, on the open text, from the parameters of the one under the cursor."""
        if self._runs:
            self.dismiss((self._runs[self._table.cursor_row].folder, Use.START_FROM))
