"""Where files go on each platform."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

import platformdirs

_NAME = "charembed-tui"
_RUNS = "CHAREMBED_RUNS"
_CONFIG = "CHAREMBED_CONFIG"


def runs_directory() -> Path:
    """Return the folder of all run folders: CHAREMBED_RUNS, or in the platform's place for data."""
    if chosen := os.environ.get(_RUNS):
        return Path(chosen)
    return platformdirs.user_data_path(_NAME, appauthor=False) / "runs"


def set_runs_directory(folder: str) -> None:
    """Choose another folder of all run folders, for the rest of this process."""
    os.environ[_RUNS] = folder


def preferences_file() -> Path:
    """Return the file of what is remembered between visits."""
    return _config_directory() / "preferences.json"


def config_file() -> Path:
    """Return the file in which a person sets what every visit begins with."""
    return _config_directory() / "config.toml"


def _config_directory() -> Path:
    """Return the folder of settings: CHAREMBED_CONFIG, or the platform's place for them."""
    if chosen := os.environ.get(_CONFIG):
        return Path(chosen)
    return platformdirs.user_config_path(_NAME, appauthor=False, roaming=True)


def new_run_folder(corpus_name: str, now: datetime) -> Path:
    """Create a folder that no other run has, named after time and text.

    Raises:
        OSError: it cannot be created.
    """
    stem = re.sub(r"[^\w.-]+", "_", Path(corpus_name).stem)[:40].strip("_") or "text"
    return _new_folder(runs_directory(), f"{now:%Y-%m-%d_%H-%M-%S}_{stem}")


def new_export_folder(run: Path | None, corpus_name: str, now: datetime) -> Path:
    """Create a folder for what is exported: in the run's own, or beside runs where it has none.

    Raises:
        OSError: it cannot be created.
    """
    if run is None:
        return new_run_folder(corpus_name, now)
    return _new_folder(run / "exports", f"{now:%Y-%m-%d_%H-%M-%S}")


def unwritten(error: OSError) -> str:
    """Say why something could not be written, and what to do."""
    return f"{error}\nSet CHAREMBED_RUNS to a folder that can be written to."


def _new_folder(parent: Path, name: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        folder = parent / (name if number == 1 else f"{name}_{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise OSError(f"{parent} holds a thousand folders of the same second: tidy up.")
