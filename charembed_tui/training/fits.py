"""What goes with a run's family, fitted to the parameters of some of its steps."""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model import validity
from model.dataset import Dataset
from model.errors import OptimizerError
from model.evaluation import mean_loss_of
from model.families.base import Model, Predictor
from model.families.ensemble.ensemble import Ensemble
from model.families.ensemble.settings import OFF, EnsembleSettings, Fit

Array = NDArray[np.float64]

_REST = 19.0  # times as long as a fit took, nothing is fitted to what text follows


class Fits:
    """Owner of the fits of a run, by step. Any thread may ask; a fit is made once.

    Args:
        model: the family's, complete.
        dataset: the text.
        settings: what goes with the family.

    Attributes:
        ensemble: the parts, which no step changes.
    """

    def __init__(self, model: Model, dataset: Dataset, settings: EnsembleSettings) -> None:
        text = dataset.running_text(model.context_length)
        self.ensemble = Ensemble(model, text, settings)
        self._dataset = dataset
        self._lock = Lock()  # so that nothing is fitted twice at a time
        self._fits: dict[int, Fit] = {}
        self._losses: dict[int, float] = {}
        self._newest: tuple[int, Predictor] | None = None
        self._last: Fit | None = None
        self._next_at = 0.0  # by the clock, when a text that follows training may have a new fit

    @classmethod
    def of(cls, model: Model, dataset: Dataset, settings: EnsembleSettings) -> Fits | None:
        """What goes with a family on a text; None where nothing does.

        Raises:
            SettingsError: what was chosen does not fit the text.
        """
        if dataset.corpus.is_list:
            settings = settings.of_list()
        return cls(model, dataset, settings) if settings else None

    @property
    def has_cache(self) -> bool:
        """Whether a cache is one of the parts."""
        return self.ensemble.settings.cache != OFF

    def at(self, step: int) -> Fit | None:
        """The fit to the parameters of a step, if there is one already."""
        return self._fits.get(step)

    def loss(self, step: int) -> float | None:
        """The held-out loss of all parts together at a step; None where none was measured."""
        return self._losses.get(step)

    def predictor(self, step: int, theta: Array) -> Predictor:
        """All parts together at a step, whose parameters are (D,).

        The first time they are fitted, which takes a second or two on a megabyte of text.

        Raises:
            SettingsError: a part does not fit the text.
        """
        newest = self._newest
        if newest is not None and newest[0] == step:
            return newest[1]
        if step not in self._fits:
            with self._lock:
                if step not in self._fits:
                    self._fits[step] = self._fitted(theta)
        found = self.ensemble.predictor(theta, self._fits[step])
        self._newest = step, found
        return found

    def following_predictor(self, step: int, theta: Array) -> Predictor:
        """All parts together for a text that follows training, twice a second.

        Fitting takes a core for a second or two on a megabyte of text, which training would lack,
        and gate and cache change little from step to step: so they are those of an earlier step,
        and fitted anew in a twentieth of the time. Arguments and errors as for `predictor`.
        """
        last = self._last
        if last is None or step in self._fits or time.monotonic() >= self._next_at:
            return self.predictor(step, theta)
        return self.ensemble.predictor(theta, last)

    def _fitted(self, theta: Array) -> Fit:
        began = time.monotonic()
        fit = self._last = self.ensemble.fit(theta)
        ended = time.monotonic()
        self._next_at = ended + _REST * (ended - began)
        return fit

    def measure(self, step: int, theta: Array) -> None:
        """Fit to the parameters of a step, (D,), and measure the held-out loss, if there is one."""
        predictor = self.predictor(step, theta)
        held_out = self._dataset.held_out
        if held_out is not None and step not in self._losses:
            self._losses[step] = mean_loss_of(predictor, held_out)

    def repeat(self, step: int, other: int) -> None:
        """Note that another step has the parameters of a step that was measured."""
        self._fits[other] = self._fits[step]
        if step in self._losses:
            self._losses[other] = self._losses[step]

    def state_dict(self) -> dict[str, Any]:
        """The fits, by step: see `load_state_dict`."""
        losses = self._losses
        return {
            str(step): {**fit.state_dict(), "loss": losses.get(step)}
            for step, fit in list(self._fits.items())
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over the fits of a `state_dict`.

        Raises:
            OptimizerError: it is none.
        """
        try:
            for name, saved in state.items():
                step = validity.whole(int(name), "step")
                self._fits[step] = Fit.of(saved)
                if saved["loss"] is not None:
                    self._losses[step] = validity.number(saved["loss"], "loss")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise OptimizerError(f"The saved fits do not fit this run ({error}).") from None
