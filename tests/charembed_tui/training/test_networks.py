"""Networks in the trainer: mini-batches, an end that is planned, the best step, exact resuming."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import chain, repeat

import numpy as np
import pytest
from problems import PLAY
from required import required

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.run_log import SavedState
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model import parallel
from model.corpus import Corpus
from model.errors import OptimizerError
from model.optimizers import registry
from model.optimizers.first_order import FirstOrder

CORPUS = Corpus.from_text(PLAY * 20)
SETTINGS = TrainingSettings(
    model="network", context_length=3, embedding_size=4, hidden=16, dropout=0.3, anneal_steps=60
)


def trainer(
    settings: TrainingSettings = SETTINGS,
    threads: int | None = None,
    blas_threads: int | None = None,
) -> Trainer:
    return Trainer(
        1,
        settings.prepare(CORPUS),
        settings,
        Trajectory(),
        threads=threads,
        blas_threads=blas_threads,
    )


def test_the_sizes_that_suit_a_network_come_with_it() -> None:
    chosen = TrainingSettings.of_family("network")
    assert (chosen.context_length, chosen.embedding_size) == (8, 32)
    assert chosen.with_family("log-bilinear") == TrainingSettings()
    assert SETTINGS.chosen_optimizer(10, 10) == "Adam"


def test_mini_batches_and_decay_are_what_was_chosen_or_what_runs_had_before() -> None:
    saved = asdict(SETTINGS)
    assert TrainingSettings.from_saved(saved) == SETTINGS
    del saved["batch"]
    earlier = TrainingSettings.from_saved(saved)
    assert earlier == replace(SETTINGS, batch=1024, weight_decay=0.05)
    assert TrainingSettings.from_saved({**saved, "weight_decay": 0.3}).weight_decay == 0.3
    del saved["model"]
    log_bilinear = TrainingSettings.from_saved(saved)
    assert (log_bilinear.batch, log_bilinear.weight_decay) == (0, -1)
    run = trainer(replace(SETTINGS, batch=300))
    for _ in range(10):
        run.step()
    run.measure()
    assert run.measured.passes == pytest.approx(10 / round(run.table.positions / 300))


def test_sgd_takes_as_much_of_a_weight_as_adam_though_its_rate_is_larger() -> None:
    shares = []
    for name in ("Adam", "SGD"):
        optimizer = trainer(replace(SETTINGS, optimizer=name, weight_decay=-1.0)).optimizer
        assert isinstance(optimizer, FirstOrder)
        shares.append(optimizer.weight_decay * optimizer.learning_rate)
    assert shares[0] > 0
    assert shares[1] == pytest.approx(shares[0])
    chosen = trainer(replace(SETTINGS, optimizer="SGD", weight_decay=0.3)).optimizer
    assert isinstance(chosen, FirstOrder)
    assert chosen.weight_decay == 0.3


def test_a_step_is_a_mini_batch_and_the_run_ends_as_planned() -> None:
    run = trainer()
    batches = run.table.positions / 1024
    assert batches > 2
    steps = 0
    while not run.converged:
        run.step()
        steps += 1
    assert steps == 60
    run.measure()
    assert run.measured.passes == pytest.approx(60 / round(batches))
    losses = run.snapshot(SessionState.FINISHED).curve.losses
    assert losses[-1] < losses[0] - 0.1  # most of these steps are warm-up


@pytest.mark.parametrize("optimizer", registry.names())
@pytest.mark.parametrize("threads", [1, 2])
def test_a_run_goes_on_bit_for_bit_with_as_many_threads(
    optimizer: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(SETTINGS, optimizer=optimizer)
    straight = trainer(settings, threads)
    for _ in range(7):
        straight.step()
    state = straight.state_dict()
    monkeypatch.setattr(parallel, "worthwhile_threads", lambda: 1)  # on another machine
    again = trainer(settings, SavedState(state).threads, SavedState(state).blas_threads)
    assert again.threads == threads
    again.load_state_dict(state, straight.trajectory.frames())
    assert not again.note
    for _ in range(7):
        straight.step()
        again.step()
    np.testing.assert_array_equal(again.optimizer.theta, straight.optimizer.theta)


def test_another_number_of_threads_is_refused_rather_than_inexact() -> None:
    state = trainer(threads=2).state_dict()
    with pytest.raises(OptimizerError, match="threads"):
        trainer(threads=1).load_state_dict(state)


def test_blas_has_as_many_threads_as_where_the_run_began(monkeypatch: pytest.MonkeyPatch) -> None:
    before = parallel.blas_threads()
    if before is None:
        pytest.skip("this BLAS cannot be asked")
    try:
        state = trainer(blas_threads=2).state_dict()
        assert (state["blas_threads"], parallel.blas_threads()) == (2, 2)
        assert trainer().threads
        assert parallel.blas_threads() == before
        again = trainer(blas_threads=SavedState(state).blas_threads)
        again.load_state_dict(state)
        assert (parallel.blas_threads(), again.note) == (2, "")
        # A machine on which it cannot have them says so.
        monkeypatch.setattr(parallel, "use_threads", lambda *_, **__: None)
        parallel_before = parallel.blas()
        monkeypatch.setattr(parallel, "blas", lambda: "another BLAS on 1 thread")
        again.load_state_dict(state)
        assert f"was trained with {parallel_before}, and here is another BLAS" in again.note
        assert "its trajectory will differ" in again.note
    finally:
        monkeypatch.undo()
        parallel.use_threads(None)
    assert parallel.blas_threads() == before


def test_the_best_step_is_the_one_with_the_lowest_held_out_loss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = trainer(replace(SETTINGS, anneal_steps=0, anneal_seconds=0.0, patience=5.0))
    monkeypatch.setattr("charembed_tui.training.measuring_schedule._SHARE", 0.0)  # only when asked
    losses = chain([2.0, 1.5, 1.7], repeat(1.6))
    monkeypatch.setattr(Trainer, "losses", lambda *_: (1.0, next(losses)))
    thetas = []
    for _ in range(3):
        run.step()
        run.measure()
        thetas.append(run.optimizer.theta.copy())
    best = required(run.best)
    assert (best.step, best.loss) == (2, 1.5)
    np.testing.assert_array_equal(best.theta, thetas[1])
    restored = trainer(run.settings)
    monkeypatch.undo()
    restored.load_state_dict(run.state_dict())
    again = required(restored.best)
    np.testing.assert_array_equal(again.theta, best.theta)
    # Out of patience: five more seconds of training and ten measurements without a lower loss.
    assert not run._is_out_of_patience()
    run.seconds += 5.1
    assert not run._is_out_of_patience()
    monkeypatch.setattr(Trainer, "losses", lambda *_: (1.0, next(losses)))
    for _ in range(9):
        run.step()
        run.measure()
    assert run._is_out_of_patience()


def test_objectives_share_work_among_the_threads_of_the_run() -> None:
    trainer(threads=1)
    assert parallel.thread_count() == 1
    trainer()
    assert parallel.thread_count() == parallel.worthwhile_threads()
