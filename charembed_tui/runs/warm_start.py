"""A new run that starts from the parameters of another one, on any text that shares characters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charembed_tui.runs.errors import RunError
from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.plan import Plan
from charembed_tui.settings.training_settings import TrainingSettings
from model.corpus import Corpus
from model.errors import SettingsError
from model.families import registry
from model.transfer import carried_over


@dataclass(frozen=True, eq=False)
class WarmStart:
    """Where a new run starts.

    Attributes:
        settings: its settings, with the model's shape as it was.
        theta: (D,) parameters.
        note: how much of it is the old run's, in words.
    """

    settings: TrainingSettings
    theta: NDArray[np.float64]
    note: str

    def plan(self, corpus: Corpus, path: Path) -> Plan:
        """The session that starts there, on the text read from a path."""
        return Plan(corpus, path, self.settings, start=self.theta, note=self.note)


def warm_start(folder: RunFolder, corpus: Corpus, settings: TrainingSettings) -> WarmStart:
    """The parameters of a run for another text.

    Args:
        folder: of the run.
        corpus: the other text.
        settings: of the new run; context length and embedding size are the old run's.

    Raises:
        RunError: the run has no good checkpoint, or the texts share no character.
        CorpusError: the minimum count leaves too few characters.
    """
    old = folder.configuration
    if registry.find(old.settings.model).counts:
        raise RunError(
            f"{folder.path.name} counted its text and has no parameters to start from: train on "
            f"the other text with --model {old.settings.model}, which takes a second."
        )
    shape = {name: getattr(old.settings, name) for name in shape_settings(old.settings)}
    settings = replace(settings, **shape)
    vocabulary = settings.prepare(corpus).vocabulary
    rng = np.random.default_rng(settings.seed)
    try:
        start, shared = carried_over(
            folder.parameters(),
            old.model,
            old.vocabulary,
            settings.make_model(len(vocabulary)),
            vocabulary,
            rng,
        )
    except SettingsError as error:
        raise RunError(f"{folder.path.name} cannot be carried over. {error}") from None
    note = f"{shared:,} of {len(vocabulary):,} characters start as in {folder.path.name}"
    return WarmStart(settings, start, note)


def shape_settings(settings: TrainingSettings) -> tuple[str, ...]:
    """The settings that a model's shape depends on."""
    return ("model", "context_length", *registry.find(settings.model).settings)
