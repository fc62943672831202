"""The timeline: a slider over the recorded steps, and their playback."""

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

from charembed_tui.training.trajectory import Trajectory
from charembed_tui.widgets.line import Line

SPEEDS = (5, 20, 80, 320)  # recorded steps a second
_TICKS = 20  # a second


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
        self._last = 0
        self._samples: tuple[int, ...] = ()
        self._best: int | None = None
        self._speed = 1
        self._playing: Timer | None = None
        self._owed = 0.0  # recorded steps that playback is behind, less than one
        self._length = 1  # of the slider, in cells
        self.step: int | None = None

    @property
    def is_playing(self) -> bool:
        """Whether playback goes on."""
        return self._playing is not None

    def follow(self, timeline: Trajectory) -> None:
        """Show another run's recording, at its newest parameters."""
        self.stop()
        self._timeline, self._last, self._samples, self.step = timeline, 0, (), None
        self._best = None
        self.refresh()

    def show(self, last: int) -> None:
        """Extend the slider: the recording now reaches to this step."""
        if last != self._last:
            self._last = last
            self.refresh()

    def mark_best(self, step: int | None) -> None:
        """Show at which step the held-out loss was lowest."""
        if step != self._best:
            self._best = step
            self.refresh()

    def mark_samples(self, steps: Sequence[int]) -> None:
        """Show at which steps texts were written."""
        self._samples = tuple(steps)
        self.refresh()

    def scrub(self, by: int) -> None:
        """Go back or forth by some recorded steps; past the last is the newest again."""
        self.stop()
        self._go(by)

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
        speed = SPEEDS[self._speed]
        self._owed += speed / _TICKS
        whole = int(self._owed)
        if whole:
            self._owed -= whole
            self._go(whole)
            if self.step is None:
                self.stop()

    def _go(self, by: int) -> None:
        steps = [frame.step for frame in self._timeline.frames()]
        if not steps:
            return
        here = len(steps) - 1
        if self.step is not None:
            here = max(0, bisect_right(steps, self.step) - 1)
        there = max(0, here + by)
        self._set(steps[there] if there < len(steps) - 1 else None)

    def _set(self, step: int | None) -> None:
        if step != self.step:
            self.step = step
            self.refresh()
            self.post_message(self.Moved(step))

    def segments(self, width: int) -> list[Segment]:
        """Return the bar, and in words where it stands."""
        sign = "▶" if self.is_playing else "‖" if self.step is not None else "●"
        here = self._last if self.step is None else self.step
        state = "live" if self.step is None else f"of {self._last:,}"
        if self.is_playing:
            state += f" · {SPEEDS[self._speed]}/s"
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
        return round(step / max(self._last, 1) * (length - 1))

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
        if part >= 1:
            self.to(None)
        elif frame := self._timeline.at(round(max(0.0, part) * self._last)):
            self.to(frame.step)
