"""`charembed config`."""

from __future__ import annotations

import argparse

from charembed_tui.cli.app_command import default_keys, default_theme
from charembed_tui.cli.exit_status import DONE
from charembed_tui.settings.config import Config, defaults
from charembed_tui.storage.locations import config_file


def run(_: argparse.Namespace) -> int:
    """Print where the file is and what stands in it by default. Raises what reading it does."""
    path = config_file()
    print(defaults(path, default_theme(), default_keys()))
    Config.load(path)
    return DONE
