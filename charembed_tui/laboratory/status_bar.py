"""One line on top: what is being learned, and how far it is."""

from __future__ import annotations

import re
from typing import Any

from rich.segment import Segment
from rich.style import Style

from charembed_tui.text.glyphs import visible
from charembed_tui.training.loss_log import in_words
from charembed_tui.training.session import Activity
from charembed_tui.training.snapshot import SessionState, Snapshot
from charembed_tui.widgets.line import Line

_REVERSE, _BOLD, _DIM = Style(reverse=True), Style(bold=True), Style(dim=True)

_RESTING = Activity()
_LONG_STEP = 1.0  # seconds, from which on a step is one to wait for
_SIGNS = {
    SessionState.IDLE: "○ ready",
    SessionState.RUNNING: "► training",
    SessionState.PAUSED: "‖ paused",
    SessionState.FINISHED: "✓ finished",
    SessionState.FAILED: "✗ failed",
}
AT_REST = (SessionState.PAUSED, SessionState.FINISHED)


_PART = re.compile("(?=  ·  |; after)")


class StatusBar(Line):
    """This row says state, step, loss and speed of the session."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._segments: list[Segment] = []

    @property
    def text(self) -> str:
        """The text of the row, without colours."""
        return "".join(segment.text for segment in self._segments)

    def segments(self, width: int) -> list[Segment]:
        """Return the segments of the last snapshot, without the last ones that would be cut."""
        segments = list(self._segments)
        while len(segments) > 3 and sum(s.cell_length for s in segments) > width:
            segments.pop()
        return segments

    def show(
        self, snapshot: Snapshot, corpus_name: str, note: str = "", activity: Activity = _RESTING
    ) -> None:
        """Describe a snapshot.

        Args:
            snapshot: of the session.
            corpus_name: of its text.
            note: something else worth knowing.
            activity: what the session is about by now.
        """
        numbers = f"  step {snapshot.step:,}"
        if activity.step_seconds >= _LONG_STEP:
            numbers += f", the next under way for {activity.step_seconds:,.0f} s"
        if max(activity.step_seconds, snapshot.step_seconds) >= _LONG_STEP:
            took = snapshot.step_seconds
            numbers += f" (the last took {took:,.1f} s)" if took else " (the first)"
        measured = snapshot.between or snapshot
        if measured.loss is not None:
            numbers += f"  ·  {in_words(measured.loss)} nats/char"
        if measured.held_out is not None:
            numbers += f" (held out {in_words(measured.held_out)})"
        if snapshot.steps_per_second and snapshot.step_seconds < _LONG_STEP:
            numbers += f"  ·  {snapshot.steps_per_second:,.0f} steps/s"
            if snapshot.objective_share:
                numbers += f" ({snapshot.objective_share:.0%} objective)"
        if snapshot.state is SessionState.FINISHED:
            numbers += f"  ·  {snapshot.conclusion}"
        if not note and snapshot.warning and snapshot.state in AT_REST:
            note = "not below where it began"  # before the numbers, where nothing cuts it
        segments = [
            Segment(f" {_sign(snapshot, activity)} ", _REVERSE),
            Segment(f"  {note} " if note else "", _BOLD),
            *map(Segment, _PART.split(numbers)),
            Segment(f"  ·  {visible(corpus_name)}", _DIM),
        ]
        if segments != self._segments:
            self._segments = segments
            self.refresh_rows()


def _sign(snapshot: Snapshot, activity: Activity) -> str:
    """Return what goes on, as soon as it is wanted: a first step may take long."""
    state = snapshot.state
    if snapshot.facts is None and state is SessionState.IDLE:
        sign = f"… counting {_bar(snapshot.counted)} {snapshot.counted:.0%}"
        return f"{sign}, then training" if activity.is_wanted else sign
    if state is SessionState.RUNNING and not activity.is_wanted:
        return "‖ pausing after this step" if activity.step_seconds >= _LONG_STEP else "‖ pausing"
    if state is SessionState.RUNNING and activity.is_paced is not None:
        return f"{_SIGNS[state]}, {'paced' if activity.is_paced else 'full speed'}"
    return _SIGNS[state]


def _bar(part: float) -> str:
    """Return a progress bar of ten cells for a part from 0 to 1."""
    done = round(10 * part)
    return "━" * done + "╌" * (10 - done)
