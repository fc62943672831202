"""The same prompt at several points of the timeline, side by side: how it learned to spell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Grid, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import get_current_worker

from charembed_tui.screens.dialog import Dialog
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.text.glyphs import visible
from charembed_tui.training.generation import Chunk, write
from charembed_tui.training.snapshot import View
from charembed_tui.training.trajectory import Trajectory
from charembed_tui.widgets.generated_text_view import GeneratedTextView
from charembed_tui.widgets.titles import entitle
from model.corpus import Corpus
from model.errors import CharembedError
from model.families.base import Model

if TYPE_CHECKING:
    from charembed_tui.training.fits import Fits

_COLUMN = 30  # cells
_MOST = 6
_CHARACTERS = 240


class ThroughTimeScreen(Dialog[None]):
    """Texts are written with one seed, each by the parameters of another step.

    Args:
        views: the points of the timeline.
        corpus: the text.
        prompt: what all samples follow.
        settings: of writing; a fresh seed is drawn once, so that all samples share it.
    """

    @dataclass
    class Written(Message):
        """There is more of a sample, or it has failed."""

        number: int
        chunk: Chunk | str

    def __init__(
        self,
        views: Sequence[View],
        corpus: Corpus,
        prompt: str,
        settings: SamplingSettings,
    ) -> None:
        super().__init__()
        self._views, self._corpus, self._prompt = views, corpus, prompt
        seed = settings.seed if settings.seed >= 0 else 1
        self._settings = replace(settings, length=_CHARACTERS, seed=seed)
        self._samples = [
            GeneratedTextView(f"step {view.step:,}", prompt, 0, view.step) for view in views
        ]

    def compose(self) -> ComposeResult:
        """Yield a column for each point."""
        with VerticalScroll(classes="dialog wide", id="through-time") as box:
            self._entitle(box, "one seed, the parameters of each step · esc closes")
            if not self._samples:
                yield Static("nothing is recorded yet: space trains", classes="hint")
            yield Grid(*self._samples, id="through-time-grid")

    def on_mount(self) -> None:
        """Arrange as many columns as fit, and start writing."""
        self.on_resize()
        self._write()

    def _entitle(self, box: Widget, subtitle: str) -> None:
        entitle(box, f"Through time · after “{visible(self._prompt)}”", subtitle)

    def on_resize(self) -> None:
        """Rearrange the columns."""
        columns = max(1, min(len(self._samples), (self.app.size.width - 8) // _COLUMN))
        self.query_one("#through-time-grid", Grid).styles.grid_size_columns = columns

    @work(thread=True, group="through-time", exclusive=True, exit_on_error=False)
    def _write(self) -> None:
        worker = get_current_worker()
        for number, view in enumerate(self._views):
            try:
                write(
                    view,
                    self._corpus.vocabulary,
                    self._corpus.reading.as_read(self._prompt),
                    self._settings,
                    lambda chunk, number=number: self.post_message(self.Written(number, chunk)),  # type: ignore[misc]
                    lambda: worker.is_cancelled,
                    self._corpus.boundary,
                )
            except CharembedError as error:
                self.post_message(self.Written(number, str(error)))

    def on_through_time_screen_written(self, event: Written) -> None:
        """Show a part of a sample."""
        if isinstance(event.chunk, str):
            self._entitle(self.query_one("#through-time"), visible(event.chunk))
        else:
            self._samples[event.number].extend(event.chunk)


def spread(
    timeline: Trajectory, model: Model, fits: Fits | None = None, most: int = _MOST
) -> list[View]:
    """Return points of a timeline, closer together at the beginning, where most is learned."""
    frames = timeline.frames()
    if not frames:
        return []
    last = frames[-1].step
    wanted = [0, *(round(last ** (i / (most - 1))) for i in range(1, most))] if last else [0]
    found = {frame.step: frame for step in wanted if (frame := timeline.at(step))}
    return [
        View(model, step, frame.theta, live=step == last, fits=fits)
        for step, frame in sorted(found.items())
    ]
