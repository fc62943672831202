"""The installed program in a real pseudo-terminal: keys in, screen out."""

from __future__ import annotations

import os
import re
import shutil
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

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
        self.process = pexpect.spawn(
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
    terminal.process.expect(pexpect.EOF)
    terminal.raw += terminal.process.before or b""
    terminal.process.close()
    assert terminal.process.exitstatus == 0
    # The terminal is left as it was found: main screen, cursor shown, no mouse reports.
    tail = terminal.raw[-2000:]
    for sequence in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l"):
        assert sequence in tail
    assert b"Traceback" not in terminal.raw


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
