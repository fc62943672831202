"""The loss: curves with their numbers, in the unit and on the scales of one's choice."""

from __future__ import annotations

import math
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from charembed_tui.plotting.loss_plot import LossPlot
from charembed_tui.settings.loss_view import LossView
from charembed_tui.training.baselines import Baseline
from charembed_tui.training.run_history import RunHistory
from charembed_tui.training.snapshot import Snapshot
from charembed_tui.widgets.titles import entitle


class LossPane(Vertical):
    """The losses are drawn here; the border has the newest, its unit, and what the cursor reads.

    Args:
        view: how the losses are looked at, at first.
    """

    BORDER_TITLE = "Loss"

    def __init__(self, view: LossView, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.view = view
        self.plot = LossPlot(id="loss-plot")
        self._baselines: tuple[Baseline, ...] = ()
        self._displayed: tuple[Snapshot, RunHistory, str] | None = None

    def compose(self) -> ComposeResult:
        """Yield the plot alone; the border says the rest."""
        yield self.plot

    def show_baselines(self, baselines: tuple[Baseline, ...]) -> None:
        """Take the losses of simpler models, nats per character."""
        self._baselines = baselines
        self._draw()

    def show(self, snapshot: Snapshot, history: RunHistory, corpus: str) -> None:
        """Draw a snapshot's curves, and those of earlier runs on the same text."""
        self._displayed = (snapshot, history, corpus)
        self._draw()

    def change(self, name: str) -> None:
        """Take the next option of one choice: see `LossView`."""
        self.view = self.view.next_of(name)
        self._draw()

    def _draw(self) -> None:
        if self._displayed is None:
            return
        snapshot, history, corpus = self._displayed
        past = {run.number: run.curve for run in history.overlaid(snapshot.run, corpus)}
        curves = [c for c in (snapshot.curve, snapshot.held_out_curve) if len(c)]
        switches = tuple(switch.step for switch in snapshot.switches)
        best = snapshot.best.step if snapshot.best else None
        self.plot.show(curves, past, switches, self._baselines, self.view, best)
        self._entitle()

    @on(LossPlot.CursorMoved)
    def _entitle(self) -> None:
        view, snapshot = self.view, self._displayed[0] if self._displayed else None
        if snapshot is None or snapshot.loss is None:
            entitle(self, "Loss", f"{view.unit} per character against {view.against}")
            return
        loss = view.loss(snapshot.loss)
        scale = "" if view.scale == "linear" else f" · {view.scale}"
        subtitle: str | Text
        reading = self.plot.reading()
        if reading is not None:
            x, values = reading
            subtitle = " / ".join(f"{value:.4f}" for value in values)
            where = f"{x:,.0f}" if view.against == "steps" else f"{x:,.2f}"
            subtitle = f"{subtitle} {view.unit} at {where} {view.against}"
        elif snapshot.held_out is None:
            subtitle = f"perplexity {perplexity(snapshot.loss)}"
            subtitle = f"{subtitle}{scale} · {view.against} →"
        else:
            held_out = f"held out {view.loss(snapshot.held_out):.4f}"
            rest = f"{scale} · {view.against} →"
            subtitle = Text.assemble((held_out, "#2f8fc9"), rest)
        entitle(self, f"Loss {loss:.4f} {view.unit} · {snapshot.optimizer}", subtitle)


def perplexity(loss: float) -> str:
    """Return how many equally likely characters a loss in nats amounts to."""
    return f"{math.exp(loss):.2f}" if loss < 20 else f"e^{loss:.0f}"
