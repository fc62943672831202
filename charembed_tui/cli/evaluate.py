"""`charembed evaluate`."""

from __future__ import annotations

import argparse
import json

import numpy as np

from charembed_tui.cli.exit_status import DONE
from charembed_tui.runs.catalogue import find_run
from model.corpus import Corpus, read_text
from model.counting import count_ngrams


def run(options: argparse.Namespace) -> int:
    """The loss on a text."""
    folder = find_run(options.run)
    configuration = folder.configuration
    vocabulary = configuration.vocabulary
    known = Corpus(np.zeros(0, dtype=np.int32), vocabulary, configuration.corpus_name)
    codes = known.encode(read_text(options.text))
    table = count_ngrams(codes, len(vocabulary), configuration.settings.context_length)
    loss = configuration.model.objective(table).value(folder.parameters())
    facts = {"run": folder.path.name, "positions": table.positions, "nats_per_character": loss}
    if options.json:
        print(json.dumps(facts))
    else:
        print(f"{loss:.4f} nats per character over {table.positions:,} positions")
    return DONE
