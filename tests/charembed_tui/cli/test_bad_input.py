"""Prompts, run folders and texts from people and strangers: learned, refused, never a traceback."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from laboratory import laboratory
from problems import PLAY
from required import required
from saved_run import saved_run
from strange_folders import Good, open_every_way, strange_folders, write_folder
from textual.pilot import Pilot
from textual.widgets import Input
from waiting import until, until_still, wait_until

from charembed_tui.app import CharembedApp
from charembed_tui.runs.catalogue import find_run
from charembed_tui.runs.errors import RunError
from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.opening import follow, resume
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training import memory
from charembed_tui.training.generation import write
from charembed_tui.training.loss_log import Measurement
from charembed_tui.training.snapshot import SessionState, View
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.training_session import TrainingSession
from charembed_tui.training.trajectory import Frame, Trajectory
from model import validity
from model.corpus import Corpus
from model.errors import CharembedError

SETTINGS = TrainingSettings(context_length=2, embedding_size=2, optimizer="Adam")
PROMPTS = {
    "empty": "",
    "emoji sequence": "👩‍👩‍👧‍👦🏳️‍🌈👍🏽",
    "right to left": "\u202eשלום עולם مرحبا\u2066",
    "escapes": "\x1b[31m\x1b]0;title\x07\x9b2J",
    "controls": "".join(map(chr, range(32))) + "\x7f\x85\u2028",
    "combining": "e" + "\u0301" * 200,
    "surrogate": "\ud800",
    "markup": "[red]x[/] [/] [link=x]",
    "long": "KING " * 4000,
}


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    trainer = Trainer(1, SETTINGS.prepare(Corpus.from_text(PLAY * 4)), SETTINGS, Trajectory())
    trainer.step()
    return trainer


@given(st.text(max_size=50))
def test_any_prompt_is_followed(trainer: Trainer, prompt: str) -> None:
    theta, corpus = trainer.optimizer.theta, Corpus.from_text(PLAY)
    view = View(trainer.model, 1, theta, live=True)
    chunks: list[str] = []
    chosen = SamplingSettings(length=20, seed=1)
    assert write(view, corpus, prompt, chosen, lambda c: chunks.append(c.text), lambda: False)
    assert len("".join(chunks)) == 20


async def test_any_prompt_is_displayed_without_harm(tmp_path: Path) -> None:
    path = tmp_path / "play.txt"
    path.write_text(PLAY * 4, encoding="utf-8")
    app = laboratory(path, Preferences(training=SETTINGS), save_runs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        for prompt in PROMPTS.values():
            await _try_out(app, pilot, prompt)
    await until(lambda: len(find_run(None).samples.read()[0]) == len(PROMPTS))


async def _try_out(app: CharembedApp, pilot: Pilot[None], prompt: str) -> None:
    generation = app.laboratory.panes.generation
    before = generation.newest
    generation._prompt.value = prompt
    await pilot.press("n", "g")
    await until(lambda: generation.newest is not before and len(generation.written) == 300)
    await pilot.press("i")
    field = app.focused
    assert isinstance(field, Input)
    field.value = prompt
    await pilot.press("escape")
    await until(lambda: app.focused is not field)
    await pilot.press("t")
    await until(lambda: len(app.screen_stack) == 2)
    await pilot.press("escape", "k", "w")
    await until(lambda: len(app.screen_stack) == 1)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    path = tmp_path / "play.txt"
    path.write_text(PLAY * 2, encoding="utf-8")
    return saved_run(path, SETTINGS, steps=3)[0]


FILES = ["run.json", "checkpoint-a.bin", "metrics.csv", "recording.bin", "samples.jsonl"]


@pytest.mark.parametrize("name", [*FILES, "checkpoint-b.bin", "name.txt", "in-use", "text.txt"])
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no fifos in folders")
def test_a_fifo_in_a_run_folder_is_never_opened(
    folder: RunFolder, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder.path / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    opened: list[str] = []
    open_file = os.open

    def remember(file: str, flags: int, *others: int, **keywords: int) -> int:
        opened.extend([str(file)] * Path(file).is_fifo())
        return open_file(file, flags | os.O_NONBLOCK, *others, **keywords)

    monkeypatch.setattr(os, "open", remember)
    assert (folder.name, folder.is_in_use) == ("", False)
    open_every_way(folder.path, tmp_path / "play.txt", Counter())
    assert not opened


@pytest.mark.parametrize("where", ["x" * 5000, "/dev/zero", "a\0b", ""])
def test_a_text_that_cannot_be_where_a_run_says_it_is(folder: RunFolder, where: str) -> None:
    replace(folder.configuration, corpus_path=where, files=()).write(folder.path / "run.json")
    with pytest.raises(RunError, match="is no longer at"):
        resume(None)


@pytest.mark.parametrize("steps", [float("inf"), float("nan"), 1e30, 10**400, -1, None, "3", []])
def test_a_number_of_steps_that_is_none(folder: RunFolder, steps: object) -> None:
    folder.save({**folder.load(), "steps": steps})
    assert folder.load()["steps"] == 3  # the other checkpoint is good
    (folder.path / "checkpoint-a.bin").unlink()
    with pytest.raises(RunError, match="its number of steps is none"):
        folder.load()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Good]:
    """Good runs, one of each kind."""
    folder = tmp_path_factory.mktemp("good")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAREMBED_RUNS", str(folder / "runs"))
        yield Good.made(folder)


@given(st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_run_folder_a_stranger_makes(good: Good, data: st.DataObject) -> None:
    folder = write_folder(data.draw(strange_folders(good)))
    open_every_way(folder, good.text, Counter())


def test_a_good_run_folder_is_used_in_every_way(good: Good) -> None:
    outcome: Counter[str] = Counter()
    for files in good.runs:
        open_every_way(write_folder(files), good.text, outcome)
    # Counts have no parameters to start from.
    assert [way for way in outcome if "refused" in way] == ["start: refused"]
    assert outcome["start: refused"] == 1


async def test_the_largest_numbers_that_are_let_in_can_be_seen(
    folder: RunFolder, tmp_path: Path
) -> None:
    theta = folder.load()["theta"]
    steps = (5, 7, 10**9, 2**52)
    for i, step in enumerate(steps):
        extreme = np.full(len(theta), validity.LARGEST_PARAMETER)
        extreme[::2] *= -1
        folder.recording.append([Frame(step, extreme if i % 2 else 1e-300 * theta)])
        loss = validity.MOST if i % 2 else 1e-300
        folder.metrics.append([Measurement(step, 10.0**i, 1e99, loss, loss, (loss,) * 3)], ["E"])
    app = CharembedApp(follow(folder))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.laboratory.snapshot.step == steps[-1])
        for key in ("x", "p", "z", "z", "W", "W", "l", "v", "j", "R"):
            await pilot.press(key)
            await until_still(app)
        await pilot.press("escape", "escape", "[", "[", "{", "]", "}", "backslash", "g", "c")
        await until_still(app)
        await pilot.press("escape", "q")
    assert app._exception is None


def test_a_stranger_cannot_have_files_outside_the_folder_written(
    folder: RunFolder, tmp_path: Path
) -> None:
    path = folder.path / "run.json"
    saved = json.loads(path.read_text())
    secret = tmp_path / "secret.txt"
    secret.write_text("not the text")
    saved.update(corpus_path=str(secret), corpus_name="../../../../tmp/x")
    saved["files"][0]["path"] = str(secret)
    path.write_text(json.dumps(saved))
    before = {file: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    with pytest.raises(CharembedError, match="has changed"):
        resume(None)
    assert before == {file: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}


def test_a_hundred_thousand_different_characters_are_refused_with_advice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("available_bytes", "resident_bytes"):  # they need a gigabyte
        monkeypatch.setattr(memory, name, lambda: 150_000_000)
    points = [point for point in range(0x4E00, 0x4E00 + 110_000) if not 0xD800 <= point < 0xE000]
    text = "".join(map(chr, points[:100_000])) + "ab" * 5000
    session = TrainingSession(
        TrainingSettings(minimum_count=1).prepare(Corpus.from_text(text)),
        TrainingSettings(minimum_count=1),
    )
    wait_until(lambda: session.snapshot.state is SessionState.FAILED)
    assert "minimum count" in required(session.snapshot.error)
    # With the advice taken, it is learned.
    session = TrainingSession(
        TrainingSettings(minimum_count=100).prepare(Corpus.from_text(text)),
        TrainingSettings(minimum_count=100),
    )
    session.step_once()
    wait_until(lambda: session.snapshot.step == 1)
    session.close()
    assert session.join(60)


async def test_a_line_of_ten_megabytes_is_learned(tmp_path: Path) -> None:
    path = tmp_path / "line.txt"
    path.write_text("one endless line without an end " * 320_000)
    app = laboratory(path, Preferences(training=SETTINGS))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        await until(lambda: app.laboratory.snapshot.step == 1)
        await pilot.press("d", "escape", "g")
        await until(lambda: len(app.laboratory.panes.generation.written) == 300)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_what_a_terminal_gets_of_a_text_with_escapes(tmp_path: Path) -> None:
    import pexpect

    path = tmp_path / "text.txt"
    path.write_text("\x1b[31mred\x1b[0m plain " * 50)
    _, trainer = saved_run(path, SETTINGS, steps=1)
    program = (
        "from charembed_tui.cli.command import main; main(['generate', '--prompt', '\\x1b[2J'])"
    )
    process: pexpect.spawn[bytes]
    process = pexpect.spawn(sys.executable, ["-c", program], timeout=60)
    process.expect(pexpect.EOF)
    output = required(process.before)
    assert b"\xe2\x90\x9b[2J" in output  # the symbol for escape
    assert b"\x1b" not in output
    assert np.isfinite(trainer.measured.training)
