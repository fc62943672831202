"""Norms of gradient and parameters: what they are of, thinned, resumed, and written down."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import PLAY
from saved_run import saved_run

from charembed_tui.runs.following_session import FollowingSession
from charembed_tui.runs.metrics import Metrics
from charembed_tui.runs.opening import resume
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training import trainer as training
from charembed_tui.training.loss_log import Measurement
from charembed_tui.training.norms import NormLog
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
from model.families.base import Block, block_names
from model.optimizers import registry as optimizers
from model.prior import WithPrior

CORPUS = Corpus.from_text(PLAY * 4)
SETTINGS = TrainingSettings(context_length=2, embedding_size=3, optimizer="Adam", prior=2.0)


def trainer(settings: TrainingSettings = SETTINGS) -> Trainer:
    return Trainer(1, settings.prepare(CORPUS), settings, Trajectory())


def test_they_are_of_the_gradient_of_the_last_step_and_of_each_block() -> None:
    run = trainer()
    run.step()
    before = run.optimizer.theta.copy()
    run.step()
    run.measure()
    norms = run.snapshot(SessionState.PAUSED).norms
    assert norms.blocks == ("embeddings", "outputs")
    assert norms.rows[-1, 0] == 2
    whole = WithPrior(run.model.sum_objective(run.table, 1, 0), SETTINGS.prior)
    expected = np.linalg.norm(whole.value_and_gradient(before)[1])
    assert norms.gradient.losses[-1] == pytest.approx(expected)
    blocks = run.model.blocks(run.optimizer.theta)
    found = [curve.losses[-1] for curve in norms.weights]
    np.testing.assert_allclose(found, [np.linalg.norm(block.values) for block in blocks])
    assert math.isnan(norms.gradient.losses[0])  # no gradient was asked for at the first step
    assert norms.gradient.steps.tolist() == run.snapshot(SessionState.PAUSED).curve.steps.tolist()


def test_that_of_a_mini_batch_stands_for_the_whole() -> None:
    settings = replace(SETTINGS, optimizer="SFO", minibatches=3, prior=0.0)
    run = trainer(settings)
    theta = run.optimizer.theta.copy()
    parts = run.model.sum_objective(run.table, 3, settings.seed)
    run.step()
    run.measure()
    found = run.snapshot(SessionState.PAUSED).norms.gradient.losses[-1]
    each = [3 * np.linalg.norm(parts.part(theta, i)[1]) for i in range(3)]
    assert min(abs(found - expected) for expected in each) < 1e-9


@pytest.mark.parametrize("optimizer", optimizers.names())
@pytest.mark.parametrize("family", ["log-bilinear", "network"])
def test_every_optimizer_has_them_in_the_units_of_the_parameters(
    optimizer: str, family: str
) -> None:
    settings = replace(SETTINGS, model=family, optimizer=optimizer, hidden=8, seed=3)
    run = trainer(settings)
    for _ in range(3):
        run.step()
    run.measure()
    last = run.snapshot(SessionState.PAUSED).norms.rows[-1, 3:]
    assert np.isfinite(last).all()
    assert (last[:2] > 0).all()


def test_of_many_parameters_those_are_taken_that_are_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "_FEW_PARAMETERS", 0)
    run = trainer()
    monkeypatch.setattr(run._schedule, "is_due", lambda seconds=0.0: run.steps in (3, 4))
    for _ in range(4):
        run.step()
    gradient = run.snapshot(SessionState.PAUSED).norms.gradient
    known = dict(zip(gradient.steps.tolist(), np.isfinite(gradient.losses).tolist(), strict=True))
    # At step 3 it was not yet due when the gradient came.
    assert known == {0.0: False, 3.0: False, 4.0: True}


def test_they_go_on_with_a_run() -> None:
    straight = trainer()
    for _ in range(5):
        straight.step()
    straight.measure()
    state = straight.state_dict()
    again = trainer()
    again.load_state_dict(state, straight.trajectory.frames())
    before, after = (run.snapshot(SessionState.PAUSED).norms for run in (straight, again))
    np.testing.assert_array_equal(before.rows, after.rows)
    of_earlier_versions = {k: v for k, v in state.items() if k not in ("norms", "gradient_norm")}
    opened = trainer()
    opened.load_state_dict(of_earlier_versions, straight.trajectory.frames())
    opened.step()
    opened.measure()
    norms = opened.snapshot(SessionState.PAUSED).norms
    assert norms.rows[-1, 0] == 6
    assert np.isfinite(norms.rows[-1]).all()
    assert [row.norms for row in opened.measurements.after(4)][-1] == tuple(norms.rows[-1, 3:])


@given(st.integers(1, 6000))
def test_they_are_thinned_as_losses_are(measurements: int) -> None:
    log = NormLog(["a"])
    for step in range(measurements):
        log.add(step, step / 2, 0.0, (1.0, float(step)))
    rows = log.norms().rows
    assert len(rows) <= 4000
    assert (rows[0, 0], rows[-1, 0]) == (0, measurements - 1)
    assert rows[:, 4].tolist() == rows[:, 0].tolist()


def test_other_numbers_of_norms_are_no_norms() -> None:
    log = NormLog(["a", "b"])
    log.add(1, 0.0, 0.0, ())
    log.add(2, 0.0, 0.0, (1.0, 2.0))
    assert len(log.norms()) == 0


def test_metrics_have_columns_for_them(text: Path) -> None:
    folder, run = saved_run(text, SETTINGS, steps=6)
    header, *lines = folder.metrics.path.read_text().splitlines()
    assert header.split(",")[5:] == ["gradient_norm", "embeddings_norm", "outputs_norm"]
    assert {line.count(",") for line in lines} == {7}
    rows = folder.metrics.read()[0]
    last = run.snapshot(SessionState.PAUSED).norms.rows[-1]
    np.testing.assert_allclose(rows[-1].norms, last[3:], rtol=1e-5)


def test_what_earlier_versions_measured_gets_the_columns(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path / "metrics.csv")
    metrics.append([Measurement(0, 0.0, 0.0, 3.0, None), Measurement(4, 1.0, 2.0, 2.5, 2.7)])
    old = metrics.read()[0]
    assert [row.norms for row in old] == [(), ()]
    metrics.cut(4, ["hidden bias 1"])
    metrics.append([Measurement(5, 2.0, 3.0, 2.4, 2.6, (0.5, 7.0))], ["hidden bias 1"])
    header, *lines = metrics.path.read_text().splitlines()
    assert header.endswith("held_out,gradient_norm,hidden_bias_1_norm")
    assert lines == ["0,0,0,3,,,", "4,1,2,2.5,2.7,,", "5,2,3,2.4,2.6,0.5,7"]
    rows = metrics.read()[0]
    assert [row[:5] for row in rows[:2]] == [row[:5] for row in old]
    assert rows[-1].norms == (0.5, 7.0)


def test_a_follower_sees_them_and_the_best_step(text: Path) -> None:
    folder, run = saved_run(text, SETTINGS, steps=40)
    session = FollowingSession(folder, SETTINGS.prepare(Corpus.from_file(text)))
    session._count()
    session._poll()
    norms = session.snapshot.norms
    assert norms.blocks == ("embeddings", "outputs")
    np.testing.assert_allclose(
        norms.rows[-1], run.snapshot(SessionState.PAUSED).norms.rows[-1], rtol=1e-5
    )
    assert session.snapshot.best is not None
    assert run.best is not None
    assert session.snapshot.best.step == run.best.step
    np.testing.assert_array_equal(session.snapshot.best.theta, run.best.theta)
    opened = resume(folder.path.name)
    opened.folder.unlock()


def test_names_of_blocks_are_their_own() -> None:
    values = np.zeros(2)
    blocks = [
        Block(values, "shared", name="hidden"),
        Block(values, "shared", name="hidden"),
        Block(values, "target"),
    ]
    assert block_names(blocks) == ("hidden 1", "hidden 2", "target")
