"""`charembed generate`."""

from __future__ import annotations

import argparse
import sys

from charembed_tui.cli.exit_status import DONE
from charembed_tui.cli.options import with_options
from charembed_tui.runs.catalogue import find_run
from charembed_tui.runs.predictors import SavedModel
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.text.glyphs import printable
from charembed_tui.text.unseen import never_seen
from model.sampling import Sampler


def run(options: argparse.Namespace) -> int:
    """Write on standard output."""
    folder = find_run(options.run)
    configuration = folder.configuration
    settings = with_options(SamplingSettings(), options, "sampling_")
    predictor = SavedModel(folder).predictor(options.at)
    sampler = Sampler(predictor, configuration.vocabulary, **settings.arguments())
    if note := never_seen(options.prompt, configuration.vocabulary):
        print(f"charembed: of the prompt, {note}", file=sys.stderr)
    # A text may hold escape sequences: files get it as it is, terminals what they can show.
    as_text = printable if sys.stdout.isatty() else str
    sys.stdout.write(as_text(options.prompt))
    for character in sampler.write(options.prompt, settings.length, settings.generator()):
        sys.stdout.write(as_text(character))
    sys.stdout.write("\n")
    return DONE
