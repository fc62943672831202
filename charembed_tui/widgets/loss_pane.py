"""The loss curve, in nats per character against steps."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.containers import Vertical

from charembed_tui.loss_curve import bucketed
from charembed_tui.snapshot import Snapshot
from charembed_tui.widgets.plot import Plot, marker

Array = NDArray[np.float64]


class LossPlot(Plot):
    """The curve."""

    INKS: ClassVar[tuple[str, ...]] = ("loss--curve", "loss--held-out", "loss--switch")
    COMPONENT_CLASSES: ClassVar[set[str]] = {*INKS}

    def __init__(self) -> None:
        super().__init__()
        self._curves: tuple[tuple[Array, Array], ...] = ()
        self._switches: tuple[int, ...] = ()

    def show(self, *curves: tuple[Array, Array], switches: tuple[int, ...] = ()) -> None:
        """Draw steps and losses, of the training text and of the held-out text, and the switches.

        At each switch another optimizer took over.
        """
        self._curves = tuple(curve for curve in curves if len(curve[0]))
        self._switches = switches
        self.redraw()

    def draw(self, figure: Any, width: int, height: int) -> None:
        """Lines through two points a column at the most."""
        curves = [bucketed(*curve, width) for curve in self._curves]
        if not curves:
            return
        # Limits a little wider than the data, so that a flat curve has a picture too.
        low = min(float(losses.min()) for _, losses in curves)
        high = max(float(losses.max()) for _, losses in curves)
        room = 0.05 * (high - low) or 0.05
        figure.ruler("y").lim(low - room, high + room)
        last = max(float(steps[-1]) for steps, _ in curves)
        figure.ruler("x").lim(0.0, max(last, 1.0))
        ticks = _round_ticks(last, max(2, width // 14))
        figure.ruler("x").ticks(ticks, [f"{int(tick):,}" for tick in ticks])
        for step in self._switches:
            signal = figure.signal([step, step], [low - room, high + room], marker=marker("┆", 2))
            signal.lines()
            figure.draw(signal)
        # The first on top.
        for ink, (steps, losses) in reversed(list(enumerate(curves))):
            signal = figure.signal(steps.tolist(), losses.tolist(), marker=marker("braille", ink))
            signal.lines()
            figure.draw(signal)


class LossPane(Vertical):
    """The plot with its title: the loss now, and its unit."""

    BORDER_TITLE = "Loss"

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._plot = LossPlot()

    def compose(self) -> ComposeResult:
        """The plot alone; the border says the rest."""
        yield self._plot

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot's curve."""
        self._plot.show(snapshot.curve, snapshot.held_out_curve, switches=snapshot.switches)
        if snapshot.loss is None:
            self.border_title = "Loss"
            self.border_subtitle = "nats per character against steps"
        else:
            self.border_title = f"Loss · {snapshot.optimizer} · {snapshot.loss:.4f} nats"
            self.border_subtitle = f"perplexity {perplexity(snapshot.loss)} · steps →"
            if snapshot.held_out is not None:
                self.border_subtitle = f"[#56b4e9]held out {snapshot.held_out:.4f}[/] · steps →"


def perplexity(loss: float) -> str:
    """How many equally likely characters the loss amounts to."""
    return f"{math.exp(loss):.2f}" if loss < 20 else f"e^{loss:.0f}"


def _round_ticks(last: float, most: int) -> list[float]:
    """Round step numbers from 0 to the last, at most about `most` of them."""
    if last < 1:
        return [0.0, 1.0]
    raw = last / most
    power = 10 ** math.floor(math.log10(raw)) if raw > 0 else 1
    stride = max(1.0, next(power * f for f in (1, 2, 5, 10) if power * f >= raw))
    return [float(t) for t in np.arange(0, last + 1e-9, stride)]
