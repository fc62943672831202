"""A run that is kept while it goes: what is written, and what happens when nothing can be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from full_disk import disk_with_room_for, files_of_at_most
from problems import PLAY
from required import required
from waiting import at_step, wait_until

from charembed_tui.runs import run_writer as writing
from charembed_tui.runs.catalogue import find_run
from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.opening import resume
from charembed_tui.runs.run_writer import RunWriter
from charembed_tui.runs.text_copies import copies
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.locations import runs_directory
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.training_session import TrainingSession
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus

SETTINGS = TrainingSettings(context_length=1, embedding_size=2, optimizer="Adam")


@pytest.fixture
def writer(text: Path) -> RunWriter:
    return RunWriter(text)


@pytest.fixture
def trainer(text: Path) -> Trainer:
    return Trainer(1, SETTINGS.prepare(Corpus.from_file(text)), SETTINGS, Trajectory())


@pytest.fixture
def session(text: Path, writer: RunWriter) -> Iterator[TrainingSession]:
    session = TrainingSession(SETTINGS.prepare(Corpus.from_file(text)), SETTINGS, run_log=writer)
    yield session
    session.close()
    assert session.join(30)


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_SECONDS_BETWEEN_LOGS", 0.0)
    monkeypatch.setattr(writing, "_SECONDS_BETWEEN_CHECKPOINTS", 0.0)


def test_nothing_is_written_before_the_first_step(writer: RunWriter, trainer: Trainer) -> None:
    writer.write(trainer, everything=True)
    assert writer.folder is None


def test_what_is_in_a_run_folder(writer: RunWriter, trainer: Trainer, text: Path) -> None:
    writer.add_sample(GeneratedText(0, "step 0", "THE", " end", (0.5,) * 4))
    for _ in range(20):
        trainer.step()
    trainer.measure()
    writer.write(trainer, everything=True)
    folder = find_run(None)
    assert folder.is_in_use
    writer.close()
    assert not folder.is_in_use
    assert folder.load()["steps"] == 20
    assert folder.metrics.last().step == 20
    assert folder.metrics.last().training == pytest.approx(trainer.measured.training, rel=1e-8)
    frames = folder.recording.read()[0]
    assert [frame.step for frame in frames] == list(range(21))
    np.testing.assert_array_equal(frames[-1].theta, trainer.optimizer.theta)
    assert [sample.prompt for sample in folder.samples.read()[0]] == ["THE"]
    configuration = folder.configuration
    assert configuration.characters == sum(configuration.counts) == len(PLAY * 4)
    assert configuration.settings == SETTINGS
    assert not copies(folder.path)  # none unless asked for
    (file,) = configuration.files
    assert (file.path, file.characters) == (str(text), len(PLAY * 4))


def test_a_copy_of_the_text_is_used_when_the_text_is_gone(text: Path, trainer: Trainer) -> None:
    writer = RunWriter(text, copy_text=True)
    trainer.step()
    writer.write(trainer, everything=True)
    writer.close()
    with patch.object(Corpus, "from_sources", wraps=Corpus.from_sources) as read:
        resume(None).folder.unlock()
    assert read.call_count == 1  # the text is as it was
    text.unlink()
    run = resume(None)
    assert run.corpus.decode(run.corpus.codes) == PLAY * 4
    assert run.corpus.name == "play.txt"
    run.folder.unlock()


def test_going_on_forgets_what_came_after_the_checkpoint(
    writer: RunWriter, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_SECONDS_BETWEEN_LOGS", 0.0)
    thetas = [trainer.optimizer.theta.copy()]
    for step in range(1, 31):
        trainer.step()
        trainer.measure()
        if step <= 15:  # then it is killed, with a checkpoint of step 10 and more recorded
            writer.write(trainer, everything=step == 10)
        thetas.append(trainer.optimizer.theta.copy())
    writer.close()
    assert find_run(None).recording.read()[0][-1].step == 15

    run = resume(None)
    assert run.steps == 10
    session = TrainingSession(
        SETTINGS.prepare(run.corpus),
        SETTINGS,
        run_log=RunWriter(run.path, run.folder, run.steps),
        resumed=run.saved_state,
    )
    wait_until(lambda: session.snapshot.theta is not None)
    assert [frame.step for frame in session.trajectory.frames()] == list(range(11))
    for step in range(11, 31):
        session.step_once()
        wait_until(at_step(session, step))
    wait_until(lambda: session.snapshot.state is SessionState.PAUSED)  # the last loss is measured
    session.close()
    assert session.join(30)
    folder = find_run(None)
    frames = folder.recording.read()[0]
    assert [frame.step for frame in frames] == list(range(31))
    for frame in frames:
        np.testing.assert_array_equal(frame.theta, thetas[frame.step])
    steps = [row.step for row in folder.metrics.read()[0]]
    assert steps == sorted(set(steps))
    assert steps[-1] == 30


def test_a_run_killed_just_after_a_change_of_optimizer_opens_again(
    writer: RunWriter, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_SECONDS_BETWEEN_LOGS", 0.0)
    trainer.step()
    writer.write(trainer, everything=True)
    other = replace(SETTINGS, optimizer="SFO")
    trainer.switch(other)
    trainer.step()
    writer.write(trainer)  # logged, but no checkpoint yet
    writer.close()
    assert find_run(None).configuration.settings == other
    run = resume(None)
    assert run.settings == SETTINGS
    again = Trainer(1, run.settings.prepare(run.corpus), run.settings, Trajectory())
    again.load_state_dict(run.state, run.frames)
    assert again.steps == 1
    run.folder.unlock()


def test_a_folder_that_cannot_be_begun_is_not_left_behind(
    writer: RunWriter, trainer: Trainer
) -> None:
    trainer.step()
    for _ in range(3):
        with files_of_at_most(100), pytest.raises(OSError, match="too large"):
            writer.write(trainer, everything=True)
        assert list(runs_directory().iterdir()) == []
    writer.write(trainer, everything=True)
    assert find_run(None).load()["steps"] == 1


@pytest.mark.usefixtures("no_pause")
def test_a_full_disk_is_reported_once_and_saving_goes_on_when_there_is_room(
    session: TrainingSession,
) -> None:
    session.step_once()
    wait_until(lambda: session.snapshot.step == 1)
    with files_of_at_most(1500):
        for step in (2, 3):
            session.step_once()
            wait_until(at_step(session, step))
    assert required(session.problem).startswith("Not saved")
    assert find_run(None).load()["steps"] == 1
    session.problem = None
    session.step_once()
    wait_until(lambda: session.snapshot.step == 4)
    session.close()
    assert session.join(30)
    assert session.problem is None
    folder = find_run(None)
    assert folder.load()["steps"] == 4
    assert [frame.step for frame in folder.recording.read()[0]] == [0, 1, 2, 3, 4]
    assert not list(folder.path.glob(".*"))  # no temporary files remain


@pytest.mark.parametrize("file", ["metrics.csv", "recording.bin"])
def test_a_file_that_cannot_be_written_keeps_no_other_from_being_written(
    writer: RunWriter, trainer: Trainer, file: str
) -> None:
    trainer.step()
    writer.write(trainer, everything=True)
    folder = required(writer.folder)
    good = (folder.path / file).read_bytes()
    (folder.path / file).unlink()
    (folder.path / file).mkdir()  # nothing can be added to that
    trainer.step()
    trainer.measure()
    with pytest.raises(OSError, match=file):
        writer.write(trainer, everything=True)
    assert folder.load()["steps"] == 2
    (folder.path / file).rmdir()
    (folder.path / file).write_bytes(good)
    writer.write(trainer, everything=True)
    assert required(folder.metrics.last()).step == 2
    assert [frame.step for frame in folder.recording.read()[0]] == [0, 1, 2]


@pytest.mark.usefixtures("no_pause")
def test_a_folder_that_is_removed_is_reported_and_training_goes_on(
    text: Path, session: TrainingSession, writer: RunWriter
) -> None:
    session.start()
    wait_until(lambda: writer.folder is not None and session.snapshot.step)
    required(writer.folder).path.rename(text.parent / "away")
    wait_until(lambda: session.problem)
    step = session.snapshot.step
    wait_until(lambda: session.snapshot.step > step)
    assert session.snapshot.state is SessionState.RUNNING


def test_a_folder_that_is_deleted_and_made_again_has_the_whole_run(
    writer: RunWriter, trainer: Trainer
) -> None:
    for _ in range(5):
        trainer.step()
        trainer.measure()
        writer.write(trainer, everything=True)
    folder = required(writer.folder)
    for is_after_a_step in (True, False):
        rmtree(folder.path)
        trainer.step()
        with pytest.raises(OSError, match=folder.path.name):
            writer.write(trainer, everything=True)
        folder.path.mkdir()
        if is_after_a_step:
            trainer.step()
        trainer.measure()
        writer.write(trainer, everything=True)
        again = find_run(None)
        assert again.is_in_use
        assert again.load()["steps"] == trainer.steps
        assert [frame.step for frame in again.recording.read()[0]] == list(range(trainer.steps + 1))
        assert [row.step for row in again.metrics.read()[0]][-1] == trainer.steps
    writer.close()
    resume(None).folder.unlock()


def test_on_a_full_disk_the_recording_makes_room_for_the_checkpoint(
    writer: RunWriter, trainer: Trainer
) -> None:
    for _ in range(100):
        trainer.step()
    writer.write(trainer, everything=True)
    folder = required(writer.folder)
    files = list(folder.path.iterdir())
    trainer.step()
    room = sum(file.stat().st_size for file in files)
    with disk_with_room_for(room, folder.path):
        writer.write(trainer, everything=True)
        assert folder.load()["steps"] == 101
        steps = [frame.step for frame in folder.recording.read()[0]]
        assert (steps[0], steps[-1]) == (0, 101)
        assert 40 < len(steps) < 80
        # It goes on growing, and is thinned again; where that is not enough, it says so.
        for _ in range(100):
            trainer.step()
            writer.write(trainer, everything=True)
    trainer.step()
    with disk_with_room_for(0, folder.path), pytest.raises(OSError, match="No space left"):
        writer.write(trainer, everything=True)
    assert folder.load()["steps"] == 201
    steps = [frame.step for frame in folder.recording.read()[0]]
    assert (steps[0], steps[-1]) == (0, 201)
    writer.write(trainer, everything=True)
    assert folder.load()["steps"] == 202


def test_a_run_that_becomes_non_finite_stops_with_its_last_good_state(text: Path) -> None:
    settings = TrainingSettings(
        context_length=1, embedding_size=2, optimizer="SGD", learning_rate=100.0
    )
    corpus = Corpus.from_file(text)
    writer = RunWriter(text)
    session = TrainingSession(settings.prepare(corpus), settings, run_log=writer)
    session.start()
    wait_until(lambda: session.snapshot.state is SessionState.FAILED)
    assert "non-finite" in required(session.snapshot.error)
    assert "try 10" in required(session.snapshot.error)
    assert session.join(30)
    state = find_run(None).load()
    assert state["steps"] >= 1
    assert np.isfinite(state["theta"]).all()
    assert np.isfinite(state["curve"]).all()
    run = resume(None)  # and it opens again
    again = Trainer(1, settings.prepare(run.corpus), settings, Trajectory())
    again.load_state_dict(run.state, run.frames)
    run.folder.unlock()


def test_a_checkpoint_never_names_an_optimizer_whose_state_it_does_not_hold(
    text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The optimizer is switched on the screen while a step is being taken, and then it is saved."""
    monkeypatch.setattr(writing, "_SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    saved: list[dict[str, Any]] = []
    save = RunFolder.save

    def remember(self: RunFolder, state: dict[str, Any]) -> None:
        saved.append(state)
        save(self, state)

    monkeypatch.setattr(RunFolder, "save", remember)
    settings = replace(SETTINGS, optimizer="L-BFGS")
    corpus = Corpus.from_file(text)
    session = TrainingSession(
        settings.prepare(corpus), settings, begin=False, run_log=RunWriter(text)
    )
    step = Trainer.step

    def step_while_somebody_switches(self: Trainer) -> None:
        step(self)
        if self.steps == 3:
            session.switch_optimizer(replace(settings, optimizer="Adam"))

    monkeypatch.setattr(Trainer, "step", step_while_somebody_switches)
    session.begin()
    session.start()
    wait_until(lambda: session.snapshot.step > 6)
    session.close()
    assert session.join(30)
    names = [(state["settings"]["optimizer"], state["optimizer_name"]) for state in saved]
    assert ("L-BFGS", "L-BFGS") in names
    assert set(names) == {("L-BFGS", "L-BFGS"), ("Adam", "Adam")}
    run = resume(None)
    again = Trainer(1, run.settings.prepare(run.corpus), run.settings, Trajectory())
    again.load_state_dict(run.state, run.frames)
    assert again.switches == ((3, "Adam"),)
    run.folder.unlock()
