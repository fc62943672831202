"""The program in a real pseudo-terminal: keys in, screen out."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from problems import PLAY

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals on Windows", allow_module_level=True)

import pexpect
from terminal_fuzz import fuzz
from terminals import Terminal
from terminals import terminal as open_terminal


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with open_terminal() as terminal:
        yield terminal


def test_from_start_to_end(terminal: Terminal) -> None:
    terminal.wait_for(r"ready")
    first = float(terminal.wait_for(r"(\d\.\d{4}) nats")[1])
    terminal.process.send(" ")
    terminal.wait_for(r"training")
    terminal.wait_for(r"step [3-9]\d|step \d{3}")
    terminal.process.send("x")
    terminal.wait_for(r"component 3 → · component 2 ↑")
    terminal.process.send("g")
    terminal.wait_for(r"300 characters at step")
    terminal.process.send(" ")
    terminal.wait_for(r"paused")
    assert float(terminal.wait_for(r"(\d\.\d{4}) nats")[1]) < first - 1
    terminal.wait_for(r"longest run")  # which what was written has in common with the text
    terminal.settle()
    before = copy.deepcopy(terminal.screen.buffer)
    terminal.redraw()
    terminal.settle()
    assert terminal.screen.buffer == before  # no cell was stale
    terminal.process.send("q")
    terminal.is_left_as_it_was_found()


def test_quitting_in_full_run_leaves_no_process(terminal: Terminal) -> None:
    terminal.wait_for(r"ready")
    terminal.process.send(" ")
    terminal.wait_for(r"training")
    terminal.process.send("q")
    terminal.process.expect(pexpect.EOF)
    terminal.process.close()
    assert terminal.process.exitstatus == 0
    assert not terminal.process.isalive()


def test_a_text_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "haiku.txt"
    path.write_text("古池や蛙飛びこむ水の音\n" * 20, encoding="utf-8")
    terminal = Terminal(str(path))
    try:
        terminal.wait_for(r"haiku\.txt")
        terminal.wait_for(r"vocabulary of 12 characters")
    finally:
        terminal.process.close(force=True)


@pytest.mark.parametrize("seed", range(2))
def test_five_hundred_events_while_the_window_changes(seed: int, tmp_path: Path) -> None:
    text = tmp_path / "texts" / "play.txt"
    text.parent.mkdir()
    text.write_text(PLAY * 10, encoding="utf-8")
    fuzz(seed, 500, text)
