"""All that was measured in a run: its losses, its norms, and where it was best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charembed_tui.training.best import Best
from charembed_tui.training.loss_log import Curve, LossCurve, Measurement
from charembed_tui.training.norms import NormLog, Norms, names_of, weight_norms
from model.families.base import Model

Array = NDArray[np.float64]


class Measurements:
    """Owner of a run's curves and of its best step; each is of bounded length.

    Args:
        model: of the run.

    Attributes:
        last: the newest measurement; there is one as soon as there was an `add`.
        best: the step with the lowest score so far, None before the first.
    """

    last: Measurement

    def __init__(self, model: Model) -> None:
        self._model = model
        self.best: Best | None = None
        self._training, self._held_out = LossCurve(), LossCurve()
        self._norms = NormLog(names_of(model))

    def add(self, measured: Measurement, theta: Array, gradient_norm: float) -> None:
        """Note losses at parameters (D,), and how long the last gradient was; NaN if unknown.

        Steps come in ascending order, an equal one replaces the last.
        """
        self.last = measured
        place = measured.step, measured.seconds, measured.passes
        if self.best is None or measured.score < self.best.loss:
            self.best = Best(measured.step, measured.seconds, measured.score, theta.copy())
        self._training.add(*place, measured.training)
        if measured.held_out is not None:
            self._held_out.add(*place, measured.held_out)
        self._norms.add(*place, [gradient_norm, *weight_norms(self._model.blocks(theta))])

    def after(self, step: int) -> list[Measurement]:
        """The measurements after a step, in ascending order, as far as they are retained."""
        held_out = {row[0]: row[3] for row in self._held_out.after(step)}
        norms = self._norms.after(step)
        return [
            Measurement(int(at), seconds, passes, loss, held_out.get(at), norms.get(int(at), ()))
            for at, seconds, passes, loss in self._training.after(step)
        ]

    def count_after(self, step: int) -> int:
        """How many there are after a step, as far as they are retained."""
        return self._training.count_after(step)

    @property
    def first_loss(self) -> float:
        """The training loss where the run began, nats per character."""
        return float(self.training.losses[0])

    @property
    def training(self) -> Curve:
        """The training losses."""
        return self._training.curve()

    @property
    def held_out(self) -> Curve:
        """The held-out losses; empty where nothing is held out."""
        return self._held_out.curve()

    @property
    def norms(self) -> Norms:
        """How long gradient and parameters were."""
        return self._norms.norms()

    @property
    def blocks(self) -> tuple[str, ...]:
        """Names of the blocks of parameters whose norms are measured."""
        return self._norms.blocks

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes."""
        return {
            "best": self.best.state_dict() if self.best else None,
            "curve": self.training.rows(),
            "held_out_curve": self.held_out.rows(),
            "norms": self.norms.rows,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from another's measurements, which are valid: see `valid_state`."""
        self._training.extend(Curve.of(state["curve"]))
        self._held_out.extend(Curve.of(state["held_out_curve"]))
        if "norms" in state:  # not in runs of earlier versions
            self._norms.extend(state["norms"])
        self.best = Best.of(state["best"]) if state.get("best") else None
