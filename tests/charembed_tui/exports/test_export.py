from __future__ import annotations

import errno
import json
import os
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from full_disk import files_of_at_most
from problems import PLAY
from required import required
from textual.pilot import Pilot
from textual.widgets import Static
from waiting import until

from charembed_tui.app import CharembedApp
from charembed_tui.exports.data import export_run
from charembed_tui.screens.export import KINDS, Exportable, ExportScreen, Progress
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.atomic import write_whole
from charembed_tui.storage.locations import new_run_folder, runs_directory
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
from model.errors import Cancelled
from model.families.log_bilinear.shape import LogBilinear

NOW = datetime(2026, 1, 2, 3, 4, 5)
CORPUS = Corpus.from_text(PLAY + "\t", "a play.txt")
SETTINGS = TrainingSettings(context_length=2, embedding_size=3, minibatches=4)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHAREMBED_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_everything_exported_can_be_read_back(tmp_path: Path) -> None:
    timeline = Trajectory()
    trainer = Trainer(1, SETTINGS.prepare(CORPUS), SETTINGS, timeline)
    for _ in range(20):
        trainer.step()
    trainer.measure()
    snapshot = trainer.snapshot(SessionState.PAUSED)
    export_run(tmp_path, CORPUS, SETTINGS, snapshot, timeline.frames())

    assert isinstance(snapshot.model, LogBilinear)
    embeddings, _ = snapshot.model.unpack(required(snapshot.theta))
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
    np.testing.assert_allclose(losses[:, 3], snapshot.curve.losses, rtol=1e-8)
    assert losses[-1, 4] == pytest.approx(snapshot.held_out, rel=1e-8)

    run = json.loads((tmp_path / "export.json").read_text(encoding="utf-8"))
    assert run["settings"]["embedding_size"] == 3
    assert run["step"] == 20
    assert run["nats_per_character"]["training"] == snapshot.loss
    assert not list(tmp_path.glob(".*"))


def test_folders_are_named_after_time_and_text_and_never_shared(runs: Path) -> None:
    assert runs_directory() == runs
    first, second = (new_run_folder("../my text\x1b.txt", NOW) for _ in range(2))
    assert first == runs / "2026-01-02_03-04-05_my_text"
    assert second.name == f"{first.name}_2"


def test_the_newest_run_has_the_last_name_also_where_the_clock_is_set_back(runs: Path) -> None:
    names = [
        new_run_folder("play.txt", NOW + timedelta(hours=hours)).name
        for hours in (0, -1, -1, 0, 1, -24 * 9, 2)
    ]
    assert names == [
        "2026-01-02_03-04-05_play",
        "2026-01-02_03-04-06_play",
        "2026-01-02_03-04-07_play",
        "2026-01-02_03-04-08_play",
        "2026-01-02_04-04-05_play",
        "2025-12-24_03-04-05_play",  # that clock had been wrong before
        "2026-01-02_05-04-05_play",
    ]


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


async def export(app: CharembedApp, pilot: Pilot[None], kind: str) -> None:
    await pilot.press("e")
    await until(lambda: isinstance(app.screen, ExportScreen))
    await pilot.press(*["down"] * list(KINDS).index(kind), "enter")


async def test_e_exports_the_run_also_while_training(app: CharembedApp, runs: Path) -> None:
    async def becomes(kind: str, file: str) -> None:
        app.clear_notifications()
        await export(app, pilot, kind)
        await until(lambda: list(runs.glob(f"*/{file}")))
        await until(lambda: not isinstance(app.screen, ExportScreen))
        await until(lambda: any(str(runs) in n.message for n in app._notifications))
        assert app.laboratory.snapshot.state is SessionState.RUNNING

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.step > 20)
        await becomes("data", "export.json")
        await becomes("SVG", "poster.svg")
        await becomes("CSV", "map.csv")
        await becomes("word2vec", "vectors.txt")


async def test_a_failed_export_is_reported(
    app: CharembedApp, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.write_text("a file where the folder should be")

    async def fails(kind: str, reason: str) -> None:
        await export(app, pilot, kind)
        note = app.screen.query_one("#export-note", Static)
        await until(lambda: reason in str(note.content) and "CHAREMBED_RUNS" in str(note.content))
        assert not (runs.is_dir() and list(runs.iterdir()))  # nothing is left of it
        await pilot.press("escape")
        await until(lambda: not isinstance(app.screen, ExportScreen))

    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await fails("data", str(runs))
        runs.unlink()
        with files_of_at_most(100):
            await fails("data", "too large")
            await fails("SVG", "too large")
            await pilot.press("g")
            await until(lambda: len(app.laboratory.panes.generation.written) == 300)
            await pilot.press("w")
            await until(lambda: "too large" in app.laboratory.panes.footer.notice)
            assert not list(runs.iterdir())

        def read_only(*_: object, **__: object) -> None:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

        monkeypatch.setattr("tempfile.mkstemp", read_only)
        await fails("word2vec", "Read-only")


async def test_an_export_can_be_cancelled(
    app: CharembedApp, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = Event()

    def endless(what: Exportable, folder: Path, progress: Progress) -> None:
        began.set()
        while not progress.is_cancelled():
            time.sleep(0.01)
        raise Cancelled("The export was cancelled.")

    monkeypatch.setitem(KINDS, "GIF", ("never ends", endless))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await export(app, pilot, "GIF")
        await until(began.is_set)
        await pilot.press("escape")
        await until(lambda: not isinstance(app.screen, ExportScreen))
        await until(lambda: not any(runs.iterdir()))  # not even an empty folder is left


async def test_without_pillow_it_says_how_to_install_it(
    app: CharembedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await export(app, pilot, "PNG")
        note = app.screen.query_one("#export-note", Static)
        await until(lambda: "pip install" in str(note.content))
