"""The runs on disk: go on with one, follow one that trains, start from one; name, delete them."""

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
from charembed_tui.runs.errors import RunError
from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.use import Use
from charembed_tui.screens.dialog import Dialog, scroll_hint
from charembed_tui.screens.questions import ConfirmScreen, NameScreen
from charembed_tui.settings.training_settings import changed
from charembed_tui.storage.locations import runs_directory
from charembed_tui.text.glyphs import visible
from charembed_tui.training.loss_log import Measurement, in_words

_COLUMNS = ("", "name", "started", "loss", "steps", "text", "settings")
_SUBTITLE = "enter opens · p starts from it · n names · d deletes"
_MOST = 500


@dataclass(frozen=True, eq=False)
class Saved:
    """This is a run as the table lists it."""

    folder: RunFolder
    last: Measurement | None
    is_in_use: bool


class SavedRunsScreen(Dialog[tuple[RunFolder, Use]]):
    """The runs on disk are in a table, the newest first.

    Args:
        current: folder of the run that goes on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "start_from", "Start from its parameters"),
        Binding("n", "rename", "Name it"),
        Binding("d,delete", "delete", "Delete it"),
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
        self._details = Static("", classes="details")

    def compose(self) -> ComposeResult:
        """Yield the table, and a note on why it may be empty."""
        with Vertical(classes="dialog wide", id="saved-runs") as box:
            box.border_title = "Saved runs, nats per character"
            yield self._note
            yield self._table
            yield self._details

    def on_mount(self) -> None:
        """List them on a thread: there may be many."""
        self._table.add_columns(*_COLUMNS)
        self._table.focus()
        self.hint_at_scrolling(self._table, self._hint)
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
        self._details.display = bool(self._runs)
        row = self._table.cursor_row
        self._table.clear()
        for run in self._runs:
            configuration = run.folder.configuration
            s = configuration.settings
            is_current = run.folder.path == self._current
            cells = (
                "►" if is_current else "●" if run.is_in_use else "",
                visible(run.folder.name),
                visible(configuration.started.replace("T", " ")),
                in_words(run.last.score) if run.last else "–",
                f"{run.last.step:,}" if run.last else "–",
                visible(configuration.corpus_name),
                f"M={s.context_length} H={s.embedding_size} {s.optimizer}",
            )
            self._table.add_row(*map(Text, cells))
        if self._runs:
            self._table.move_cursor(row=min(row, len(self._runs) - 1))
        self._describe()
        self._hint()

    def _hint(self) -> None:
        """Say what can be done, and how the rest can be seen, where there is more than fits."""
        hint = f"{scroll_hint(self._table, sideways=True)}{_SUBTITLE}"
        subtitle = hint if self._runs else "esc leaves"
        self.query_one("#saved-runs").border_subtitle = subtitle

    @on(DataTable.RowHighlighted)
    def _describe(self) -> None:
        """Say everything that tells the run under the cursor from others."""
        run = self._run
        if run is None:
            self._details.update("")
            return
        s = run.folder.configuration.settings
        own = [f"{s.FIELDS[name].label} {value}" for name, value in changed(s).items()]
        text = " · ".join((run.folder.path.name, s.model, *own))
        self._details.update(Text(visible(text)))

    @property
    def _run(self) -> Saved | None:
        """The run under the cursor."""
        row = self._table.cursor_row
        return self._runs[row] if 0 <= row < len(self._runs) else None

    def _say(self, problem: str) -> None:
        self._details.update(Text(visible(problem), style="bold"))

    def action_rename(self) -> None:
        """Give the run under the cursor another name."""
        run = self._run
        if run is None:
            return

        def rename(name: str | None) -> None:
            if name is None:
                return
            if name and any(r is not run and r.folder.name == name for r in self._runs):
                self._say(f"Another run is called {name}: choose a name of its own.")
                return
            try:
                run.folder.rename(name)
            except OSError as error:
                self._say(f"It cannot be named: {error}")
            else:
                self._list()

        self.app.push_screen(NameScreen("Name of the run", visible(run.folder.name)), rename)

    def action_delete(self) -> None:
        """Delete the run under the cursor, if that is meant and nobody uses it."""
        run = self._run
        if run is None:
            return
        if run.folder.path == self._current or run.folder.is_in_use:
            self._say("This run is in use: it cannot be deleted.")
            return

        def delete(is_meant: bool | None) -> None:
            if not is_meant:
                return
            try:
                run.folder.delete()
            except (RunError, OSError) as error:
                self._say(f"It cannot be deleted: {error}")
            else:
                self._list()

        name = run.folder.name or run.folder.path.name
        steps = f"{run.last.step:,} steps" if run.last else "no step"
        question = (
            f"Delete {visible(name)}, {steps} on {visible(run.folder.configuration.corpus_name)}, "
            "with its texts and exports? It cannot be brought back."
        )
        self.app.push_screen(ConfirmScreen("Delete a run", question), delete)

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
