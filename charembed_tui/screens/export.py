"""Export: what to write, with a progress bar, and esc to leave off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import ProgressBar, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, get_current_worker

from charembed_tui.coordinates.views import MapView
from charembed_tui.exports.data import export_run
from charembed_tui.exports.raster import gif, png
from charembed_tui.exports.scene import Scene, lay_out, thinned
from charembed_tui.exports.svg import svg
from charembed_tui.screens.dialog import Dialog
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.atomic import write_whole
from charembed_tui.storage.locations import new_export_folder, unwritten
from charembed_tui.text.glyphs import printable
from charembed_tui.training.snapshot import Snapshot, View
from charembed_tui.training.trajectory import Frame, Trajectory
from charembed_tui.widgets.option_list import OptionList
from model.corpus import Corpus
from model.errors import Cancelled, CharembedError

_GIF_FRAMES = 120


@dataclass(frozen=True, eq=False)
class Exportable:
    """This is all that can be exported of a run.

    Attributes:
        corpus: the text.
        settings: of the run.
        snapshot: its newest.
        view: the parameters on show.
        timeline: the recording.
        side: from which the embeddings are seen.
        run: folder of the run, None where it has none of ours.
    """

    corpus: Corpus
    settings: TrainingSettings
    snapshot: Snapshot
    view: View
    timeline: Trajectory
    side: MapView
    run: Path | None

    def scene(self, frames: list[Frame]) -> Scene:
        """Lay out some frames as a scene."""
        model, vocabulary = self.snapshot.model, self.corpus.vocabulary
        return lay_out(frames, model, vocabulary, self.side, self.corpus.name)

    def now(self) -> list[Frame]:
        """Return the parameters on show as the one frame."""
        return [Frame(self.view.step, self.view.theta)]


@dataclass(frozen=True)
class Progress:
    """An export reports here how far it is, and hears that it should leave off."""

    advance: Callable[[int, int], object]
    is_cancelled: Callable[[], bool]


def _data(what: Exportable, folder: Path, _: Progress) -> None:
    export_run(folder, what.corpus, what.settings, what.snapshot, what.timeline.frames())


def _animation(what: Exportable, folder: Path, progress: Progress) -> None:
    scene = what.scene(thinned(what.timeline.frames(), _GIF_FRAMES))
    data = gif(scene, progress.advance, progress.is_cancelled)
    write_whole(folder / "embedding.gif", data)


def _svg(what: Exportable, folder: Path, _: Progress) -> None:
    write_whole(folder / "embedding.svg", svg(what.scene(what.now())).encode())


def _png(what: Exportable, folder: Path, _: Progress) -> None:
    write_whole(folder / "embedding.png", png(what.scene(what.now())))


KINDS: dict[str, tuple[str, Callable[[Exportable, Path, Progress], None]]] = {
    "data": ("vectors, losses, the parameters of every step", _data),
    "GIF": ("the embedding moving through all recorded steps", _animation),
    "SVG": ("the embedding as it is on show", _svg),
    "PNG": ("the same as pixels", _png),
}


class ExportScreen(Dialog[Path]):
    """The kinds of export are listed; the result is the folder that was written.

    Args:
        what: can be exported.
    """

    @dataclass
    class Advanced(Message):
        """The export has come farther."""

        done: int
        total: int

    @dataclass
    class Ended(Message):
        """The export is complete, or has failed for a reason."""

        folder: Path | None
        error: str = ""

    def __init__(self, what: Exportable) -> None:
        super().__init__()
        self._what = what
        self._worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """Yield the list, and a bar for when something is written."""
        with Vertical(classes="dialog", id="export") as box:
            box.border_title = "Export"
            box.border_subtitle = "enter writes, esc leaves"
            yield OptionList(
                *(
                    Option(Text(f"{kind:<5} {meaning}"), id=kind)
                    for kind, (meaning, _) in KINDS.items()
                ),
                compact=True,
            )
            yield ProgressBar(show_eta=False)
            yield Static("", id="export-note")

    def on_mount(self) -> None:
        """Hide the bar before there is progress."""
        self.query_one(ProgressBar).display = False

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self._worker is None:
            self.query_one(ProgressBar).display = True
            self.query_one("#export-note", Static).update("writing … esc cancels")
            self._worker = self._write(str(event.option_id))

    @work(thread=True, group="export", exit_on_error=False)
    def _write(self, kind: str) -> None:
        worker = get_current_worker()
        folder: Path | None = None
        try:
            folder = new_export_folder(self._what.run, self._what.corpus.name, datetime.now())
            progress = Progress(
                lambda done, total: self.post_message(self.Advanced(done, total)),
                lambda: worker.is_cancelled,
            )
            KINDS[kind][1](self._what, folder, progress)
        except (CharembedError, OSError) as error:
            if folder is not None and not any(folder.iterdir()):
                folder.rmdir()
            if isinstance(error, Cancelled):
                return
            message = unwritten(error) if isinstance(error, OSError) else str(error)
            self.post_message(self.Ended(None, message))
        else:
            self.post_message(self.Ended(folder))

    @on(Advanced)
    def _advanced(self, event: Advanced) -> None:
        self.query_one(ProgressBar).update(total=event.total, progress=event.done)

    @on(Ended)
    def _ended(self, event: Ended) -> None:
        self._worker = None
        if event.folder is not None:
            self.dismiss(event.folder)
            return
        self.query_one(ProgressBar).display = False
        self.query_one("#export-note", Static).update(Text(printable(event.error), style="bold"))

    def action_close(self) -> None:
        """Cancel what is being written, or leave."""
        if self._worker is not None:
            self._worker.cancel()
        self.dismiss(None)
