"""Fixtures of the app's tests."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from laboratory import laboratory
from problems import PLAY

from charembed_tui.app import CharembedApp
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.sample_texts import default_sample

_TURN = 0.03  # seconds: some frames of the interface


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is written to a person's own folders."""
    monkeypatch.setenv("CHAREMBED_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("CHAREMBED_CONFIG", str(tmp_path / "config"))
    return tmp_path


@pytest.fixture(autouse=True)
def no_waiting_for_idleness(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are answered without waiting until the process is idle: while it trains it never is.

    Textual's pilot would wait a second, twice, after every key; tests wait for what they expect.
    """

    async def turn(min_sleep: float = 0.0, max_sleep: float = 0.0) -> None:
        await asyncio.sleep(_TURN)

    for module in ("textual.app", "textual.pilot"):
        monkeypatch.setattr(f"{module}.wait_for_idle", turn)


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
