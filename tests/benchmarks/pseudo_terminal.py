"""Programs in a pseudo-terminal, all with the same surroundings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pexpect


def spawn(
    program: str, arguments: Sequence[str], size: tuple[int, int], *, runs: Path, **variables: str
) -> pexpect.spawn[bytes]:
    """Start a program in a terminal of a size (rows, columns); it keeps runs in a folder."""
    process: pexpect.spawn[bytes] = pexpect.spawn(
        program,
        list(arguments),
        dimensions=size,
        env={
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "PATH": "/usr/bin:/bin",
            "CHAREMBED_RUNS": str(runs),
            **variables,
        },
    )
    process.delaybeforesend = None  # pexpect would wait 50 ms before each key
    return process
