"""The command line: everything that can be wrong with it is said before the screen is touched."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from charembed_tui import __version__

_SWITCH_SECONDS = 0.001  # how long Python code of the training may keep the interface waiting


def parser() -> argparse.ArgumentParser:
    """The arguments of `charembed-tui`."""
    result = argparse.ArgumentParser(
        prog="charembed-tui",
        description="Open a text, watch a computer learn what its characters mean, let it write.",
        epilog="Inside, ? shows all keys: space starts and pauses, g writes, q quits.",
    )
    result.add_argument(
        "corpus",
        nargs="?",
        metavar="CORPUS",
        help="a UTF-8 text file to learn from; without it, a sample text",
    )
    result.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return result


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the app. Exits with status 2 and one line on a text that cannot be used."""
    options = parser().parse_args(arguments)
    # The training thread computes, the interface draws: two threads in BLAS would only fight for
    # their cores. Must be set before numpy is loaded.
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ.setdefault(name, "1")
    sys.setswitchinterval(_SWITCH_SECONDS)
    # Loaded late, so that --help and --version answer at once.
    from charembed_tui.sample_texts import default_sample
    from charembed_tui.settings import TrainingSettings
    from model.corpus import Corpus
    from model.errors import CharembedError

    path = default_sample() if options.corpus is None else options.corpus
    try:
        corpus = Corpus.from_file(path)
        settings = TrainingSettings()
        corpus.require_context_length(settings.context_length)
    except CharembedError as error:
        from charembed_tui.glyphs import visible

        print(f"charembed-tui: {visible(str(error))}", file=sys.stderr)
        sys.exit(2)

    from charembed_tui.app import CharembedApp

    app = CharembedApp(corpus, path, settings)
    app.run()
    sys.exit(app.return_code)
