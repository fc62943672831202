"""The loss: curves with their numbers, in the unit and on the scales of one's choice; or norms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult

from charembed_tui.plotting.loss_plot import LossPlot
from charembed_tui.settings.loss_view import LossView
from charembed_tui.training.baselines import Baseline
from charembed_tui.training.loss_log import Curve, in_words
from charembed_tui.training.run_history import RunHistory
from charembed_tui.training.snapshot import Snapshot
from charembed_tui.widgets.cached import CachedVertical
from charembed_tui.widgets.titles import entitle, fitting


class LossPane(CachedVertical):
    """The losses are drawn here; the border has the newest, its unit, and what the cursor reads.

    Norms of the gradient, or of the blocks of parameters, take their place where that is chosen.

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

    def on_resize(self) -> None:
        """Fit the title to the new width."""
        self._entitle()

    def _draw(self) -> None:
        if self._displayed is None:
            return
        snapshot, history, corpus = self._displayed
        past = history.overlaid(snapshot.run, corpus)
        switches = tuple(switch.step for switch in snapshot.switches)
        best: int | None = None
        names: tuple[str, ...] = ()
        baselines: tuple[Baseline, ...] = ()
        if self.view.quantity == "gradient":
            curves = [snapshot.norms.gradient]
            others = {run.number: run.snapshot.norms.gradient for run in past}
        elif self.view.quantity == "weights":
            curves, names = list(snapshot.norms.weights), snapshot.norms.blocks
            others = {}  # of other models the blocks are others
        else:
            curves = [c for c in (snapshot.curve, snapshot.held_out_curve) if len(c)]
            others = {run.number: run.curve for run in past}
            best = snapshot.best.step if snapshot.best else None
            baselines = self._baselines
        self.plot.show(curves, others, switches, baselines, self.view, best, names)
        self._entitle()

    @on(LossPlot.CursorMoved)
    def _entitle(self) -> None:
        view, snapshot = self.view, self._displayed[0] if self._displayed else None
        measured = snapshot and (snapshot.between or snapshot)  # as the status has it
        if snapshot is None or measured is None or measured.loss is None:
            subtitle = f"{view.unit} per character against {view.against}"
            entitle(self, "Loss", fitting(self, subtitle, f"{view.unit} against {view.against}"))
        elif view.quantity == "losses":
            self._entitle_losses(snapshot.optimizer, measured.loss, measured.held_out)
        else:
            self._entitle_norms(snapshot)

    def _entitle_losses(self, optimizer: str, loss: float, held_out: float | None) -> None:
        view = self.view
        subtitle: str | Text
        reading = self.plot.reading()
        if reading is not None:
            place, values = self._place(reading[0]), reading[1]
            exact, rough = (" / ".join(f"{v:.{n}f}" for v in values) for n in (4, 2))
            subtitle = fitting(self, f"{exact} {view.unit} at {place}", f"{rough} at {place}")
        elif held_out is None:
            subtitle = fitting(self, f"perplexity {perplexity(loss)}{self._axes()}")
        else:
            number = f"held out {in_words(view.loss(held_out))}"
            rest = fitting(self, number + self._axes()).removeprefix(number)
            subtitle = Text.assemble((number, "#2f8fc9"), rest)
        title = f"Loss {in_words(view.loss(loss))} {view.unit} · {optimizer}"
        entitle(self, fitting(self, title), subtitle)

    def _entitle_norms(self, snapshot: Snapshot) -> None:
        norms = snapshot.norms
        curves: Sequence[Curve] = norms.weights
        title, names = "Norms of weights", norms.blocks
        if self.view.quantity == "gradient":
            curves, title, names = (norms.gradient,), "Norm of the gradient", ("",)
        reading = self.plot.reading()
        where = self._axes()
        values = [float(curve.losses[-1]) if len(curve) else math.nan for curve in curves]
        if reading is not None:
            values, where = list(reading[1]), f" at {self._place(reading[0])}"
        said = [
            f"{name} {value:.3g}".strip()
            for name, value in zip(names, values, strict=False)
            if math.isfinite(value)
        ]
        entitle(
            self,
            fitting(self, f"{title} · {snapshot.optimizer}"),
            fitting(self, " · ".join(said) + where),
        )

    def _place(self, x: float) -> str:
        """Return where on the horizontal axis a number was read."""
        against = self.view.against
        return f"{x:,.0f} {against}" if against == "steps" else f"{x:,.2f} {against}"

    def _axes(self) -> str:
        """Return which horizontal axis there is, and which scales are logarithmic."""
        view = self.view
        return f" · {'log ' * view.log_x}{view.against} →{' · log ↑' * view.log_y}"


def perplexity(loss: float) -> str:
    """Return how many equally likely characters a loss in nats amounts to."""
    return f"{math.exp(loss):.2f}" if loss < 20 else f"e^{loss:.0f}"
