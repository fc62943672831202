"""What `--from` asks for."""

from __future__ import annotations

import argparse

from charembed_tui.cli.options import with_options
from charembed_tui.runs.catalogue import find_run
from charembed_tui.runs.errors import RunError
from charembed_tui.runs.warm_start import WarmStart, shape_settings, warm_start
from model.corpus import Corpus


def start_from(name: str | None, corpus: Corpus, options: argparse.Namespace) -> WarmStart:
    """A start from a run's parameters, with its settings but for what the command line says.

    Args:
        name: of the run's folder, or None for the newest.
        corpus: the text of the new run.
        options: the command line.

    Raises:
        RunError: there is no such run, or it is of another shape than the command line says.
        CorpusError: the minimum count leaves too few characters.
    """
    folder = find_run(name)
    before = folder.configuration.settings
    if options.preset is not None:
        raise RunError("A run that starts from another has its settings: leave out --preset.")
    settings = with_options(before, options)
    for label in shape_settings(before):
        if getattr(settings, label) != getattr(before, label):
            raise RunError(
                f"{folder.path.name} has a {label.replace('_', ' ')} of {getattr(before, label)}: "
                "a run that starts from it has the same."
            )
    return warm_start(folder, corpus, settings)
