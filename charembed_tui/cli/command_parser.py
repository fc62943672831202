"""The arguments of `charembed`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from charembed_tui import __version__
from charembed_tui.cli.exit_status import TOLD

_RUN = "its name or folder; without it, the newest"


def parser() -> argparse.ArgumentParser:
    """The arguments of `charembed`."""
    from charembed_tui.cli.options import (
        add_preset,
        add_run_options,
        add_runs_folder,
        add_settings,
    )
    from charembed_tui.settings.sampling_settings import SamplingSettings
    from charembed_tui.settings.text_options import TEXTS, add_text_options
    from charembed_tui.settings.training_settings import TrainingSettings

    result = argparse.ArgumentParser(
        prog="charembed",
        description="Train, write and measure without a screen, on the laboratory's run folders.",
        epilog=TOLD,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = result.add_subparsers(dest="command", required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="learn from a text, or go on with a run")
    train.add_argument("corpus", nargs="*", help=TEXTS)
    train.add_argument("--table", metavar="FILE", help="what charembed count made, as the text")
    train.add_argument("--steps", type=_positive(int), help="stop at this step")
    train.add_argument(
        "--seconds", type=_positive(float), help="stop after so much training, pauses left out"
    )
    add_text_options(train)
    add_run_options(train)
    add_preset(train)
    add_settings(train, "training", TrainingSettings)

    generate = commands.add_parser("generate", help="write with a trained run")
    generate.add_argument("run", nargs="?", help=_RUN)
    generate.add_argument(
        "--prompt", default="", help="what the text follows; for a list, how every line begins"
    )
    generate.add_argument(
        "--new", action="store_true", help="leave out lines that the list has, and count them"
    )
    generate.add_argument(
        "--novelty",
        action="store_true",
        help="say on standard error how much of it stands in the training text, word for word",
    )
    add_settings(generate, "writing", SamplingSettings, "sampling_")

    evaluate = commands.add_parser("evaluate", help="measure a run on a text")
    evaluate.add_argument(
        "texts",
        nargs="+",
        metavar="TEXT",
        help="files, folders, patterns, archives, or - for standard input, read as the run's own; "
        "the last may be a run, " + _RUN,
    )
    add_text_options(evaluate, lists=False)

    export = commands.add_parser("export", help="write a run's vectors for other programs")
    export.add_argument("folder", type=Path, help="where to write vectors.tsv and metadata.tsv")
    export.add_argument("run", nargs="?", help=_RUN)

    count = commands.add_parser("count", help="make a table of texts of any size, to train on")
    count.add_argument(
        "texts",
        nargs="+",
        help="files, folders, patterns, archives, addresses (s3://...), tables, which are added, "
        "or - for standard input, in which no list is recognized",
    )
    count.add_argument("--table", type=Path, required=True, help="where to write the table")
    count.add_argument(
        "--add", action="store_true", help="add to the table that is there instead of replacing it"
    )
    count.add_argument(
        "--context-length", type=_positive(int), help="of the table; that of what is added, or 3"
    )
    count.add_argument(
        "--held-out", type=_part, default=0.1, help="part of the blocks to hold out, 0.1 without it"
    )
    for command in (train, count):
        command.add_argument(
            "--cluster",
            metavar="ADDRESS",
            help="work on a Dask cluster: local, or the address of its scheduler",
        )
        command.add_argument("--workers", type=_positive(int), help="of a local cluster")
    add_text_options(count)

    runs = commands.add_parser("runs", help="list the runs")
    for command in (train, generate, evaluate, count, runs):
        command.add_argument("--json", action="store_true", help="one JSON object a line")

    commands.add_parser("config", help="print where config.toml is, and its defaults")

    completion = commands.add_parser("completion", help="print a script that completes arguments")
    completion.add_argument("shell", type=str.casefold, choices=("bash", "zsh", "tcsh"))
    for command in (generate, evaluate, export):
        command.add_argument(
            "--at",
            type=_step,
            default="best",
            metavar="STEP",
            help="best, last, or the number of a recorded step; the best if none is named",
        )
    for command in (generate, evaluate, export, runs):
        add_runs_folder(command)
    return result


def _positive(kind: type[float]) -> Any:
    def parse(text: str) -> Any:
        number = kind(text)
        if not number > 0:
            raise argparse.ArgumentTypeError("write a number above 0")
        return number

    return parse


def _part(text: str) -> float:
    part = float(text)
    if not 0 <= part < 1:
        raise argparse.ArgumentTypeError("write a number from 0 to below 1")
    return part


def _step(text: str) -> str | int:
    """Which parameters of a run are meant."""
    if (word := text.casefold()) in ("best", "last"):
        return word
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError("write best, last, or the number of a step") from None
