"""`charembed runs`."""

from __future__ import annotations

import argparse
import json

from charembed_tui.cli.exit_status import DONE
from charembed_tui.runs.catalogue import all_runs
from charembed_tui.runs.folder import RunFolder
from charembed_tui.settings.training_settings import changed
from charembed_tui.text.glyphs import visible


def run(options: argparse.Namespace) -> int:
    """A line a run, the oldest first."""
    for folder in all_runs():
        print(json.dumps(_facts(folder)) if options.json else _line(folder))
    return DONE


def _facts(folder: RunFolder) -> dict[str, object]:
    last = folder.metrics.last()
    return {
        "run": folder.path.name,
        "name": folder.name,
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
    settings = ", ".join(f"{k} {v}" for k, v in changed(folder.configuration.settings).items())
    use = "  in use" if folder.is_in_use else ""
    where = f"step {last.step:,}  {last.score:.4f}" if last else "step 0"
    name = f"  “{visible(folder.name)}”" if folder.name else ""
    return f"{visible(folder.path.name)}{name}  {where}{use}  {settings}".rstrip()
