import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from commands import start_app as run

from charembed_tui import __version__
from charembed_tui.cli import app_command
from charembed_tui.cli.app_parser import parser
from charembed_tui.settings.presets import find
from charembed_tui.settings.training_settings import TrainingSettings


def test_version() -> None:
    command = [sys.executable, "-m", "charembed_tui", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"charembed-tui {__version__}"


def test_help() -> None:
    result = run("--help")
    assert result.returncode == 0
    assert "CORPUS" in result.stdout


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.txt", None, "does not exist"),
        ("empty.txt", b"", "empty"),
        ("binary.bin", b"\x7fELF\0\0", "binary"),
        ("latin1.txt", b"caf\xe9s", "not UTF-8"),
        ("short.txt", b"abcd", "too few"),
        ("same.txt", b"aaaaaaaa", "single character"),
        ("esc\x1b[31m.txt", None, "esc␛[31m.txt does not exist"),
    ],
)
def test_what_is_no_text_gives_one_line_and_status_2(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    result = run(str(path))
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize("length", [300, 5000])
@pytest.mark.parametrize("option", [(), ("--resume",), ("--follow",), ("--from",)])
def test_names_of_any_length_give_one_line(
    option: tuple[str, ...], length: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        app_command.main([*option, "x" * length])
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("error", [MemoryError(), OSError("the disk is gone")])
def test_what_goes_wrong_at_the_start_gives_one_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(app_command, "_plan", fail)
    with pytest.raises(SystemExit) as ended:
        app_command.main(["--fresh"])
    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert (str(error) or "memory is used up") in message


def test_a_directory_without_texts_is_no_text(tmp_path: Path) -> None:
    result = run(str(tmp_path))
    assert result.returncode == 2
    assert "directory without texts" in result.stderr


def test_a_theme_that_is_not_known_is_refused_with_those_that_are() -> None:
    result = run("--theme", "nope", "--fresh")
    assert result.returncode == 2
    assert result.stdout == ""
    assert "'nope'" in result.stderr
    assert "textual-light" in result.stderr
    assert "nord" in result.stderr


def test_what_takes_long_to_load_waits_for_the_first_picture() -> None:
    program = "import sys, charembed_tui.app; print([m for m in sys.modules if m[:5] == 'scipy'])"
    command = [sys.executable, "-c", program]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_a_preset_goes_by_the_text_and_options_go_before_it(text: Path) -> None:
    options = parser().parse_args([str(text), "--preset", "best-text", "--cache", "70"])
    settings = app_command._plan(options, TrainingSettings(seed=7)).settings
    expected = find("best-text").apply(TrainingSettings(seed=7), len(text.read_text()))
    assert settings == replace(expected, cache=70)
