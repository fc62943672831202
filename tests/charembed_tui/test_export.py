from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from problems import PLAY
from waiting import until

from charembed_tui.app import CharembedApp
from charembed_tui.export import export_run
from charembed_tui.runs import new_run_folder, runs_directory, write_whole
from charembed_tui.settings import TrainingSettings
from charembed_tui.snapshot import SessionState
from charembed_tui.timeline import Timeline
from charembed_tui.trainer import Trainer
from model.corpus import Corpus

NOW = datetime(2026, 1, 2, 3, 4, 5)
CORPUS = Corpus.from_text(PLAY + "\t", "a play.txt")
SETTINGS = TrainingSettings(context_length=2, embedding_size=3, minibatches=4)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHAREMBED_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_everything_exported_can_be_read_back(tmp_path: Path) -> None:
    timeline = Timeline()
    trainer = Trainer(1, CORPUS, SETTINGS, timeline)
    for _ in range(20):
        trainer.step()
    trainer.measure()
    snapshot = trainer.snapshot(SessionState.PAUSED)
    export_run(tmp_path, CORPUS, SETTINGS, snapshot, timeline.frames())

    embeddings, _ = snapshot.model.unpack(snapshot.theta)
    vectors = np.loadtxt(tmp_path / "vectors.tsv", delimiter="\t")
    np.testing.assert_allclose(vectors, embeddings, rtol=1e-8)
    metadata = (tmp_path / "metadata.tsv").read_text(encoding="utf-8").splitlines()
    assert len(metadata) == 1 + len(CORPUS.vocabulary)
    assert metadata[1] == "⇥\tU+0009\twhitespace"

    recording = np.load(tmp_path / "recording.npz", allow_pickle=False)
    assert "".join(map(chr, recording["vocabulary"])) == "".join(CORPUS.vocabulary)
    assert recording["steps"].tolist() == list(range(21))
    np.testing.assert_array_equal(recording["theta"][-1], snapshot.theta)

    losses = np.genfromtxt(tmp_path / "loss.tsv", delimiter="\t", skip_header=1)
    np.testing.assert_allclose(losses[:, 1], snapshot.curve[1], rtol=1e-8)
    assert losses[-1, 2] == pytest.approx(snapshot.held_out, rel=1e-8)

    run = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert run["settings"]["embedding_size"] == 3
    assert run["step"] == 20
    assert run["nats_per_character"]["training"] == snapshot.loss
    assert not list(tmp_path.glob(".*"))


def test_folders_are_named_after_time_and_text_and_never_shared(runs: Path) -> None:
    assert runs_directory() == runs
    first, second = (new_run_folder("../my text\x1b.txt", NOW) for _ in range(2))
    assert first == runs / "2026-01-02_03-04-05_my_text_"
    assert second.name == f"{first.name}_2"


def test_the_platform_has_a_place_for_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAREMBED_RUNS")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", os.path.join(os.sep, "data"))
    assert runs_directory() == Path(os.sep, "data", "charembed-tui", "runs")


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


async def test_e_exports_the_run_also_while_training(app: CharembedApp, runs: Path) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("space")
        await until(lambda: app.snapshot.step > 20)
        await pilot.press("e")
        await until(lambda: list(runs.glob("*/run.json")))
        await until(lambda: any("vectors.tsv" in n.message for n in app._notifications))
        assert app.snapshot.state is SessionState.RUNNING


async def test_a_failed_export_is_reported(app: CharembedApp, runs: Path) -> None:
    runs.write_text("a file where the folder should be")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: app.snapshot.theta is not None)
        await pilot.press("e")
        await until(lambda: any("CHAREMBED_RUNS" in n.message for n in app._notifications))
