"""`charembed generate`, `evaluate`, `export` and `runs`: what is done with trained runs."""

from __future__ import annotations

import argparse
import json
import sys

import numpy as np

from charembed_tui.exports.data import write_vectors
from charembed_tui.glyphs import printable, visible
from charembed_tui.headless.status import DONE
from charembed_tui.options import with_options
from charembed_tui.runs.catalogue import all_runs, find_run
from charembed_tui.runs.folder import RunFolder
from charembed_tui.sampling_settings import SamplingSettings
from charembed_tui.settings import changed
from model.corpus import Corpus, read_text
from model.ngrams import count_ngrams
from model.objective import Objective
from model.sampling import Sampler


def generate(options: argparse.Namespace) -> int:
    """Write on standard output."""
    folder = find_run(options.run)
    configuration = folder.configuration
    settings = with_options(SamplingSettings(), options, "sampling_")
    sampler = Sampler(
        configuration.model, folder.parameters(), configuration.vocabulary, **settings.arguments()
    )
    # A text may hold escape sequences: files get it as it is, terminals what they can show.
    shown = printable if sys.stdout.isatty() else str
    sys.stdout.write(shown(options.prompt))
    for character in sampler.write(options.prompt, settings.length, settings.generator()):
        sys.stdout.write(shown(character))
    sys.stdout.write("\n")
    return DONE


def evaluate(options: argparse.Namespace) -> int:
    """The loss on a text."""
    folder = find_run(options.run)
    configuration = folder.configuration
    vocabulary = configuration.vocabulary
    run = Corpus(np.zeros(0, dtype=np.int32), vocabulary, configuration.corpus_name)
    codes = run.encode(read_text(options.text))
    table = count_ngrams(codes, len(vocabulary), configuration.settings.context_length)
    loss = Objective(configuration.model, table).value(folder.parameters())
    facts = {"run": folder.path.name, "positions": table.positions, "nats_per_character": loss}
    if options.json:
        print(json.dumps(facts))
    else:
        print(f"{loss:.4f} nats per character over {table.positions:,} positions")
    return DONE


def export(options: argparse.Namespace) -> int:
    """Vectors for the Embedding Projector."""
    folder = find_run(options.run)
    vectors = folder.configuration.model.unpack(folder.parameters())[0]
    options.folder.mkdir(parents=True, exist_ok=True)
    write_vectors(options.folder, vectors, folder.configuration.vocabulary)
    print(options.folder)
    return DONE


def list_runs(options: argparse.Namespace) -> int:
    """A line a run, the oldest first."""
    for folder in all_runs():
        print(json.dumps(_facts(folder)) if options.json else _line(folder))
    return DONE


def _facts(folder: RunFolder) -> dict[str, object]:
    last = folder.metrics.last()
    return {
        "run": folder.path.name,
        "corpus": folder.configuration.corpus_name,
        "started": folder.configuration.started,
        "in_use": folder.is_in_use,
        "step": last.step if last else 0,
        "training": last.training if last else None,
        "held_out": last.held_out if last else None,
        "settings": changed(folder.configuration.settings),
    }


def _line(folder: RunFolder) -> str:
    last = folder.metrics.last()
    told = ", ".join(f"{k} {v}" for k, v in changed(folder.configuration.settings).items())
    use = "  in use" if folder.is_in_use else ""
    where = f"step {last.step:,}  {last.score:.4f}" if last else "step 0"
    return f"{visible(folder.path.name)}  {where}{use}  {told}".rstrip()
