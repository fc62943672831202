"""The program of this source tree in a real pseudo-terminal: keys in, screen out."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pyte

import charembed_tui

COLUMNS, ROWS = 120, 36
SMALL = (80, 24)  # where what is set up stands on another page, and is not made
SOURCE = Path(charembed_tui.__file__).parents[1]
# Seconds between pieces of a picture; the next picture comes later, also while it trains.
_GAP = 0.01


class Terminal:
    """A terminal emulator with the program running in it.

    Args:
        arguments: of the program.
        shell: a script that starts it, given as its arguments.
        interactive: start it from a shell with job control, as people do.
        size: of the terminal, columns and rows.
    """

    def __init__(
        self,
        *arguments: str,
        shell: str = "",
        interactive: bool = False,
        size: tuple[int, int] = (COLUMNS, ROWS),
    ) -> None:
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self._is_reaped = False
        command = [sys.executable, "-m", "charembed_tui", "--fresh", "--optimizer", "Adam"]
        command += arguments
        typed = shlex.join(command) + "\n"
        if interactive:
            command = ["/bin/bash", "--norc", "--noprofile", "-i"]
        elif shell:
            command = ["/bin/sh", "-c", shell, "sh", *command]
        self.process: pexpect.spawn[bytes] = pexpect.spawn(
            command[0],
            command[1:],
            dimensions=size[::-1],
            env={
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
                "PS1": "shell> ",
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(SOURCE),
                "CHAREMBED_RUNS": os.environ["CHAREMBED_RUNS"],
            },
            timeout=30,
        )
        self.process.delaybeforesend = None  # a twentieth of a second before every key
        if interactive:
            self.wait_for("shell> ")
            self.send(typed)

    @property
    def pid(self) -> int:
        """Of the program."""
        assert self.process.pid is not None
        return self.process.pid

    def send(self, keys: str | bytes) -> None:
        """Press keys."""
        self.process.send(keys)

    def read(self) -> str:
        """What is on the screen between two pictures."""
        wait = 0.05
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            while True:
                data = self.process.read_nonblocking(65536, timeout=wait)
                self.raw += data
                self._stream.feed(data)
                wait = _GAP
        return "\n".join(self.screen.display)

    def receive(self, seconds: float) -> None:
        """Take what comes for some time, without looking at it."""
        end = time.monotonic() + seconds
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            while (rest := end - time.monotonic()) > 0:
                self.raw += self.process.read_nonblocking(1 << 20, timeout=rest)

    def wait_for(self, pattern: str, seconds: float = 60.0) -> re.Match[str]:
        """Wait until a pattern is on the screen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if match := re.search(pattern, self.read()):
                return match
        raise AssertionError(f"{pattern!r} never appeared on:\n{self.read()}")

    def settle(self) -> None:
        """Wait until nothing comes any more."""
        before = -1
        while before != len(self.raw):
            before = len(self.raw)
            time.sleep(0.5)  # more pictures than one are made in this time
            self.read()

    def redraw(self, seconds: float = 60.0) -> None:
        """Have everything drawn anew, and wait for it."""
        end, all_of_it = time.monotonic() + seconds, self.screen.columns * self.screen.lines
        before = len(self.raw)
        self.send("\x0c")  # ctrl+l
        while len(self.raw) < before + all_of_it:
            assert time.monotonic() < end, "nothing was drawn"
            self.read()

    def train(self) -> int:
        """Have some steps taken; how many."""
        self.wait_for("ready")
        self.send(" P")  # at full speed
        return self.steps(r"step ([\d,]{3,})")

    def steps(self, pattern: str = r"step ([\d,]+)") -> int:
        """The step on the screen."""
        return int(self.wait_for(pattern)[1].replace(",", ""))

    def end(self) -> int:
        """Wait for the program's end; its exit status, or minus the signal that killed it."""
        self.process.expect(pexpect.EOF)
        self.raw += self.process.before or b""
        self.process.wait()
        signalled = self.process.signalstatus
        return -signalled if signalled else self.process.exitstatus or 0

    def hang_up(self) -> None:
        """Close the terminal, as a lost connection does."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, self.process.child_fd)
        os.close(nowhere)

    def has_ended(self, seconds: float) -> int | None:
        """The exit status after a hang-up, minus a signal's number; None if it goes on."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._is_reaped = True
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._is_reaped = True
        return None

    def is_left_as_it_was_found(self, status: int = 0) -> None:
        """The program ended well: main screen, cursor shown, no mouse reports, no traceback."""
        assert self.end() == status, self.raw[-5000:]
        for sequence in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l"):
            assert sequence in self.raw[-2000:]
        assert b"Traceback" not in self.raw

    def close(self) -> None:
        """Leave no process behind."""
        if self._is_reaped:
            os.close(self.process.child_fd)
        else:
            self.process.close(force=True)


@contextlib.contextmanager
def terminal(*arguments: str, **options: Any) -> Iterator[Terminal]:
    """A terminal, with the options of one, for as long as a test needs it."""
    opened = Terminal(*arguments, **options)
    try:
        yield opened
    finally:
        opened.close()
