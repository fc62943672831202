"""The timeline: a slider over the recorded steps, and their playback, by how much they change."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from charembed_tui.training.change_scale import MOST_MEASURED, NO_CHANGE, ChangeScale
from charembed_tui.training.loss_log import NO_CURVE, Curve
from charembed_tui.training.trajectory import Trajectory
from charembed_tui.widgets.line import Line
from model.families.base import Model

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_SECONDS = 12.0  # of playback at speed 1, whatever the number of steps
_SECONDS_A_FRAME = 0.25  # at the most: a few frames take no time
_TICKS = 20  # a second
_PARTS = 100  # of all change: what a key goes back or forth by, where no step is as long
_ROUNDING = 1e-6  # of a step
_GROWTH = 1.1  # of a recording, from which on it is measured anew
_MOST_FOR_CELLS = 200  # frames that are measured for places in the slider: a cell is rough
_FEW = 200  # steps, measured in no time: of so few the last tenth may be more than a cell long


class TimelineBar(Line):
    """The slider stands where the view is: at a recorded step, or at the newest parameters."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "timeline--done",
        "timeline--rest",
        "timeline--head",
        "timeline--sample",
        "timeline--best",
        "timeline--shade",
    }

    @dataclass
    class Moved(Message):
        """Another step is on show; it is None for the newest parameters, as they come."""

        step: int | None

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._timeline = Trajectory()
        self._model: Model | None = None
        self._curve = NO_CURVE
        self._scale = NO_CHANGE
        self._last = 0
        self._samples: tuple[int, ...] = ()
        self._best: int | None = None
        self._speed = SPEEDS.index(1.0)
        self._playing: Timer | None = None
        self._part = 0.0  # of all change, where playback is
        self._length = 1  # of the slider, in cells
        self.step: int | None = None

    @property
    def is_playing(self) -> bool:
        """Whether playback goes on."""
        return self._playing is not None

    def follow(self, timeline: Trajectory, model: Model) -> None:
        """Show another run's recording, at its newest parameters."""
        self.stop()
        self._timeline, self._last, self._samples, self.step = timeline, 0, (), None
        self._model, self._curve, self._scale = model, NO_CURVE, NO_CHANGE
        self._best = None
        self.refresh()

    def show(self, last: int, curve: Curve, model: Model | None = None) -> None:
        """Extend the slider: the recording now reaches to this step, with these losses.

        The model is named again where it was not complete before: one that counts its text.
        """
        self._curve, self._model = curve, model or self._model
        if last != self._last:
            self._last = last
            self.refresh_rows()

    def _measure(self, most: int = MOST_MEASURED) -> None:
        """Find out where on the recording how much has changed."""
        if self._model is not None:
            self._scale = ChangeScale.of(self._timeline.frames(), self._model, self._curve, most)

    def _measure_growth(self, most: int = MOST_MEASURED) -> None:
        """Measure anew where the recording has grown much since that was done."""
        if self._last > _GROWTH * self._scale.last:
            self._measure(most)

    def mark_best(self, step: int | None) -> None:
        """Show at which step the held-out loss was lowest."""
        if step != self._best:
            self._best = step
            self.refresh_rows()

    def mark_samples(self, steps: Sequence[int]) -> None:
        """Show at which steps texts were written."""
        self._samples = tuple(steps)
        self.refresh()

    def scrub(self, by: int) -> None:
        """Go back or forth by some hundredths of all change, but by a recorded step at least.

        The best step and those of texts are never passed over; past the last is the newest again.
        """
        self.stop()
        self._measure()
        steps = [frame.step for frame in self._timeline.frames()]
        if not steps:
            return
        direction = 1 if by > 0 else -1
        for _ in range(abs(by)):
            self._set(self._beyond(steps, direction))

    def _beyond(self, steps: Sequence[int], direction: int) -> int | None:
        """Return the recorded step to go to next; None for the newest parameters."""
        here = len(steps) - 1
        if self.step is not None:
            here = max(0, bisect_right(steps, self.step) - 1)
        goal = self._scale.part(steps[here]) + direction / _PARTS
        marks = {*self._samples, self._best}
        there = here + direction
        while 0 < there < len(steps) - 1 and steps[there] not in marks:
            beyond = self._scale.part(steps[there + direction])
            if (beyond - goal) * direction > 0:
                break
            there += direction
        there = max(0, there)
        return steps[there] if there < len(steps) - 1 else None

    def to(self, step: int | None) -> None:
        """Go to a step, or to the newest parameters."""
        self.stop()
        self._set(step)

    def to_end(self, which: int) -> None:
        """Go to the first step (-1), or to the newest parameters (1)."""
        self.to(None if which > 0 else 0)

    def toggle_playback(self) -> None:
        """Play from here, or from the start where the view is at the end; or stop."""
        if self.is_playing:
            self.stop()
            return
        if self.step is None:
            self._set(0)
        self._measure()
        self._part = self._scale.part(self.step or 0)
        self._playing = self.set_interval(1 / _TICKS, self._tick)
        self.refresh()

    def change_speed(self, by: int) -> None:
        """Play faster or slower."""
        self._speed = min(max(0, self._speed + by), len(SPEEDS) - 1)
        self.refresh()

    def stop(self) -> None:
        """End playback."""
        if self._playing:
            self._playing.stop()
            self._playing = None
            self.refresh()

    def _tick(self) -> None:
        self._measure_growth()
        frames = self._timeline.frames()
        seconds = min(_SECONDS, _SECONDS_A_FRAME * len(frames))
        self._part += SPEEDS[self._speed] / (_TICKS * max(seconds, 1 / _TICKS))
        steps = [frame.step for frame in frames]
        place = bisect_right(steps, self._scale.step(self._part) + _ROUNDING) - 1
        if self._part >= 1 or not 0 <= place < len(steps) - 1:
            self.to(None)
        else:
            self._set(steps[place])

    def _set(self, step: int | None) -> None:
        if step != self.step:
            self.step = step
            self.refresh_rows()
            self.post_message(self.Moved(step))

    def segments(self, width: int) -> list[Segment]:
        """Return the bar, and in words where it stands."""
        sign = "▶" if self.is_playing else "‖" if self.step is not None else "●"
        here = self._last if self.step is None else self.step
        state = "live" if self.step is None else f"of {self._last:,}"
        if self.is_playing:
            state += f" · ×{SPEEDS[self._speed]:g}"
        label = f" step {here:,} {state}"
        length = self._length = max(4, width - len(label) - 2)
        head = self._column(here, length)
        sign_of_state, segments = Segment(f"{sign} "), []
        marks = {self._column(step, length) for step in self._samples if step <= self._last}
        column = 0
        star = None if self._best is None else self._column(self._best, length)
        places = {*marks, head} if star is None else {*marks, head, star}
        for place in sorted(places):
            segments.append(Segment("━" * (min(place, head) - column), self.ink("timeline--done")))
            segments.append(
                Segment("─" * (place - max(column, head + 1)), self.ink("timeline--rest"))
            )
            name, sign = ("sample", "✎")
            if place == head:
                name, sign = ("head", "┃")
            elif place == star:
                name, sign = ("best", "★")
            segments.append(Segment(sign, self.ink(f"timeline--{name}")))
            column = place + 1
        segments.append(Segment("─" * (length - column), self.ink("timeline--rest")))
        bar = Strip(segment for segment in segments if segment.text)
        if star is not None:  # what comes after the best step is shaded
            until, after = bar.divide([star + 1, length])
            bar = Strip([*until, *after.apply_style(self.ink("timeline--shade"))])
        return [sign_of_state, *bar, Segment(label, Style(dim=self.step is None))]

    def _column(self, step: int, length: int) -> int:
        if step >= self._last:
            return length - 1
        # While the newest parameters are the best, there is nothing to place but at the end.
        if step * _GROWTH < self._last or self._last <= _FEW:
            self._measure_growth(_MOST_FOR_CELLS)
        return round(self._scale.part(step) * (length - 1))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go where the mouse points."""
        self.capture_mouse()
        self._point(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the head."""
        if self.app.mouse_captured is self:
            self._point(event.x)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go of the head."""
        self.release_mouse()

    def _point(self, x: int) -> None:
        part = (x - 2) / max(1, self._length - 1)
        self._measure_growth()
        if part >= 1:
            self.to(None)
        elif frame := self._timeline.at(round(self._scale.step(max(0.0, part)))):
            self.to(frame.step)
