"""The installed program in a real pseudo-terminal: keys in, screen out."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from problems import PLAY

from charembed_tui.laboratory.commands import COMMANDS

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals on Windows", allow_module_level=True)

import pexpect
import pyte

COLUMNS, ROWS = 120, 36


class Terminal:
    """A terminal emulator with the program running in it."""

    def __init__(self, *arguments: str) -> None:
        program = shutil.which("charembed-tui", path=sysconfig.get_path("scripts"))
        assert program, "the program is not installed: pip install -e '.[test]'"
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.process: pexpect.spawn[bytes] = pexpect.spawn(
            program,
            ["--fresh", "--optimizer", "Adam", *arguments],
            dimensions=(ROWS, COLUMNS),
            env={
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
                "PATH": "/usr/bin:/bin",
                "CHAREMBED_RUNS": os.environ["CHAREMBED_RUNS"],
            },
            timeout=30,
        )
        self.process.delaybeforesend = None  # a twentieth of a second before every key

    def read(self) -> str:
        """What is on the screen now."""
        while True:
            try:
                data = self.process.read_nonblocking(65536, timeout=0.05)
            except (pexpect.TIMEOUT, pexpect.EOF):
                break
            self.raw += data
            self._stream.feed(data)
        return "\n".join(self.screen.display)

    def receive(self, seconds: float) -> None:
        """Take what comes for some time, without looking at it."""
        end = time.monotonic() + seconds
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            while (rest := end - time.monotonic()) > 0:
                self.raw += self.process.read_nonblocking(1 << 20, timeout=rest)

    def is_left_as_it_was_found(self) -> None:
        """The program ended well: main screen, cursor shown, no mouse reports, no traceback."""
        self.process.expect(pexpect.EOF)
        self.raw += self.process.before or b""
        self.process.close()
        assert self.process.exitstatus == 0
        for sequence in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l"):
            assert sequence in self.raw[-2000:]
        assert b"Traceback" not in self.raw

    def wait_for(self, pattern: str, seconds: float = 60.0) -> re.Match[str]:
        """Wait until a pattern is on the screen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if match := re.search(pattern, self.read()):
                return match
        raise AssertionError(f"{pattern!r} never appeared on:\n{self.read()}")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.process.close(force=True)


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
        terminal.receive(
            0.5
        )  # a longer pause than within an escape sequence, also on a busy machine
        terminal.process.send("q")
        terminal.receive(0.5)
        if not terminal.process.isalive():
            break
    else:
        # Seen once or twice on a busy machine: keys that are read as others than were sent. What is
        # asked for here is that the program lives and ends well, by a signal then.
        terminal.process.kill(signal.SIGTERM)
    terminal.is_left_as_it_was_found()
