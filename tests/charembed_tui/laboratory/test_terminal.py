"""The program in a real pseudo-terminal: keys in, screen out."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from problems import PLAY

from charembed_tui.laboratory.commands import COMMANDS

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals on Windows", allow_module_level=True)

import pexpect
from terminals import COLUMNS, ROWS, Terminal
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
    terminal.wait_for(r"step [1-9]\d\d|step \d,\d{3}")
    terminal.process.send("x")
    terminal.wait_for(r"component 3 → · component 2 ↑")
    terminal.process.send("g")
    terminal.wait_for(r"300 characters at step")
    terminal.process.send(" ")
    terminal.wait_for(r"paused")
    assert float(terminal.wait_for(r"(\d\.\d{4}) nats")[1]) < first - 1
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


# As a terminal sends them; not the two that end the program.
KEYS = [
    *(c.key for c in COMMANDS if len(c.key) == 1 and c.action != "app.quit"),
    *" []{}\\<>/?+-=\t\r\x7f5é世",
    *("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "\x1b[5~", "\x1b[6~", "\x1b[3~"),
    *("\x1b[1;2A", "\x1b[1;2D", "\x1b[Z", "\x10", "\x1b", "\x1b", "\x1b"),
    *("\x1b[<0;9;9M", "\x1b[<0;9;9m", "\x1b[<64;60;20M", "\x1b[<35;70;12M"),
]


SIZES = [(1, 1), (5, 200), (12, 40), (24, 80), (29, 99), (36, 120), (60, 200), (200, 500)]


@pytest.mark.parametrize("seed", range(2))
def test_five_hundred_keys_while_the_window_changes(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    text = tmp_path / "texts" / "play.txt"
    text.parent.mkdir()
    text.write_text(PLAY * 10, encoding="utf-8")
    terminal = Terminal("--context-length", "1", str(text))
    terminal.wait_for("ready")
    terminal.process.send(" ")
    for number in range(500):
        if number % 40 == 0:
            terminal.process.setwinsize(*chance.choice(SIZES))
        terminal.process.send(chance.choice(KEYS))
        terminal.receive(0.01)
    terminal.process.setwinsize(ROWS, COLUMNS)
    assert terminal.process.isalive()
    # Leave whatever is open, step by step, until q reaches the app.
    for _ in range(20):
        terminal.process.send("\x1b")
        terminal.receive(0.5)  # longer than within an escape sequence, also on a busy machine
        terminal.process.send("q")
        terminal.receive(0.5)
        if not terminal.process.isalive():
            break
    terminal.is_left_as_it_was_found()
