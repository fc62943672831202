"""`charembed` as a person and a script use it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commands import PROCESS
from commands import charembed as run
from laboratory import laboratory
from problems import PLAY
from required import required
from waiting import until

from charembed_tui.app import CharembedApp
from charembed_tui.runs.catalogue import find_run
from charembed_tui.runs.opening import resume
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.presets import PRESETS, Preset
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.snapshot import SessionState

FAST = ["--context-length", "1", "--embedding-size", "2"]


def test_train_write_measure_export_list(text: Path, tmp_path: Path) -> None:
    command = [*PROCESS, "train", str(text), *FAST, "--steps", "20"]
    trained = subprocess.run(command, capture_output=True, text=True, check=False)
    assert trained.returncode == 0, trained.stderr
    name = trained.stdout.strip()
    assert find_run(name).load()["steps"] == 20
    assert "nats per character" in trained.stderr
    assert "\x1b" not in trained.stderr  # plain lines when piped

    words = ["generate", name, "--length", "50", "--seed", "3", "--prompt", "KING"]
    written = run(*words, "--novelty")
    assert len(written.stdout) == len("KING") + 50 + 1
    again = json.loads(run(*words, "--json").stdout)
    assert written.stdout == again["prompt"] + again["text"] + "\n"
    longest = again["novelty"]["longest_run"]
    assert again["novelty"]["longest_run_text"] in PLAY * 4
    assert again["novelty"]["pieces_in_text"].keys() == {"5", "10", "20"}
    assert f"longest run {longest} characters" in written.stderr

    measured = json.loads(run("evaluate", text, name, "--json").stdout)
    assert measured["positions"] == len(PLAY * 4)  # the first ones too
    assert 1 < measured["nats_per_character"] < 3

    run("export", tmp_path / "out", name)
    vectors = np.loadtxt(tmp_path / "out" / "vectors.tsv")
    assert vectors.shape == (len(set(PLAY)), 2)

    (listed,) = map(json.loads, run("runs", "--json").stdout.splitlines())
    assert listed["run"] == name
    assert listed["step"] == 20
    assert name in run("runs").stdout


def test_what_was_reached_when_and_an_end_above_the_beginning(text: Path) -> None:
    good = run("train", text, *FAST, "--steps", "20", "--json")
    last = json.loads(good.stdout.splitlines()[-1])
    assert last["warning"] is None
    too_fast = ["--optimizer", "SGD", "--learning-rate", "20", "--prior", "0", "--steps", "3"]
    bad = json.loads(run("train", text, *FAST, *too_fast, "--json").stdout.splitlines()[-1])
    assert "above the" in bad["warning"]
    assert bad["best_held_out"] < bad["held_out"]
    words = run("train", text, *FAST, *too_fast)
    assert words.returncode == 0
    *_, conclusion, warning = words.stderr.splitlines()
    assert f"best {bad['best_held_out']:.4f} at step {bad['best_step']}" in conclusion
    assert warning == bad["warning"]


def test_going_on_is_the_same_as_never_stopping(text: Path) -> None:
    whole = run("train", text, *FAST, "--steps", "30", "--optimizer", "SFO").stdout.strip()
    run("train", text, *FAST, "--steps", "11", "--optimizer", "SFO")
    rest = run("train", "--resume", "--steps", "30", "--json")
    last = json.loads(rest.stdout.splitlines()[-1])
    assert last["step"] == 30
    theta = find_run(whole).load()["theta"]
    np.testing.assert_array_equal(find_run(last["run"]).load()["theta"], theta)


@pytest.mark.skipif(sys.platform == "win32", reason="signals work differently on Windows")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_saved_and_says_how_to_go_on(text: Path, number: int) -> None:
    command = [*PROCESS, "train", str(text), "--optimizer", "Adam"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert "step" in required(process.stderr).readline()
    process.send_signal(number)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in message
    assert find_run(None).load()["steps"] > 0


@pytest.mark.parametrize("arguments", [["--json"], []], ids=["objects", "lines"])
def test_training_goes_on_when_nobody_reads_any_more(text: Path, arguments: list[str]) -> None:
    command = [*PROCESS, "train", str(text), "--optimizer", "Adam", "--seconds", "2", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for stream in (process.stdout, process.stderr):
        if stream is process.stdout and not arguments:
            continue
        required(stream).close()
    if not arguments:
        assert required(process.stdout).read().strip() == find_run(None).path.name
    assert process.wait(60) == 0
    folder = find_run(None)
    assert folder.load()["steps"] == required(folder.metrics.last()).step > 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals work differently on Windows")
def test_what_was_started_to_outlive_its_terminal_does(text: Path) -> None:
    command = shlex.join([*PROCESS, "train", str(text), "--optimizer", "Adam", "--steps", "1500"])
    script = f"trap '' HUP; exec {command}"
    process = subprocess.Popen(["/bin/sh", "-c", script], stderr=subprocess.PIPE, text=True)
    assert "step" in required(process.stderr).readline()
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert find_run(None).load()["steps"] == 1500


def test_a_closed_pipe_is_no_error(text: Path) -> None:
    run("train", text, *FAST, "--steps", "3")
    command = [*PROCESS, "generate", "--length", "1000000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    output = required(process.stdout)
    assert output.read(10)
    output.close()
    assert required(process.stderr).read() == ""
    assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "nowhere.txt"], "does not exist"),
        (["train", "--resume"], "no run"),
        (["generate", "nothing"], "is no run"),
        (["train", "--resume", "--seed", "4"], "leave out --seed"),
        (["train", "--resume", "x", "--from", "y"], "not allowed with"),
        (["train", "--steps", "0"], "above 0"),
        (["train", "--context-length", "many"], "whole number"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_unknown_characters_are_counted_and_charged_for(text: Path, tmp_path: Path) -> None:
    run("train", text, *FAST, "--steps", "3")
    name = find_run(None).path.name
    other = tmp_path / "other.txt"
    other.write_text("the 世界 and 世", encoding="utf-8")
    result = run("evaluate", other)
    assert result.returncode == 0, result.stderr
    assert "over 9 positions" in result.stdout
    assert "3 characters that the run does not know, 2 different: 世 界" in result.stdout
    assert "bits per byte" in result.stdout
    both = json.loads(run("evaluate", other, text, name, "--json").stdout)
    first, second = both["texts"]
    assert first["unknown_characters"] == {"世": 2, "界": 1}
    assert first["bytes"] == len("the 世界 and 世".encode())
    assert second["unknown"] == 0
    assert both["characters"] == first["characters"] + second["characters"]
    assert first["nats_per_character_charged"] > first["nats_per_character"]
    only = tmp_path / "only.txt"
    only.write_text("世界", encoding="utf-8")
    assert "no known characters" in run("evaluate", only, name).stdout


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to(text: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir(mode=0o500)
    result = run("train", text, *FAST, "--steps", "3")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


async def test_a_run_made_without_a_screen_opens_in_the_app(text: Path) -> None:
    run("train", text, *FAST, "--steps", "15", "--optimizer", "Adam")
    opened = resume(None)
    app = CharembedApp(opened.plan(), save_runs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        assert app.laboratory.snapshot.step == 15
        np.testing.assert_array_equal(app.laboratory.snapshot.theta, opened.state["theta"])
        assert len(app.laboratory.snapshot.curve) > 1
        await pilot.press("n")
        await until(lambda: app.laboratory.snapshot.step == 16)
        await until(lambda: find_run(None).load()["steps"] == 16)
        await pilot.press("q")
    opened.folder.unlock()


async def test_the_app_saves_its_runs(text: Path, folders: Path) -> None:
    preferences = Preferences(training=TrainingSettings(context_length=1, optimizer="Adam"))
    app = laboratory(text, preferences, save_runs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.step > 5)
        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.state is SessionState.PAUSED)
        await until(lambda: list((folders / "runs").glob("*/*.bin")))
        saved = find_run(None).load()
        assert saved["steps"] == app.laboratory.snapshot.step
        await pilot.press("r")
        await until(lambda: app.laboratory.snapshot.run == 2)
        await pilot.press("n")
        await until(lambda: len(list((folders / "runs").iterdir())) == 2)
        await pilot.press("q")


async def test_a_run_that_cannot_be_saved_goes_on(text: Path, folders: Path) -> None:
    (folders / "runs").write_text("a file where the folder should be")
    preferences = Preferences(training=TrainingSettings(context_length=1, optimizer="Adam"))
    app = laboratory(text, preferences, save_runs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space")
        await until(lambda: any("Not saved" in n.message for n in app._notifications))
        steps = app.laboratory.snapshot.step
        await until(lambda: app.laboratory.snapshot.step > steps)


def test_runs_are_where_one_says_with_a_copy_of_the_text(text: Path, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    trained = run("train", text, *FAST, "--steps", "3", "--runs", place, "--copy-text")
    name = trained.stdout.strip()
    assert (place / name / "text.txt").read_text(encoding="utf-8") == PLAY * 4
    assert name in run("runs", "--runs", place).stdout
    assert name not in run("runs").stdout
    text.unlink()
    again = run("train", "--resume", "--runs", place, "--steps", "5", "--json")
    assert json.loads(again.stdout.splitlines()[-1])["step"] == 5


def test_training_that_fails_is_status_3_with_advice_and_the_last_good_state(text: Path) -> None:
    options = [*FAST, "--optimizer", "SGD", "--learning-rate", "100"]
    command = [*PROCESS, "train", str(text), *options]
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert failed.returncode == 3
    assert "try 10" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "Warning" not in failed.stderr
    folder = find_run(None)
    assert folder.path.name in failed.stderr
    assert np.isfinite(folder.parameters()).all()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_an_end_that_cannot_be_saved_is_status_4(text: Path) -> None:
    program = (
        "import resource; import charembed_tui.runs.run_writer as k; from pathlib import Path\n"
        "save = k.RunWriter._checkpoint\n"
        "def then_full(self, *arguments):\n"
        "    save(self, *arguments)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "k.RunWriter._checkpoint = then_full\n"
        "from charembed_tui.cli.command import main\n"
        f"main(['train', {str(text)!r}, *{FAST!r}, '--optimizer', 'Adam', '--steps', '50'])"
    )
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 4, result.stderr
    assert "not saved" in result.stderr
    assert "Traceback" not in result.stderr
    assert find_run(None).load()["steps"] == 1  # the checkpoint before is good


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_on_a_terminal_there_is_a_bar(text: Path) -> None:
    import pexpect

    arguments = ["train", str(text), *FAST, "--optimizer", "Adam", "--seconds", "1"]
    process: pexpect.spawn[str]
    process = pexpect.spawn(PROCESS[0], [*PROCESS[1:], *arguments], timeout=60, encoding="utf-8")
    process.expect("nats per character")
    process.expect(pexpect.EOF)
    process.close()
    assert process.exitstatus == 0
    output = required(process.before)
    assert "━" in output
    assert find_run(None).path.name in output


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion(shell: str) -> None:
    pytest.importorskip("shtab")
    script = run("completion", shell).stdout
    assert "charembed-tui" in script
    assert "context-length" in script or "context_length" in script
    assert shell == "tcsh" or script.count("_files") > 1  # where texts are named
    if shutil.which(shell):
        checked = subprocess.run([shell, "-n"], input=script, text=True, check=False)
        assert checked.returncode == 0


def test_starting_from_another_run(text: Path, tmp_path: Path) -> None:
    run("train", text, *FAST, "--steps", "30")
    other = tmp_path / "other.txt"
    other.write_text(PLAY.lower() * 4, encoding="utf-8")
    started = run("train", other, "--from", "--steps", "1", "--json")
    assert "characters start as in" in started.stderr
    fresh = run("train", other, *FAST, "--steps", "1", "--json")
    first, second = (json.loads(r.stdout.splitlines()[-1])["training"] for r in (started, fresh))
    assert first < second
    refused = run("train", other, "--from", "--embedding-size", "7")
    assert refused.returncode == 2
    assert "embedding size of 2" in refused.stderr


@pytest.mark.parametrize("preset", PRESETS, ids=[p.option for p in PRESETS])
def test_a_preset_is_what_options_begin_with(text: Path, preset: Preset) -> None:
    done = run("train", text, "--preset", preset.option, "--steps", "2", "--seed", "7")
    assert done.returncode == 0, done.stderr
    settings = find_run(done.stdout.strip()).configuration.settings
    expected = preset.apply(TrainingSettings(seed=7), len(PLAY * 4))
    assert settings == replace(expected, anneal_steps=2)


def test_a_run_keeps_its_settings_whatever_the_preset(text: Path) -> None:
    name = run("train", text, *FAST, "--steps", "3").stdout.strip()
    for option in ("--resume", "--from"):
        refused = run("train", text, option, name, "--preset", "fast-look")
        assert refused.returncode == 2
        assert "leave out --preset" in refused.stderr


def test_an_interruption_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("charembed_tui.cli.count.run", interrupted)
    done = run("count", "text", "--table", "table")
    assert (done.returncode, done.stderr) == (130, "charembed: interrupted\n")
