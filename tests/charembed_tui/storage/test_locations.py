from __future__ import annotations

import sys
from pathlib import Path

import pytest

from charembed_tui.storage.locations import preferences_file, runs_directory, set_runs_directory


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("CHAREMBED_RUNS", "CHAREMBED_CONFIG", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="places of Linux")
def test_old_runs_are_found_where_they_have_always_been(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runs_directory() == home / ".local/share/charembed-tui/runs"
    assert preferences_file() == home / ".config/charembed-tui/preferences.json"
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    assert runs_directory() == home / "data/charembed-tui/runs"
    assert preferences_file() == home / "config/charembed-tui/preferences.json"


def test_the_environment_chooses_other_places(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAREMBED_RUNS", str(home / "a"))
    monkeypatch.setenv("CHAREMBED_CONFIG", str(home / "b"))
    assert runs_directory() == home / "a"
    assert preferences_file() == home / "b" / "preferences.json"
    set_runs_directory(str(home / "c"))
    assert runs_directory() == home / "c"


def test_nothing_is_created_by_asking(home: Path) -> None:
    runs_directory()
    preferences_file()
    assert list(home.iterdir()) == []
