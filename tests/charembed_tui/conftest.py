"""Fixtures of the app's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from charembed_tui.app import CharembedApp
from charembed_tui.sample_texts import default_sample
from charembed_tui.settings import TrainingSettings
from model.corpus import Corpus


@pytest.fixture
def sample() -> Path:
    return default_sample()


@pytest.fixture
def app(sample: Path) -> CharembedApp:
    return CharembedApp(Corpus.from_file(sample), sample, TrainingSettings())
