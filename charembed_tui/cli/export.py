"""`charembed export`."""

from __future__ import annotations

import argparse

from charembed_tui.cli.exit_status import DONE
from charembed_tui.exports.data import write_vectors
from charembed_tui.runs.catalogue import find_run


def run(options: argparse.Namespace) -> int:
    """Vectors for the Embedding Projector."""
    folder = find_run(options.run)
    vectors = folder.configuration.model.embeddings(folder.parameters(options.at))
    options.folder.mkdir(parents=True, exist_ok=True)
    write_vectors(options.folder, vectors, folder.configuration.vocabulary)
    print(options.folder)
    return DONE
