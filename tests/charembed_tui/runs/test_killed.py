"""Whenever the program is killed, the run opens again at its last checkpoint."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import killed_runs
import numpy as np
import pytest

from charembed_tui.runs.opening import resume
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory

KILLS = 100  # for each seed


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("seed", range(2))
def test_a_killed_run_opens_again(
    seed: int, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, killed_runs.__file__, text, tmp_path / "kills", KILLS, seed]
    killed = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )
    assert killed.stderr == ""
    lines = killed.stdout.splitlines()
    assert len(lines) == KILLS
    stopped_at = set()
    for number, line in enumerate(lines):
        runs, kept = line.split()
        monkeypatch.setenv("CHAREMBED_RUNS", runs)
        run = resume(None)
        # The checkpoint that was being written may be complete, but nobody was told of it.
        assert int(kept) <= run.steps <= int(kept) + 1
        assert all(a.step < b.step for a, b in zip(run.frames, run.frames[1:], strict=False))
        stopped_at.add(run.steps)
        if number % 10 == 0:
            trainer = Trainer(1, run.settings.prepare(run.corpus), run.settings, Trajectory())
            trainer.load_state_dict(run.state, run.frames)
            trainer.step()
            assert trainer.steps == run.steps + 1
            assert np.isfinite(trainer.measured.training)
        run.folder.unlock()
    assert len(stopped_at) > 5
