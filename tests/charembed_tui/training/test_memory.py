from __future__ import annotations

import re
from dataclasses import replace

import pytest
from problems import PLAY
from required import required
from waiting import wait_until

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.sample_texts import default_sample
from charembed_tui.training import memory
from charembed_tui.training.cost_hint import CostHint
from charembed_tui.training.memory import require_memory
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.training_session import TrainingSession
from model.corpus import Corpus
from model.errors import SettingsError
from model.texts.reading import available_bytes

CORPUS = Corpus.from_text(PLAY * 5)
LARGE = TrainingSettings(context_length=32, embedding_size=512)


def test_what_fits_is_not_refused() -> None:
    require_memory(CORPUS, TrainingSettings())
    free = available_bytes()
    assert free is None or free > 1_000_000


def test_what_cannot_fit_is_refused_with_what_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_NEVER_REFUSED", 0)
    monkeypatch.setattr(memory, "available_bytes", lambda: 40_000_000)
    with pytest.raises(SettingsError, match="would fit") as error:
        require_memory(CORPUS, LARGE)
    length, size = map(int, re.findall(r"length of (\d+) .* size of (\d+)", str(error.value))[0])
    require_memory(CORPUS, TrainingSettings(context_length=length, embedding_size=size))
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    with pytest.raises(SettingsError, match="minimum count"):
        require_memory(CORPUS, LARGE)
    monkeypatch.setattr(memory, "available_bytes", lambda: None)
    require_memory(CORPUS, LARGE)


def test_a_session_says_so_before_it_allocates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_NEVER_REFUSED", 0)
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    session = TrainingSession(LARGE.prepare(CORPUS), LARGE)
    wait_until(lambda: session.snapshot.state is SessionState.FAILED)
    assert "GB are free" in required(session.snapshot.error)
    assert session.table is None


def test_the_optimizer_is_part_of_the_estimate() -> None:
    """A thousand quadratic models of fifty pairs each are gigabytes, whatever the text."""
    corpus = Corpus.from_file(default_sample())
    small = TrainingSettings(context_length=5, embedding_size=16, optimizer="SFO")
    large = replace(small, minibatches=1000, history_terms=50)
    hint = CostHint(corpus)
    assert hint.cost(small).bytes < 300e6
    assert hint.state_bytes(large) > 4e9
    assert hint.cost(large).bytes > hint.state_bytes(large)
    with pytest.raises(SettingsError, match="more than a checkpoint may hold"):
        require_memory(corpus, large)
