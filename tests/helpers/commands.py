"""Both programs in this process, which has loaded everything: one of its own takes a second."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

from charembed_tui.cli import app_command, command

PROCESS = [sys.executable, "-c", "from charembed_tui.cli.command import main; main()"]


def charembed(*arguments: str | Path) -> CompletedProcess[str]:
    """Run a command as a shell does: its status, and what it wrote.

    Tests of signals, pipes and terminals start `PROCESS` instead.
    """
    return _run(command.main, arguments)


def start_app(*arguments: str | Path) -> CompletedProcess[str]:
    """Start the app with arguments that end it at once: its status, and what it wrote."""
    return _run(app_command.main, arguments)


def _run(
    main: Callable[[Sequence[str]], None], arguments: Sequence[str | Path]
) -> CompletedProcess[str]:
    words = list(map(str, arguments))
    output, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n") for _ in "oe")
    # `--runs` holds for the rest of a process.
    with patch.dict(os.environ), redirect_stdout(output), redirect_stderr(errors):
        try:
            main(words)
        except SystemExit as end:
            status = end.code
        else:
            status = "no status"
    assert isinstance(status, int)
    return CompletedProcess(words, status, _written(output), _written(errors))


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode("utf-8", "surrogateescape")
