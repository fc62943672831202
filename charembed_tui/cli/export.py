"""`charembed export`."""

from __future__ import annotations

import argparse

from charembed_tui.cli.exit_status import DONE
from charembed_tui.exports.data import write_vectors
from charembed_tui.runs.catalogue import find_run
from charembed_tui.runs.predictors import SavedModel


def run(options: argparse.Namespace) -> int:
    """Vectors for the Embedding Projector."""
    folder = find_run(options.run)
    vectors = SavedModel(folder).shape.embeddings(folder.parameters(options.at))
    options.folder.mkdir(parents=True, exist_ok=True)
    write_vectors(options.folder, vectors, folder.configuration.vocabulary)
    print(options.folder)
    return DONE
