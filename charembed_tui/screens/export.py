"""Export: what to write, with a progress bar, and esc to leave off."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
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

from charembed_tui.coordinates.views import Projection
from charembed_tui.exports.coordinates import write_coordinates
from charembed_tui.exports.data import export_run
from charembed_tui.exports.drawing import Drawing
from charembed_tui.exports.poster import SAMPLE_LENGTH, SAMPLE_LINES, film, poster, write_sample
from charembed_tui.exports.raster import gif, png, require_pillow
from charembed_tui.exports.scene import Side
from charembed_tui.exports.svg import svg
from charembed_tui.exports.vectors import write_safetensors, write_word2vec
from charembed_tui.screens.dialog import Dialog
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.atomic import write_whole
from charembed_tui.storage.locations import export_folder, unwritten
from charembed_tui.text.glyphs import printable
from charembed_tui.training.change_scale import ChangeScale, paced
from charembed_tui.training.memory import reason
from charembed_tui.training.snapshot import Snapshot, View
from charembed_tui.training.trajectory import Trajectory
from charembed_tui.widgets.option_list import OptionList
from model.corpus import Corpus
from model.errors import Cancelled, CharembedError, SettingsError

_GIF_FRAMES = 120
_GIF_SECONDS = 12.0  # as playback takes
_LAST_SECONDS = 2.5  # longer than its turn the last frame is to be seen


@dataclass(frozen=True, eq=False)
class Exportable:
    """This is all that can be exported of a run.

    Attributes:
        corpus: the text.
        settings: of the run.
        snapshot: its newest.
        view: the parameters on show.
        timeline: the recording.
        side: from which the map is seen.
        projection: what is seen of it now, None before there is anything.
        prompt: what samples follow.
        sampling: how they are written.
        run: folder of the run, None where it has none of ours.
    """

    corpus: Corpus
    settings: TrainingSettings
    snapshot: Snapshot
    view: View
    timeline: Trajectory
    side: Side
    projection: Projection | None
    prompt: str
    sampling: SamplingSettings
    run: Path | None


@dataclass(frozen=True)
class Progress:
    """An export reports here how far it is, and hears that it should leave off."""

    advance: Callable[[int, int], object]
    is_cancelled: Callable[[], bool]


def _data(what: Exportable, folder: Path, _: Progress) -> None:
    export_run(folder, what.corpus, what.settings, what.snapshot, what.timeline.frames())


def _animation(what: Exportable, folder: Path, progress: Progress) -> None:
    require_pillow()
    recording = what.timeline.frames()
    scale = ChangeScale.of(recording, what.snapshot.model, what.snapshot.curve)
    chosen = paced(recording, scale, _GIF_FRAMES)
    frames = [frame for frame, _ in chosen]
    seconds = [part * _GIF_SECONDS for _, part in chosen]
    seconds[-1] += _LAST_SECONDS
    drawings = film(what.corpus.name, what.corpus.vocabulary, what.side, what.snapshot, frames)
    write_whole(
        folder / "film.gif", gif(drawings, seconds, progress.advance, progress.is_cancelled)
    )


def _poster(what: Exportable, progress: Progress) -> Drawing:
    """Draw the poster; both samples are written with one seed."""
    settings = replace(what.sampling, length=SAMPLE_LENGTH, count=SAMPLE_LINES)
    if settings.seed < 0:
        settings = replace(settings, seed=secrets.randbelow(2**32))
    vocabulary, view = what.corpus.vocabulary, what.view
    frames = what.timeline.frames()[:1]
    first = [View(view.model, f.step, f.theta, live=False, fits=view.fits) for f in frames]
    samples = [
        write_sample(at, what.corpus, what.prompt, settings, progress.is_cancelled)
        for at in (*first, view)
    ]
    return poster(what.corpus.name, vocabulary, what.side, what.snapshot, view, samples)


def _svg(what: Exportable, folder: Path, progress: Progress) -> None:
    write_whole(folder / "poster.svg", svg(_poster(what, progress)).encode())


def _png(what: Exportable, folder: Path, progress: Progress) -> None:
    require_pillow()
    write_whole(folder / "poster.png", png(_poster(what, progress)))


def _coordinates(what: Exportable, folder: Path, _: Progress) -> None:
    projection = what.projection
    if projection is None:
        raise SettingsError("There is nothing on the map yet: try again in a moment.")
    write_coordinates(folder / "map.csv", projection, what.corpus.vocabulary, what.view.step)


def _word2vec(what: Exportable, folder: Path, _: Progress) -> None:
    write_word2vec(folder / "vectors.txt", what.view.embeddings, what.corpus.vocabulary)


def _safetensors(what: Exportable, folder: Path, _: Progress) -> None:
    write_safetensors(folder / "run.safetensors", what.view, what.corpus.vocabulary)


KINDS: dict[str, tuple[str, Callable[[Exportable, Path, Progress], None]]] = {
    "PNG": ("a poster: map, loss, samples before and after", _png),
    "SVG": ("the same as vectors", _svg),
    "GIF": ("a film: the map from first to last step", _animation),
    "data": ("vectors, losses, the parameters of every step", _data),
    "CSV": ("where characters are on the map", _coordinates),
    "word2vec": ("vectors as gensim reads them", _word2vec),
    "safetensors": ("vectors and parameters", _safetensors),
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
                    Option(Text(f"{kind:<11} {meaning}"), id=kind)
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
        what = self._what
        progress = Progress(
            lambda done, total: self.post_message(self.Advanced(done, total)),
            lambda: worker.is_cancelled,
        )
        try:
            with export_folder(what.run, what.corpus.name, datetime.now()) as folder:
                KINDS[kind][1](what, folder, progress)
        except Cancelled:
            return
        except OSError as error:
            self.post_message(self.Ended(None, unwritten(error)))
        except (CharembedError, MemoryError) as error:
            self.post_message(self.Ended(None, reason(error)))
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
