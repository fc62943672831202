"""The arguments of `charembed-tui`."""

from __future__ import annotations

import argparse

from charembed_tui import __version__


def parser() -> argparse.ArgumentParser:
    """The arguments of `charembed-tui`."""
    from charembed_tui.cli.options import (
        add_preset,
        add_run_options,
        add_settings,
    )
    from charembed_tui.settings.loss_view import LossView
    from charembed_tui.settings.sampling_settings import SamplingSettings
    from charembed_tui.settings.text_options import TEXTS, add_text_options
    from charembed_tui.settings.training_settings import TrainingSettings

    result = argparse.ArgumentParser(
        prog="charembed-tui",
        description="Open a text, watch a computer learn what its characters mean, let it write.",
        epilog="Inside, ? shows all keys: space starts and pauses, g writes, q quits. "
        "Settings are remembered; options go before what is remembered.",
    )
    result.add_argument("corpus", nargs="*", metavar="CORPUS", help=TEXTS)
    result.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    result.add_argument(
        "--fresh", action="store_true", help="begin with the defaults and remember nothing"
    )
    result.add_argument(
        "--root",
        action="append",
        default=[],
        metavar="DIR",
        help="read no file but texts and runs in this folder, or in one of several; runs are kept "
        "in DIR/runs, and settings are remembered there or not at all",
    )
    result.add_argument("--theme", help="name of a colour theme, such as textual-light or nord")
    add_text_options(result)
    add_run_options(result, follow=True)
    add_preset(result)
    add_settings(result, "training", TrainingSettings)
    add_settings(result, "writing", SamplingSettings, "sampling_", renamed=("seed",))
    renamed = ("unit", "against", "scale", "smoothing")
    add_settings(result, "loss", LossView, "loss_", renamed=renamed)
    return result
