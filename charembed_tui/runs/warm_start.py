"""A new run that starts from the parameters of another one, on any text that shares characters."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charembed_tui.runs.catalogue import find_run
from charembed_tui.runs.errors import RunError
from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.sessions import Plan
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
        told: in words.
    """

    settings: TrainingSettings
    theta: NDArray[np.float64]
    told: str

    def plan(self, corpus: Corpus, path: Path) -> Plan:
        """The session that starts there, on the text read from a path."""
        return Plan(corpus, path, self.settings, start=self.theta, told=self.told)


def carry(folder: RunFolder, corpus: Corpus, settings: TrainingSettings) -> WarmStart:
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
    shape = {name: getattr(old.settings, name) for name in _shape_settings(old.settings)}
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
    told = f"{shared:,} of {len(vocabulary):,} characters start as in {folder.path.name}"
    return WarmStart(settings, start, told)


def start_from(name: str | None, corpus: Corpus, options: argparse.Namespace) -> WarmStart:
    """What `--from` asks for, with the run's settings but for what the command line says.

    Raises:
        RunError: there is no such run, or it is of another shape than the command line says.
        CorpusError: the minimum count leaves too few characters.
    """
    from charembed_tui.cli.options import with_options

    folder = find_run(name)
    before = folder.configuration.settings
    settings = with_options(before, options)
    for label in _shape_settings(before):
        if getattr(settings, label) != getattr(before, label):
            raise RunError(
                f"{folder.path.name} has a {label.replace('_', ' ')} of {getattr(before, label)}: "
                "a run that starts from it has the same."
            )
    return carry(folder, corpus, settings)


def _shape_settings(settings: TrainingSettings) -> tuple[str, ...]:
    """The settings that a model's shape depends on."""
    return ("model", "context_length", *registry.find(settings.model).settings)
