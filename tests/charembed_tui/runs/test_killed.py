"""Whenever the program is killed, the run opens again at its last checkpoint."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from killed_runs import kills, open_again

from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory

KILLS = 60  # for each seed; tests/benchmarks/endure.py kills more often, and every kind of run


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("seed", range(2))
def test_a_killed_run_opens_again(
    seed: int, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = [str(text), "--optimizer", "Adam", "--context-length", "1"]
    stopped_at = set()
    for number, (runs, saved) in enumerate(kills(arguments, tmp_path / "kills", KILLS, seed)):
        monkeypatch.setenv("CHAREMBED_RUNS", runs)
        run = open_again(saved)
        # The checkpoint that was being written may be complete, but nobody was told of it.
        assert run.steps <= saved + 1
        stopped_at.add(run.steps)
        if number % 10 == 0:
            trainer = Trainer(1, run.settings.prepare(run.corpus), run.settings, Trajectory())
            trainer.load_state_dict(run.state, run.frames)
            trainer.step()
            assert trainer.steps == run.steps + 1
            assert np.isfinite(trainer.measured.training)
    assert len(stopped_at) > 5
