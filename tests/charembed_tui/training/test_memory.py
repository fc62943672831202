from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from measured_runs import measured, write_words
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
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
from model.errors import SettingsError
from model.memory import available_bytes

CORPUS = Corpus.from_text(PLAY * 5)
LARGE = TrainingSettings(context_length=32, embedding_size=512)


def test_what_fits_is_not_refused() -> None:
    require_memory(CORPUS, TrainingSettings())
    free = available_bytes()
    assert free is None or free > 1_000_000


def test_what_cannot_fit_is_refused_with_what_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "resident_bytes", lambda: 0)
    monkeypatch.setattr(memory, "available_bytes", lambda: 260_000_000)
    with pytest.raises(SettingsError, match="would fit") as error:
        require_memory(CORPUS, LARGE)
    length, size = map(int, re.findall(r"length of (\d+) .* size of (\d+)", str(error.value))[0])
    require_memory(CORPUS, TrainingSettings(context_length=length, embedding_size=size))
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    with pytest.raises(SettingsError, match="minimum count"):
        require_memory(CORPUS, LARGE)
    monkeypatch.setattr(memory, "available_bytes", lambda: None)
    require_memory(CORPUS, LARGE)


def test_memory_of_the_interface_is_no_part_of_the_estimate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hint, settings = CostHint(CORPUS), TrainingSettings()
    needed, interface = hint.cost(settings).bytes, 50_000_000
    missing = needed - hint.present_bytes
    monkeypatch.setattr(memory, "resident_bytes", lambda: hint.present_bytes + interface)
    monkeypatch.setattr(memory, "available_bytes", lambda: int(missing / 0.9) + 1000)
    require_memory(CORPUS, settings)
    monkeypatch.setattr(memory, "available_bytes", lambda: int(missing / 0.9) - 1000)
    with pytest.raises(SettingsError, match=f"need about {(needed + interface) / 1e6:,.0f} MB"):
        require_memory(CORPUS, settings)
    shown = CostHint(CORPUS, with_screen=True).cost(settings).bytes
    assert shown == pytest.approx(needed + interface, rel=0.1)


def test_a_session_says_so_before_it_allocates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "resident_bytes", lambda: 0)
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    session = TrainingSession(LARGE.prepare(CORPUS), LARGE)
    wait_until(lambda: session.snapshot.state is SessionState.FAILED)
    assert "can be had" in required(session.snapshot.error)
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


# Steps, and settings: until histories are full, which take no memory before they are written.
MEASURED: list[tuple[int, dict[str, Any]]] = [
    (30, {"optimizer": "L-BFGS", "history_terms": 20, "embedding_size": 256}),
    (20, {"context_length": 8, "embedding_size": 32}),
    (2, {"context_length": 16, "embedding_size": 128, "optimizer": "Adam"}),
    (120, {"embedding_size": 32, "optimizer": "SFO", "minibatches": 40, "history_terms": 20}),
    (2, {"model": "network", "context_length": 8, "hidden": 512}),
    (1, {"model": "n-grams"}),
    (2, {"mix_ngrams": 5, "cache": 1000}),
]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text that takes memory."""
    path = tmp_path_factory.mktemp("text") / "words.txt"
    write_words(path, 300_000)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize(
    ("steps", "chosen"),
    MEASURED,
    ids=lambda x: str(x) if isinstance(x, int) else "-".join(map(str, x.values())),
)
def test_estimates_are_what_a_process_takes(
    words: Path, steps: int, chosen: dict[str, Any]
) -> None:
    """Within a factor of 1.3; `tests/benchmarks/estimates.py` has more settings, and time."""
    recording = 1 << 20
    hint = CostHint(Corpus.from_file(words), Trajectory(recording))
    estimate = hint.cost(TrainingSettings(**chosen)).bytes
    peak = measured(words, chosen, steps, recording).peak
    assert peak / 1.3 < estimate < 1.3 * peak
