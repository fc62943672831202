"""The command line: everything that can be wrong with it is said before the screen is touched."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from charembed_tui import __version__

_SWITCH_SECONDS = 0.001  # how long Python code of the training may keep the interface waiting


def parser() -> argparse.ArgumentParser:
    """The arguments of `charembed-tui`."""
    from charembed_tui.loss_view import LossView
    from charembed_tui.options import add_settings
    from charembed_tui.sampling_settings import SamplingSettings
    from charembed_tui.settings import TrainingSettings

    result = argparse.ArgumentParser(
        prog="charembed-tui",
        description="Open a text, watch a computer learn what its characters mean, let it write.",
        epilog="Inside, ? shows all keys: space starts and pauses, g writes, q quits. "
        "Settings are remembered; options go before what is remembered.",
    )
    result.add_argument(
        "corpus",
        nargs="?",
        metavar="CORPUS",
        help="a UTF-8 text file to learn from; without it, a sample text",
    )
    result.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    result.add_argument(
        "--fresh", action="store_true", help="begin with the defaults and remember nothing"
    )
    result.add_argument("--theme", help="name of a colour theme, such as textual-light or nord")
    result.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar="RUN",
        help="go on with a run, the newest one if none is named, exactly where it stood",
    )
    add_settings(result, "training", TrainingSettings)
    add_settings(result, "writing", SamplingSettings, "sampling_", renamed=("seed",))
    renamed = ("unit", "against", "scale", "smoothing")
    add_settings(result, "loss", LossView, "loss_", renamed=renamed)
    return result


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the app. Exits with status 2 and one line on a text that cannot be used."""
    # The training thread computes, the interface draws: two threads in BLAS would only fight for
    # their cores. Must be set before numpy is loaded.
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ.setdefault(name, "1")
    # Textual draws in ticks; shorter ones answer a key sooner. Idle ones cost nothing.
    os.environ.setdefault("TEXTUAL_FPS", "200")
    sys.setswitchinterval(_SWITCH_SECONDS)
    options = parser().parse_args(arguments)
    # Loaded late, so that --help and --version answer at once.
    from charembed_tui.files import preferences_file
    from charembed_tui.preferences import Preferences
    from charembed_tui.resuming import ResumedRun, resume
    from charembed_tui.sample_texts import default_sample
    from model.corpus import Corpus
    from model.errors import CharembedError

    remembered = None if options.fresh else preferences_file()
    preferences = Preferences.load(remembered) if remembered else Preferences()
    preferences = _with_options(preferences, options)
    path = default_sample() if options.corpus is None else options.corpus
    run: ResumedRun | None = None
    try:
        if options.resume is not None:
            run = resume(options.resume or None, options.corpus)
            path = run.path
            preferences = replace(preferences, training=run.folder.configuration.settings)
            corpus = run.corpus
        else:
            corpus = Corpus.from_file(path)
        corpus.require_context_length(preferences.training.context_length)
        corpus.merge_rare(preferences.training.minimum_count)
    except CharembedError as error:
        from charembed_tui.glyphs import visible

        print(f"charembed-tui: {visible(str(error))}", file=sys.stderr)
        sys.exit(2)

    from charembed_tui.app import CharembedApp

    app = CharembedApp(corpus, path, preferences, remember_in=remembered, keep=True, resumed=run)
    app.run()
    sys.exit(app.return_code)


def _with_options(preferences: Any, options: argparse.Namespace) -> Any:
    """Preferences with what the command line says in their place."""
    from charembed_tui.options import with_options

    return replace(
        preferences,
        training=with_options(preferences.training, options),
        sampling=with_options(preferences.sampling, options, "sampling_"),
        loss=with_options(preferences.loss, options, "loss_"),
        theme=options.theme or preferences.theme,
    )
