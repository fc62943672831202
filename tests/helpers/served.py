"""The program as it is served to a browser: packets of keys in, packets of what is drawn out."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

_SERVED = {
    "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver",
    "COLUMNS": "120",
    "ROWS": "36",
}


class Served:
    """The program, and the server's ends of its pipes.

    Args:
        arguments: of the program.

    Attributes:
        seen: what was drawn.
    """

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "charembed_tui", *arguments],
            env={**os.environ, **_SERVED},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.keys, self.drawn = self.process.stdin, self.process.stdout
        self.errors = self.process.stderr
        self.seen = b""

    def send(self, keys: str) -> None:
        """Press keys: a letter for the kind of packet, the length, the data."""
        self.keys.write(b"D" + len(keys).to_bytes(4, "big") + keys.encode())
        self.keys.flush()

    def wait_for(self, word: bytes) -> None:
        """Wait until something was drawn."""
        while word not in self.seen:
            more = os.read(self.drawn.fileno(), 1 << 16)
            assert more, self.errors.read()
            self.seen += more

    def end(self) -> int:
        """Take what is drawn until the end; the exit status. There is no traceback."""
        self.seen += self.drawn.read()
        assert self.errors.read() == b""
        return self.process.wait(timeout=60)


@contextlib.contextmanager
def served(*arguments: str) -> Iterator[Served]:
    """The program for as long as a test needs it."""
    program = Served(*arguments)
    try:
        yield program
    finally:
        program.process.kill()
        program.process.wait()
        for pipe in (program.keys, program.drawn, program.errors):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
