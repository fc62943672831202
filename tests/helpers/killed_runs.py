"""Kills `charembed train` at random moments: `python killed_runs.py TEXT FOLDER KILLS SEED`.

The program is loaded once and forked for every kill. It writes checkpoints without a pause, and
tells each one that is complete through a pipe; for every kill a line says which folder the runs are
in and the step of the last checkpoint that was message.
"""

from __future__ import annotations

import importlib
import os
import random
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from charembed_tui.cli.command import main
from charembed_tui.runs import folder, run_writer


def train(text: str, runs: Path, message: int) -> None:
    """The program, in the child."""
    run_writer._SECONDS_BETWEEN_CHECKPOINTS = run_writer._SECONDS_BETWEEN_LOGS = 0.0
    save = folder.RunFolder.save

    def save_and_tell(self: folder.RunFolder, state: Mapping[str, Any]) -> None:
        save(self, state)
        os.write(message, int(state["steps"]).to_bytes(8, "little"))

    folder.RunFolder.save = save_and_tell  # type: ignore[method-assign]
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    main(["train", text, "--runs", str(runs), "--optimizer", "Adam", "--context-length", "1"])


def kill(text: str, runs: Path, seconds: float) -> int:
    """Kill it some time after its first checkpoint; the step of the last one."""
    reading, telling = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        train(text, runs, telling)
        os._exit(0)
    os.close(telling)
    data = os.read(reading, 8)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    while more := os.read(reading, 1 << 16):
        data += more
    os.close(reading)
    os.waitpid(child, 0)
    return int.from_bytes(data[len(data) // 8 * 8 - 8 :][:8], "little")


if __name__ == "__main__":
    # Before the forks, which load nothing then.
    for module in ("charembed_tui.cli.train", "model.optimizers.adam", "model.counting"):
        importlib.import_module(module)
    importlib.import_module("model.families.log_bilinear.objective")
    chance = random.Random(int(sys.argv[4]))
    for number in range(int(sys.argv[3])):
        runs = Path(sys.argv[2]) / str(number)
        print(runs, kill(sys.argv[1], runs, chance.uniform(0.0, 0.1)), flush=True)
