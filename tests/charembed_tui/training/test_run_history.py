from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.best import Best, Return
from charembed_tui.training.loss_log import Curve
from charembed_tui.training.run_history import RunHistory
from charembed_tui.training.snapshot import SessionState, Snapshot
from charembed_tui.training.sweep import plan
from model.errors import SettingsError
from model.families.log_bilinear.shape import LogBilinear

SETTINGS = TrainingSettings()


def snapshot(run: int, held_out: float | None, step: int = 5, loss: float = 2.0) -> Snapshot:
    model = LogBilinear(5, 1, 2)
    return Snapshot(run, SessionState.PAUSED, model, step=step, loss=loss, held_out=held_out)


def test_runs_are_ranked_by_held_out_loss_or_else_by_training_loss() -> None:
    history = RunHistory()
    for run, held_out, loss in ((1, 2.5, 1.0), (2, 2.1, 2.0), (3, None, 2.2)):
        history.note("a", SETTINGS, snapshot(run, held_out, loss=loss))
    history.note("a", SETTINGS, snapshot(4, 1.0, step=0))  # took no step: no run
    assert [run.number for run in history.ranked()] == [2, 3, 1]


def test_a_run_is_replaced_by_its_newest_snapshot_and_stays_hidden() -> None:
    history = RunHistory()
    history.note("a", SETTINGS, snapshot(1, 2.5))
    history.toggle(1)
    history.note("a", SETTINGS, snapshot(1, 2.4, step=9))
    (run,) = history.ranked()
    assert run.snapshot.step == 9
    assert not run.is_visible


def test_other_runs_on_the_same_text_are_overlaid() -> None:
    history = RunHistory()
    for run, corpus in ((1, "a"), (2, "b"), (3, "a"), (4, "a")):
        history.note(corpus, SETTINGS, snapshot(run, 2.0))
    history.toggle(3)
    assert [run.number for run in history.overlaid(4, "a")] == [1]


def test_the_worst_are_forgotten_when_there_are_many() -> None:
    history = RunHistory()
    for run in range(60):
        history.note("a", SETTINGS, snapshot(run, 2.0 + run / 100))
    assert [run.number for run in history.ranked()] == list(range(50))


def test_names_tell_runs_apart() -> None:
    history = RunHistory()
    history.note("a", replace(SETTINGS, optimizer="Adam", seed=4), snapshot(7, 2.0))
    history.note("a", TrainingSettings.to_watch(), snapshot(8, 3.0))
    history.note("a", replace(SETTINGS, optimizer="Adam", patience=9.0), snapshot(9, 4.0))
    assert [run.name for run in history.ranked()] == [
        "7 · Adam · M=3 H=5 · seed 4",
        "8 · scaled SFO · M=3 H=5",
        "9 · Adam · M=3 H=5 · patience, s 9.0",
    ]


def test_a_sweep_runs_every_combination() -> None:
    sweep = plan(SETTINGS, [("embedding_size", "2, 5,16"), ("optimizer", "SFO,Adam")], 3)
    assert sweep.total == 6
    found = []
    while sweep.waiting:
        settings, sweep = sweep.next()
        found.append((settings.embedding_size, settings.optimizer))
    assert found == [(h, o) for h in (2, 5, 16) for o in ("SFO", "Adam")]
    assert sweep.number == sweep.total == 6
    assert sweep.is_due(replace(snapshot(1, 2.0), seconds=3.0))
    assert sweep.is_due(replace(snapshot(1, 2.0), state=SessionState.FINISHED))
    assert not sweep.is_due(snapshot(1, 2.0))


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ([("seed", ""), ("held_out", " ")], "commas"),
        ([("seed", "1, many")], "whole number"),
        ([("seed", "1"), ("seed", "2")], "same"),
        ([("seed", ",".join(map(str, range(300))))], "at most 200"),
    ],
)
def test_a_sweep_that_cannot_be_is_explained(grid: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        plan(SETTINGS, grid, 1)


def test_runs_are_ranked_by_their_best_steps() -> None:
    history = RunHistory()
    for run, best, last in ((1, 2.3, 2.9), (2, 2.4, 2.45)):
        found = replace(snapshot(run, last), best=Best(3, 0.1, best, np.zeros(2)))
        history.note("a", SETTINGS, found)
    assert [run.number for run in history.ranked()] == [1, 2]


def test_a_snapshot_says_what_was_reached_and_whether_it_ended_above_its_beginning() -> None:
    nothing = snapshot(1, 2.9)
    assert nothing.conclusion == nothing.warning == ""
    best = Best(122, 0.15, 2.387, np.zeros(2))
    rows = np.array([[0, 0, 0, 3.4], [9, 1, 1, 2.0]])
    over = replace(nothing, best=best, curve=Curve.of(rows))
    assert over.conclusion == (
        "best 2.3870 at step 122; after that it only learned the text by heart"
    )
    assert replace(over, held_out=2.39).conclusion == "best 2.3870 at step 122"
    assert over.warning == ""
    assert "3.4100, above the 3.4000 it began with" in replace(over, loss=3.41).warning


def test_a_run_that_diverged_is_not_said_to_know_the_text_by_heart() -> None:
    rows = np.array([[0, 0, 0, 3.4], [8, 1, 1, 1e53], [9, 1, 1, 3.4]])
    back = replace(
        snapshot(1, 3.4),
        step=9,
        best=Best(0, 0.0, 3.5, np.zeros(2)),
        curve=Curve.of(rows),
        went_back=Return(8, 1.0, 1e53),
    )
    assert back.conclusion == (
        "best 3.5000 at step 0; after that it only got worse (1e53), and went back there"
    )
    assert back.warning.startswith("The loss rose to 1e53, and the run went back to where it began")
    assert replace(back, best=Best(5, 0.1, 3.3, np.zeros(2))).warning == ""
