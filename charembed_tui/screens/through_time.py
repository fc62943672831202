"""The same prompt at several points of the timeline, side by side: how it learned to spell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Grid, Horizontal, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Label, Static
from textual.worker import get_current_worker

from charembed_tui.screens.dialog import Dialog, scroll_hint
from charembed_tui.settings.fields import Number
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.text.glyphs import visible
from charembed_tui.training.change_scale import ChangeScale, paced
from charembed_tui.training.generation import Chunk, write
from charembed_tui.training.loss_log import NO_CURVE, Curve
from charembed_tui.training.snapshot import Snapshot, View
from charembed_tui.training.trajectory import Frame, Trajectory
from charembed_tui.widgets.generated_text_view import GeneratedTextView
from charembed_tui.widgets.titles import entitle
from model.corpus import Corpus
from model.errors import CharembedError, SettingsError
from model.families.base import Model

if TYPE_CHECKING:
    from charembed_tui.training.fits import Fits

_COLUMN = 30  # cells
_MOST = 6
_CHARACTERS = 240
_LINES = 8  # of a list
_STEP = Number("until", 0, 10**12)
_SUBTITLE = "one seed, the parameters of each step · esc closes"


class ThroughTimeScreen(Dialog[None]):
    """Texts are written with one seed, each by the parameters of another step.

    The last of them is the best step, unless another one is typed.

    Args:
        timeline: the recording.
        snapshot: the newest of the run.
        corpus: the text.
        prompt: what all samples follow.
        settings: of writing; a fresh seed is drawn once, so that all samples share it.
        fits: what goes with the family; None where nothing does.
        trained_by: the key that trains, as people know it.
    """

    AUTO_FOCUS = "#through-time-end"

    @dataclass
    class Written(Message):
        """There is more of a sample, or it has failed."""

        sample: GeneratedTextView
        chunk: Chunk | str

    def __init__(
        self,
        timeline: Trajectory,
        snapshot: Snapshot,
        corpus: Corpus,
        prompt: str,
        settings: SamplingSettings,
        fits: Fits | None = None,
        *,
        trained_by: str,
    ) -> None:
        super().__init__()
        self._trained_by = trained_by
        self._timeline, self._snapshot, self._fits = timeline, snapshot, fits
        self._corpus, self._prompt = corpus, prompt
        seed = settings.seed if settings.seed >= 0 else 1
        count = min(settings.count, _LINES)
        self._settings = replace(settings, length=_CHARACTERS, count=count, seed=seed)
        self._until("best")

    def _until(self, at: str) -> None:
        """Choose points of the timeline up to a step. Raises SettingsError."""
        end = frame_at(at, self._timeline, self._snapshot)
        snapshot = self._snapshot
        self._views = spread(
            self._timeline, snapshot.model, self._fits, end=end, curve=snapshot.curve
        )
        self._samples = [
            GeneratedTextView(self._heading(view), self._prompt, 0, view.step)
            for view in self._views
        ]

    def _heading(self, view: View) -> str:
        best = self._snapshot.best
        is_best = best is not None and view.step == best.step
        return f"step {view.step:,} · best" if is_best else f"step {view.step:,}"

    def compose(self) -> ComposeResult:
        """Yield where it ends, and a column for each point."""
        with VerticalScroll(classes="dialog wide", id="through-time"):
            if not self._samples:
                note = f"nothing is recorded yet: {self._trained_by} trains"
                yield Static(note, classes="hint", markup=False)
            else:
                with Horizontal(classes="field"):
                    yield Label(_STEP.label)
                    yield Input("best", compact=True, id="through-time-end")
                yield Static("best, last or a step, then enter", classes="hint")
            yield Grid(*self._samples, id="through-time-grid")

    def on_mount(self) -> None:
        """Arrange as many columns as fit, and start writing."""
        self.hint_at_scrolling(self.query_one("#through-time"), lambda: self._entitle())
        self.on_resize()
        self._write()

    def _entitle(self, problem: str = "") -> None:
        box = self.query_one("#through-time")
        subtitle = problem or scroll_hint(box) + _SUBTITLE
        after = f"after “{visible(self._prompt)}”" if self._prompt else "without a prompt"
        entitle(box, f"Through time · {after}", subtitle)

    def on_resize(self) -> None:
        """Rearrange the columns."""
        columns = max(1, min(len(self._samples), (self.app.size.width - 8) // _COLUMN))
        self.query_one("#through-time-grid", Grid).styles.grid_size_columns = columns

    @on(Input.Submitted)
    async def _chosen(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            self._until(event.value.strip())
        except SettingsError as error:
            self._entitle(str(error))
            return
        self._entitle()
        grid = self.query_one("#through-time-grid", Grid)
        await grid.remove_children()
        await grid.mount(*self._samples)
        self.on_resize()
        self._write()

    @work(thread=True, group="through-time", exclusive=True, exit_on_error=False)
    def _write(self) -> None:
        worker = get_current_worker()
        for sample, view in zip(self._samples, self._views, strict=True):
            try:
                write(
                    view,
                    self._corpus,
                    self._prompt,
                    self._settings,
                    lambda chunk, sample=sample: self.post_message(self.Written(sample, chunk)),  # type: ignore[misc]
                    lambda: worker.is_cancelled,
                )
            except CharembedError as error:
                self.post_message(self.Written(sample, str(error)))
            if worker.is_cancelled:
                return

    def on_through_time_screen_written(self, event: Written) -> None:
        """Show a part of a sample, unless others have taken its place."""
        if event.sample not in self._samples:
            return
        if isinstance(event.chunk, str):
            self._entitle(visible(event.chunk))
        else:
            event.sample.extend(event.chunk)


def frame_at(at: str, timeline: Trajectory, snapshot: Snapshot) -> Frame | None:
    """Return the parameters of a step; None where nothing is recorded yet.

    Args:
        at: "best", "last", or the number of a step, of which the nearest recorded one is meant.
        timeline: the recording.
        snapshot: the newest of the run.

    Raises:
        SettingsError: it is none of these.
    """
    if at == "best" and snapshot.best is not None:
        return Frame(snapshot.best.step, snapshot.best.theta)
    if at in ("best", "last"):
        frames = timeline.frames()
        return frames[-1] if frames else None
    try:
        return timeline.at(_STEP.check(at))
    except SettingsError:
        raise SettingsError("Write best, last, or the number of a step.") from None


def spread(
    timeline: Trajectory,
    model: Model,
    fits: Fits | None = None,
    most: int = _MOST,
    end: Frame | None = None,
    curve: Curve = NO_CURVE,
) -> list[View]:
    """Return points of a timeline between which equally much changes.

    Args:
        timeline: the recording.
        model: the model's shape.
        fits: what goes with the family; None where nothing does.
        most: how many points at the most.
        end: the last of them; without it, the newest.
        curve: the losses of the run; may be empty.
    """
    frames = timeline.frames()
    if not frames:
        return []
    end = end or frames[-1]
    recorded = [*(frame for frame in frames if frame.step < end.step), end]
    scale = ChangeScale.of(recorded, model, curve)
    return [
        View(model, frame.step, frame.theta, live=frame.step == frames[-1].step, fits=fits)
        for frame, _ in paced(recorded, scale, most)
    ]
