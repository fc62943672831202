"""Texts as people have them, on the command line: lists, pipes, several, encodings, outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import PROCESS
from commands import charembed as run
from problems import PLAY

from charembed_tui.runs.catalogue import find_run

APP = [sys.executable, "-m", "charembed_tui"]
FAST = ["--context-length", "2", "--embedding-size", "2", "--optimizer", "Adam"]
NAMES = [a + b + c for a in ("an", "be", "co", "da") for b in "nrl" for c in ("a", "o", "ine")]


@pytest.fixture
def names(tmp_path: Path) -> Path:
    path = tmp_path / "names.txt"
    path.write_bytes("\r\n".join([*NAMES, ""]).encode())
    return path


def test_a_list_is_recognized_and_whole_lines_are_written(names: Path) -> None:
    trained = run("train", names, *FAST, "--steps", "200")
    assert "looks like a list: each of its 36 lines" in trained.stderr
    assert find_run(None).configuration.reading.lines
    written = run("generate", "--count", "7", "--seed", "1", "--prompt", "be").stdout
    assert len(written.splitlines()) == 7
    assert all(line.startswith("be") for line in written.splitlines())
    new = run("generate", "--count", "7", "--seed", "1", "--new", "--novelty")
    assert "as in the training text: " in new.stderr
    assert len(new.stdout.splitlines()) == 7
    assert not set(NAMES) & set(new.stdout.splitlines())
    assert "that the list has" in new.stderr
    again = run("train", "--resume", "--steps", "201", "--json")
    assert json.loads(again.stdout.splitlines()[-1])["step"] == 201


def test_a_list_may_be_taken_as_one_text(names: Path) -> None:
    trained = run("train", names, *FAST, "--steps", "2", "--no-lines")
    assert trained.stderr.count("list") == 0
    refused = run("generate", "--new")
    assert refused.returncode == 2
    assert "has not learned a list" in refused.stderr


def test_counts_write_lists_too_but_a_cache_does_not(names: Path) -> None:
    beside = run("train", names, *FAST, "--mix-ngrams", "3", "--cache", "auto", "--steps", "20")
    assert "with n-grams: held out" in beside.stderr  # what is best on a list is no cache
    counted = run("train", names, "--model", "n-grams", "--order", "4", "--json")
    assert 0 < json.loads(counted.stdout.splitlines()[-1])["held_out"] < 2
    for which in ([], [beside.stdout.strip()]):
        written = run("generate", *which, "--count", "5").stdout
        assert len(written.splitlines()) == 5
        assert run("evaluate", names, *which).returncode == 0
    refused = run("train", names, *FAST, "--cache", "200", "--steps", "1")
    assert refused.returncode == 2
    assert "each line of a list stands for itself" in refused.stderr


def test_several_texts_are_remembered(text: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text(PLAY.upper(), encoding="utf-8")
    name = run("train", text, other, *FAST, "--steps", "2", "--copy-text").stdout.strip()
    files = find_run(name).configuration.files
    assert [file.path for file in files] == [str(text), str(other)]
    other.write_text("something else", encoding="utf-8")
    other.unlink()
    text.unlink()
    assert run("train", "--resume", "--steps", "3").returncode == 0  # from the copies
    for copy in find_run(name).path.glob("text-*.txt"):
        copy.unlink()
    assert "play.txt, is no longer at" in run("train", "--resume", "--steps", "3").stderr


def test_piped_texts(text: Path) -> None:
    with text.open("rb") as piped:
        words = [*PROCESS, "train", "-", *FAST, "--steps", "2"]
        first = subprocess.run(words, stdin=piped, capture_output=True, timeout=60, check=False)
    assert first.returncode == 0, first.stderr
    refused = run("train", "--resume", "--steps", "3")
    assert "came from standard input" in refused.stderr
    assert run("train", text, "--resume", "--steps", "3").returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there are no sessions on Windows")
@pytest.mark.parametrize(
    ("arguments", "message"), [([], b"charembed-tui - does"), (["-"], b"no terminal to take keys")]
)
def test_piped_bytes_are_never_keys(arguments: list[str], message: bytes) -> None:
    process = subprocess.run(
        [*APP, *arguments],
        input=PLAY.encode(),
        capture_output=True,
        timeout=60,
        check=False,
        start_new_session=True,
    )
    assert process.returncode == 2
    assert process.stdout == b""
    assert message in process.stderr
    assert process.stderr.count(b"\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_a_piped_text_takes_keys_from_the_terminal(text: Path) -> None:
    import pexpect

    command = f"cat {text} | {sys.executable} -m charembed_tui - --fresh"
    process: pexpect.spawn[bytes]
    process = pexpect.spawn("/bin/sh", ["-c", command], timeout=60, dimensions=(36, 120))
    process.expect(b"standard input")
    process.send(b"q")
    process.expect(pexpect.EOF)
    process.close()
    assert process.exitstatus == 0


def test_a_text_over_the_limit_is_counted_and_its_run_needs_it_no_more(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text(PLAY * 100, encoding="utf-8")
    limit = ["--limit", "20kB"]
    trained = run("train", path, *limit, *FAST, "--steps", "2")
    assert "was only counted, since it takes more memory" in trained.stderr
    configuration = find_run(None).configuration
    assert configuration.was_streamed
    assert configuration.reading.limit == 20_000
    assert configuration.characters == len(PLAY) * 100
    refused = run("train", path, *limit, "--model", "n-grams")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 2)
    assert (
        "need the text itself: choose another family without them, or let --limit allow more"
        in refused.stderr
    )
    moved = path.rename(tmp_path / "moved.txt")
    assert run("train", "--resume", "--steps", "3").returncode == 0
    written = json.loads(run("generate", "--length", "30", "--json").stdout)
    assert set(written["novelty"]["pieces_in_text"].values()) == {None}
    (find_run(None).path / "counts.table").unlink()
    gone = run("train", "--resume", "--steps", "4")
    assert "is no longer at" in gone.stderr
    assert run("train", moved, "--resume", "--steps", "4").returncode == 0  # counted again
    moved.write_text(PLAY * 99, encoding="utf-8")
    changed = run("train", moved, "--resume", "--steps", "5")
    assert changed.returncode == 2
    assert "is another text than long.txt" in changed.stderr


def test_bytes_are_learned_and_written(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_bytes(bytes(range(256)) * 8)
    assert run("train", path, *FAST, "--steps", "2", "--encoding", "bytes").returncode == 0
    written = run("generate", "--length", "50", "--seed", "1", "--prompt", "\u00e9").stdout
    assert len(written.encode("utf-8", "surrogateescape")) == 2 + 50
    measured = json.loads(run("evaluate", path, "--json").stdout)
    assert (measured["bytes"], measured["unknown"]) == (2048, 0)


def test_output_that_cannot_be_written_is_an_error(text: Path) -> None:
    run("train", text, *FAST, "--steps", "2")
    command = [*PROCESS, "generate", "--prompt", "世"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert result.returncode == 2
    assert b"the output's encoding, ascii, cannot hold '\\u4e16': set PYTHONUTF8=1" in result.stderr
    assert b"?" not in result.stdout
