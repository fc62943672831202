"""One line on top: what is being learned, and how far it is."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from charembed_tui.glyphs import visible
from charembed_tui.snapshot import SessionState, Snapshot

_SIGNS = {
    SessionState.IDLE: "○ ready",
    SessionState.RUNNING: "► training",
    SessionState.PAUSED: "‖ paused",
    SessionState.FINISHED: "✓ finished",
    SessionState.FAILED: "✗ failed",
}


class StatusBar(Static):
    """State, step, loss and speed of the session."""

    def show(self, snapshot: Snapshot, corpus_name: str, told: str = "") -> None:
        """Describe a snapshot; `told` is something else worth knowing."""
        text = Text(no_wrap=True, overflow="ellipsis")
        sign = _SIGNS[snapshot.state]
        if snapshot.facts is None and snapshot.state is SessionState.IDLE:
            sign = f"… counting {_bar(snapshot.counted)} {snapshot.counted:.0%}"
        text.append(f" {sign} ", style="reverse")
        if told:
            text.append(f"  {told} ", style="bold")
        text.append(f"  step {snapshot.step:,}")
        if snapshot.loss is not None:
            text.append(f"  ·  {snapshot.loss:.4f} nats/char")
        if snapshot.held_out is not None:
            text.append(f" (held out {snapshot.held_out:.4f})")
        if snapshot.steps_per_second:
            text.append(f"  ·  {snapshot.steps_per_second:,.0f} steps/s")
            if snapshot.objective_share:
                text.append(f" ({snapshot.objective_share:.0%} objective)")
        text.append(f"  ·  {visible(corpus_name)}", style="dim")
        self.update(text, layout=False)  # always one line: nothing else moves


def _bar(part: float) -> str:
    """A progress bar of ten cells."""
    done = round(10 * part)
    return "━" * done + "╌" * (10 - done)
