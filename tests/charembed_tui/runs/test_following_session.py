"""Looking on while another process trains."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commands import PROCESS
from saved_run import saved_run
from waiting import until, wait_until

from charembed_tui.app import CharembedApp
from charembed_tui.runs import following_session as following
from charembed_tui.runs.catalogue import all_runs, find_run
from charembed_tui.runs.errors import RunError
from charembed_tui.runs.following_session import FollowingSession
from charembed_tui.runs.opening import text_of
from charembed_tui.runs.plan import Plan
from charembed_tui.runs.run_writer import RunWriter
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals differ on Windows")
OPTIONS = ["--optimizer", "Adam", "--context-length", "1", "--embedding-size", "2"]


@pytest.fixture
def training(text: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([*PROCESS, "train", str(text), *OPTIONS], stderr=subprocess.DEVNULL)
    wait_until(lambda: any(run.has_checkpoint for run in all_runs()))
    yield process
    process.kill()
    process.wait()


def plan() -> Plan:
    folder = find_run(None)
    corpus, path = text_of(folder)
    return Plan(corpus, path, folder.configuration.settings, followed=folder)


def test_a_run_is_seen_as_it_grows_and_nothing_is_written(
    training: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_SECONDS_UNTIL_PAUSED", 2.0)
    folder = find_run(None)
    session = FollowingSession(folder, folder.configuration.settings.prepare(text_of(folder)[0]))
    files = {file.name for file in folder.path.iterdir()}
    session.begin()
    wait_until(lambda: session.snapshot.step > 10)
    first = session.snapshot
    assert first.state is SessionState.RUNNING
    assert first.held_out is not None
    wait_until(lambda: session.snapshot.step > first.step)
    assert len(session.snapshot.curve) > len(first.curve)
    folder.samples.append(GeneratedText(3, "step 3", "THE", " end"))
    wait_until(lambda: session._samples)
    assert [sample.prompt for sample in session.take_samples()] == ["THE"]
    assert session.take_samples() == []
    assert folder.is_in_use  # by the other process, which goes on

    training.send_signal(signal.SIGINT)
    training.wait(60)
    wait_until(lambda: session.snapshot.state is SessionState.PAUSED)
    session.close()
    assert session.join(30)
    state = folder.load()
    assert session.snapshot.step == state["steps"]
    np.testing.assert_array_equal(session.snapshot.theta, state["theta"])
    assert session.snapshot.loss == pytest.approx(state["curve"][-1][3], rel=1e-8)
    new = {file.name for file in folder.path.iterdir()} - files
    assert new <= {"checkpoint-b.bin", "samples.jsonl"}


async def test_the_app_follows_and_leaves_the_training_to_the_other(
    training: subprocess.Popen[bytes],
) -> None:
    app = CharembedApp(plan(), save_runs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.laboratory.snapshot.step > 10)
        await until(lambda: "following" in app.laboratory.panes.status.text)
        await pilot.press("space", "n")
        await until(lambda: any("another process" in n.message for n in app._notifications))
        step = app.laboratory.snapshot.step
        await until(lambda: app.laboratory.snapshot.step > step)
        await pilot.press("g")
        await until(lambda: len(app.laboratory.panes.generation.written) == 300)
        await pilot.press("left_square_bracket")
        assert app.laboratory.view is not None
        assert not app.laboratory.view.live
        # A run of one's own is another one.
        await pilot.press("r")
        await until(
            lambda: app.laboratory.snapshot.run == 2 and app.laboratory.snapshot.theta is not None
        )
        await pilot.press("n")
        await until(lambda: app.laboratory.snapshot.step == 1)
        await until(lambda: len(all_runs()) == 2)
        await pilot.press("q")
    assert training.poll() is None


def test_the_run_that_is_in_use_is_followed_first(
    training: subprocess.Popen[bytes], text: Path
) -> None:
    folder, _ = saved_run(text, TrainingSettings(context_length=1), steps=1)
    assert find_run(None).path == folder.path
    assert find_run(None, in_use_first=True).path != folder.path


def test_a_run_whose_text_has_changed_cannot_be_followed(
    training: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    (tmp_path / "play.txt").write_text("another text")
    with pytest.raises(RunError, match="has changed"):
        plan()


def test_a_switch_of_optimizer_is_seen(text: Path) -> None:
    settings = TrainingSettings(context_length=1, optimizer="SFO", minibatches=3)
    corpus = Corpus.from_file(text)
    trainer, writer = Trainer(1, settings.prepare(corpus), settings, Trajectory()), RunWriter(text)
    trainer.step()
    writer.write(trainer, everything=True)
    session = FollowingSession(find_run(None), settings.prepare(corpus))
    session._count()
    session._poll()
    before = session.snapshot
    assert before.optimizer == "SFO"
    assert before.switches == ()
    trainer.switch(replace(settings, optimizer="Adam"))
    trainer.step()
    trainer.measure()
    writer.write(trainer, everything=True)
    session._poll()
    assert session.snapshot.optimizer == "Adam"
    assert session.snapshot.switches == ((1, "Adam"),)
    assert session.settings.optimizer == "Adam"
    writer.close()
