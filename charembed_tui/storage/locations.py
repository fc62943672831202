"""Where files go on each platform."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import platformdirs

from model.texts.roots import refuse_outside

_NAME = "charembed-tui"
_RUNS = "CHAREMBED_RUNS"
_CONFIG = "CHAREMBED_CONFIG"
_TIME, _TIME_LENGTH = "%Y-%m-%d_%H-%M-%S", 19
_SET_BACK = timedelta(days=1)  # by more, a clock was wrong before


def runs_directory() -> Path:
    """Return the folder of all run folders: CHAREMBED_RUNS, or in the platform's place for data."""
    if chosen := os.environ.get(_RUNS):
        return Path(chosen)
    return platformdirs.user_data_path(_NAME, appauthor=False) / "runs"


def set_runs_directory(folder: str) -> None:
    """Choose another folder of all run folders, for the rest of this process."""
    os.environ[_RUNS] = folder


def keep_runs_in(folder: str) -> None:
    """The same, where nobody has chosen one."""
    os.environ.setdefault(_RUNS, folder)


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

    The newest run is the one with the last name. So a clock that was set back, as for winter time,
    gives names that follow the last one.

    Raises:
        OSError: it cannot be created.
    """
    stem = re.sub(r"[^\w.-]+", "_", Path(corpus_name).stem)[:40].strip("_") or "text"
    runs = runs_directory()
    return _new_folder(runs, f"{max(now, _earliest(runs, now)):{_TIME}}_{stem}")


@contextmanager
def export_folder(run: Path | None, corpus_name: str, now: datetime) -> Iterator[Path]:
    """Create a folder for what is exported: in the run's own, or beside runs where it has none.

    It goes again where nothing could be written into it.

    Raises:
        OSError: it cannot be created.
    """
    if run is None:
        folder = new_run_folder(corpus_name, now)
    else:
        folder = _new_folder(run / "exports", f"{now:{_TIME}}")
    try:
        yield folder
    except BaseException:
        with suppress(OSError):  # something is in it
            folder.rmdir()
        raise


def unwritten(error: OSError) -> str:
    """Say why something could not be written, and what to do."""
    return f"{error}\nSet CHAREMBED_RUNS to a folder that can be written to."


def _earliest(runs: Path, now: datetime) -> datetime:
    """The time after that in the last name, or some time before now."""
    last = datetime.min
    with suppress(OSError, OverflowError):  # a folder that is missing holds none
        for name in os.listdir(runs):
            with suppress(ValueError):
                last = max(last, datetime.strptime(name[:_TIME_LENGTH], _TIME))
        if last > now:
            last += timedelta(seconds=1)
    return last if last - now <= _SET_BACK else datetime.min


def _new_folder(parent: Path, name: str) -> Path:
    refuse_outside(parent)
    parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        folder = parent / (name if number == 1 else f"{name}_{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise OSError(f"{parent} holds a thousand folders of the same second: tidy up.")
