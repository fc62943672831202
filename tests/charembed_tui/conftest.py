"""Fixtures of the app's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from laboratory import laboratory
from problems import PLAY

from charembed_tui.app import CharembedApp
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.sample_texts import default_sample


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is written to a person's own folders."""
    monkeypatch.setenv("CHAREMBED_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("CHAREMBED_CONFIG", str(tmp_path / "config"))
    return tmp_path


@pytest.fixture
def sample() -> Path:
    return default_sample()


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A short play."""
    path = tmp_path / "play.txt"
    path.write_text(PLAY * 4, encoding="utf-8")
    return path


@pytest.fixture
def app(sample: Path) -> CharembedApp:
    # Adam, since it never says that it is done.
    preferences = Preferences(training=TrainingSettings(optimizer="Adam"))
    return laboratory(sample, preferences)
