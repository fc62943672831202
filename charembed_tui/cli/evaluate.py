"""`charembed evaluate`."""

from __future__ import annotations

import argparse
import json

import numpy as np

from charembed_tui.cli.exit_status import DONE
from charembed_tui.runs.catalogue import find_run
from charembed_tui.runs.predictors import SavedModel
from model.corpus import Corpus, read_text, require_length
from model.evaluation import mean_loss


def run(options: argparse.Namespace) -> int:
    """The loss on a text."""
    folder = find_run(options.run)
    configuration = folder.configuration
    vocabulary = configuration.vocabulary
    known = Corpus(np.zeros(0, dtype=np.int32), vocabulary, configuration.corpus_name)
    codes = known.encode(read_text(options.text))
    saved = SavedModel(folder)
    context_length = saved.shape.context_length
    require_length(len(codes), context_length, options.text)
    # The first context is the beginning of the text, which is not predicted.
    before, after = codes[:context_length], codes[context_length:]
    loss = mean_loss(saved.predictor(options.at), after, before)
    facts = {"run": folder.path.name, "positions": len(after), "nats_per_character": loss}
    if options.json:
        print(json.dumps(facts))
    else:
        print(f"{loss:.4f} nats per character over {len(after):,} positions")
    return DONE
