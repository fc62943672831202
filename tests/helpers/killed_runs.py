"""Kills `charembed train` at random moments: `python killed_runs.py FOLDER KILLS SEED ARGUMENTS`.

The program is loaded once and forked for every kill, and trains with the arguments. It tells each
checkpoint that is complete through a pipe; for every kill a line says which folder the runs are in
and the step of the last checkpoint that was told. Checkpoints are written without a pause, or with
CHAREMBED_KILLED_SECONDS as often as always, and then kills come within so many seconds.
"""

from __future__ import annotations

import importlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from charembed_tui.cli.command import main
from charembed_tui.runs import folder, run_writer
from charembed_tui.runs.opening import resume
from charembed_tui.runs.plan import ResumedRun

_SECONDS = "CHAREMBED_KILLED_SECONDS"


def train(arguments: Sequence[str], runs: Path, message: int) -> None:
    """The program, in the child."""
    if _SECONDS not in os.environ:
        run_writer._SECONDS_BETWEEN_CHECKPOINTS = run_writer._SECONDS_BETWEEN_LOGS = 0.0
    save = folder.RunFolder.save

    def save_and_tell(self: folder.RunFolder, state: Mapping[str, Any]) -> None:
        save(self, state)
        os.write(message, int(state["steps"]).to_bytes(8, "little"))

    folder.RunFolder.save = save_and_tell  # type: ignore[method-assign]
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.dup2(2, 1)
    main(["train", *arguments, "--runs", str(runs)])


def kill(arguments: Sequence[str], runs: Path, seconds: float) -> int:
    """Kill it some time after its first checkpoint; the step of the last one."""
    reading, telling = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        train(arguments, runs, telling)
        os._exit(0)
    os.close(telling)
    data = os.read(reading, 8)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    while more := os.read(reading, 1 << 16):
        data += more
    os.close(reading)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1]), "it had ended by itself"
    return int.from_bytes(data[len(data) // 8 * 8 - 8 :][:8], "little")


def kills(
    arguments: Sequence[str], folder: Path, count: int, seed: int, seconds: float | None = None
) -> Iterator[tuple[str, int]]:
    """Kill it so many times; where the runs are, and the step of the last checkpoint told.

    With a number of seconds, checkpoints come as often as always, and kills within that time.
    """
    command = [sys.executable, __file__, str(folder), str(count), str(seed), *arguments]
    more = {} if seconds is None else {_SECONDS: str(seconds)}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # where there should be nothing
        text=True,
        env={**os.environ, **more},
    ) as process:
        try:
            assert process.stdout is not None
            for _ in range(count):
                runs, saved = process.stdout.readline().rsplit(" ", 1)
                yield runs, int(saved)
            assert not process.stdout.read()
        finally:
            process.kill()


def open_again(saved: int) -> ResumedRun:
    """The run of CHAREMBED_RUNS, which stands no earlier than the checkpoint that was told."""
    run = resume(None)
    assert run.steps >= saved
    assert all(a.step < b.step for a, b in zip(run.frames, run.frames[1:], strict=False))
    run.folder.unlock()
    return run


if __name__ == "__main__":
    # Before the forks, which load nothing then.
    for module in ("charembed_tui.cli.train", "model.optimizers.adam", "model.counting"):
        importlib.import_module(module)
    importlib.import_module("model.families.log_bilinear.objective")
    chance = random.Random(int(sys.argv[3]))
    longest = float(os.environ.get(_SECONDS, 0.05))
    for number in range(int(sys.argv[2])):
        runs = Path(sys.argv[1]) / str(number)
        print(runs, kill(sys.argv[4:], runs, chance.uniform(0.0, longest)), flush=True)
