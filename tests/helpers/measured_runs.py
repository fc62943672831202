"""Runs in processes of their own, and what they take of memory and time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from charembed_tui.text.sample_texts import default_sample

_PROGRAM = """
import json, sys, tempfile, time
from pathlib import Path
from charembed_tui.interpreter import give_back_large_arrays
from charembed_tui.runs.run_writer import RunWriter
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.locations import set_runs_directory
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
give_back_large_arrays()
text, settings, steps = sys.argv[1], TrainingSettings(**json.loads(sys.argv[2])), int(sys.argv[3])
trajectory = Trajectory(int(sys.argv[4]))
trainer = Trainer(1, settings.prepare(Corpus.from_file(text)), settings, trajectory)
with tempfile.TemporaryDirectory() as runs:
    set_runs_directory(runs)
    writer, times = RunWriter(Path(text)), []
    for step in range(steps):
        began = time.perf_counter()
        trainer.step()
        times.append(time.perf_counter() - began)
        if step in (steps // 2, steps - 1):
            writer.write(trainer, everything=True)
    trainer.conclude()
    writer.close()
# Of this program alone: what getrusage says begins with the memory of the one that started it.
status = Path("/proc/self/status").read_text()
print(json.dumps([int(status.split("VmHWM:")[1].split()[0]) * 1024, sorted(times)[steps // 2]]))
"""


@dataclass(frozen=True)
class Measured:
    """What a run took: bytes at its peak, and seconds a step, the median."""

    peak: int
    step_seconds: float


def measured(text: Path, settings: dict[str, Any], steps: int, recording: int) -> Measured:
    """Train on a text for some steps, write checkpoints, and measure it all. Linux only.

    Args:
        text: what is trained on.
        settings: of the run, those that differ from the defaults.
        steps: so many.
        recording: bytes for the parameters of its steps.
    """
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, text, json.dumps(settings), str(steps), str(recording)],
        capture_output=True,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Measured(*json.loads(done.stdout.splitlines()[-1]))


def write_words(path: Path, characters: int) -> None:
    """Write a text of about so many characters: the words of a sample, drawn at random."""
    words = np.array(default_sample().read_text(encoding="utf-8").split(" "))
    drawn = np.random.default_rng(0).choice(words, characters // 5)
    path.write_text(" ".join(drawn)[:characters], encoding="utf-8")
