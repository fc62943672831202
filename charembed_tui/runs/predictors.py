"""A saved run as a model that answers: with its text, where something is counted in that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.opening import text_of
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.fits import Fits
from model.dataset import Dataset
from model.families.base import Model, Predictor, on_text


@dataclass(frozen=True)
class SavedModel:
    """The model of a run.

    Attributes:
        folder: of the run.
    """

    folder: RunFolder

    @cached_property
    def shape(self) -> Model:
        """The model, complete.

        Raises:
            RunError: its text is needed, and is gone or has changed.
            CharembedError: its text is needed, and cannot be read.
        """
        shape = self.folder.configuration.model
        if not self._settings.needs_text:
            return shape
        return on_text(shape, self.dataset.running_text(shape.context_length))

    def predictor(self, at: str | int = "best") -> Predictor:
        """All that the run writes with, at a step.

        Args:
            at: see `RunFolder.parameters`.

        Raises:
            RunError: there are no such parameters, or its text is needed, and is gone.
            CharembedError: its text is needed, and cannot be read.
        """
        theta = self.folder.parameters(at)
        if not self._settings.ensemble:
            return self.shape.predictor(theta)
        fits = Fits.of(self.shape, self.dataset, self._settings.ensemble)
        if fits is None:
            return self.shape.predictor(theta)
        state = self.folder.load()
        fits.load_state_dict(state.get("fits") or {})
        return fits.predictor(_step(state, at), theta)

    @cached_property
    def dataset(self) -> Dataset:
        """The text that the run learned from, read again.

        Raises:
            RunError: it is gone, or has changed.
            CharembedError: it cannot be read.
        """
        return self._settings.prepare(text_of(self.folder)[0])

    @property
    def _settings(self) -> TrainingSettings:
        return self.folder.configuration.settings


def _step(state: Mapping[str, Any], at: str | int) -> int:
    """The number of a step."""
    if isinstance(at, int):
        return at
    best = state.get("best") if at == "best" else None
    return int((best or state)["step" if best else "steps"])
