import time
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from problems import PLAY
from required import required
from waiting import at_step, wait_until

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training import trainer as trainer_module
from charembed_tui.training import training_session
from charembed_tui.training.measuring_schedule import MeasuringSchedule
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.timed_objective import TimedObjective
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.training_session import TrainingSession
from charembed_tui.training.trajectory import Trajectory
from model import cost, sequences
from model.corpus import Corpus
from model.counting import count_ngrams
from model.errors import Cancelled, OptimizerError
from model.families.log_bilinear.objective import Objective
from model.families.log_bilinear.shape import LogBilinear
from model.interruption import give_up_if_unwanted
from model.optimizers import SFO, registry

CORPUS = Corpus.from_text(PLAY * 4, "a play")
SETTINGS = TrainingSettings(context_length=2, embedding_size=3, optimizer="SFO", minibatches=4)
TRAINING, HELD_OUT = CORPUS.split(0.1)


@pytest.fixture
def session() -> Iterator[TrainingSession]:
    session = TrainingSession(SETTINGS.prepare(CORPUS), SETTINGS)
    yield session
    session.close()
    assert session.join(30)


def is_ready(session: TrainingSession) -> bool:
    return session.snapshot.theta is not None


def test_counts_before_the_first_step(session: TrainingSession) -> None:
    wait_until(lambda: is_ready(session))
    snapshot = session.snapshot
    assert snapshot.state is SessionState.IDLE
    assert snapshot.step == 0
    assert snapshot.facts is not None
    assert snapshot.facts.positions == len(TRAINING) - 2
    assert snapshot.curve.steps.tolist() == [0.0]
    assert snapshot.loss == snapshot.curve.losses[0]


def test_a_step_under_way_rests_once_where_a_key_is_to_be_answered(
    session: TrainingSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_until(lambda: is_ready(session))
    rests: list[float] = []
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=rests.append)
    monkeypatch.setattr(training_session, "time", clock)
    take_step = Trainer.step

    def step(self: Trainer) -> None:
        for _ in range(3):  # keys that come faster than steps
            session.give_way(100.0)
            give_up_if_unwanted()
        take_step(self)

    monkeypatch.setattr(Trainer, "step", step)
    for number in (1, 2):
        session.step_once()
        wait_until(at_step(session, number))
        wait_until(lambda: session.snapshot.state is SessionState.PAUSED)
        assert len(rests) == number
    assert all(0 < seconds <= 100 for seconds in rests)


@pytest.mark.parametrize("optimizer", registry.names())
def test_a_step_that_takes_long_is_given_up_as_if_it_never_began(
    optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(SETTINGS, optimizer=optimizer, learning_rate=0.01)
    monkeypatch.setattr(trainer_module, "_SECONDS_TO_GIVE_UP", 0.0)
    wanted, originals = [True], dict[str, Any]()
    trainer, other = (
        Trainer(1, settings.prepare(CORPUS), settings, Trajectory(), is_cancelled=is_cancelled)
        for is_cancelled in (lambda: not wanted[0], None)
    )
    for name in ("part", "value_and_gradient"):

        def giving_up(self: TimedObjective, *arguments: Any, name: str = name) -> Any:
            result = originals[name](self, *arguments)
            give_up_if_unwanted()
            return result

        originals[name] = getattr(TimedObjective, name)
        monkeypatch.setattr(TimedObjective, name, giving_up)
    for _ in range(12):
        wanted[0] = False
        with pytest.raises(Cancelled):
            trainer.step()
        wanted[0] = True
        trainer.step()
        other.step()
        np.testing.assert_array_equal(trainer.optimizer.theta, other.optimizer.theta)


def test_closing_gives_up_a_step_that_takes_long_and_saves_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = Event()

    def endless(self: TimedObjective, theta: np.ndarray, index: int) -> Any:
        begun.set()
        while True:
            give_up_if_unwanted()
            time.sleep(0.001)

    saved = []

    class Log:
        saved_as = None

        def write(self, trainer: Trainer, *, everything: bool = False) -> None:
            saved.append((trainer.steps, trainer.optimizer.theta.copy()))

        def add_sample(self, sample: object) -> None: ...

        def close(self) -> None: ...

    monkeypatch.setattr(trainer_module, "_SECONDS_TO_GIVE_UP", 0.0)
    session = TrainingSession(SETTINGS.prepare(CORPUS), SETTINGS, run_log=Log())
    session.step_once()
    wait_until(lambda: session.snapshot.step == 1)
    monkeypatch.setattr(TimedObjective, "part", endless)
    session.start()
    assert begun.wait(30)
    session.close()
    assert session.join(30)
    assert saved[-1][0] == 1
    np.testing.assert_array_equal(saved[-1][1], required(session.snapshot.theta))


def test_runs_until_paused_and_then_stands_still(session: TrainingSession) -> None:
    session.start()
    wait_until(lambda: session.snapshot.step >= 20)
    assert session.snapshot.state is SessionState.RUNNING
    session.pause()
    wait_until(lambda: session.snapshot.state is SessionState.PAUSED)
    paused = session.snapshot
    assert session.trajectory.frames()[-1].step == paused.step
    np.testing.assert_array_equal(session.trajectory.frames()[-1].theta, paused.theta)
    session.pause()
    session.start()
    session.pause()
    wait_until(lambda: session.snapshot.state is SessionState.PAUSED)
    assert session.snapshot.step >= paused.step
    assert paused.loss < session.snapshot.curve.losses[0]


def test_takes_exactly_the_steps_asked_for(session: TrainingSession) -> None:
    for expected in (1, 2, 3):
        session.step_once()
        wait_until(at_step(session, expected))
        wait_until(lambda: session.snapshot.state is SessionState.PAUSED)
    session.step_once()
    session.step_once()
    wait_until(lambda: session.snapshot.step == 5)
    assert [f.step for f in session.trajectory.frames()] == [0, 1, 2, 3, 4, 5]


def test_the_loss_displayed_is_that_of_the_parameters_displayed(
    session: TrainingSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not even where measuring takes too long for each step: it is done where training stands still.
    monkeypatch.setattr(MeasuringSchedule, "is_due", lambda self, seconds=0.0: False)
    session.step_once()
    wait_until(at_step(session, 1))
    wait_until(lambda: session.snapshot.state is SessionState.PAUSED)
    snapshot = session.snapshot
    size = len(CORPUS.vocabulary)
    assert isinstance(snapshot.model, LogBilinear)
    theta = required(snapshot.theta)
    objective = Objective(snapshot.model, count_ngrams(TRAINING.codes, size, 2))
    assert snapshot.loss == objective.value(theta)
    # The held-out text's first contexts reach back, so that each of its characters counts once.
    codes = np.concatenate([TRAINING.codes[-2:], HELD_OUT.codes])
    held_out = Objective(snapshot.model, count_ngrams(codes, size, 2))
    assert held_out.positions == len(HELD_OUT)
    assert snapshot.held_out == held_out.value(theta)


def test_nothing_is_held_out_when_nothing_should_be(session: TrainingSession) -> None:
    for corpus, percent in ((CORPUS, 0), (Corpus.from_text("abcabc"), 90)):
        settings = TrainingSettings(context_length=1, minibatches=2, held_out=percent)
        snapshot = Trainer(1, settings.prepare(corpus), settings, Trajectory()).snapshot(
            SessionState.IDLE
        )
        assert snapshot.held_out is None
        assert snapshot.facts is not None
        assert snapshot.facts.positions == len(corpus) - 1


def test_closing_while_counting_ends_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequences, "PIECE", 1)
    monkeypatch.setattr(cost, "_SAMPLE", 100)  # the estimate counts in such pieces too
    session = TrainingSession(SETTINGS.prepare(Corpus.from_text(PLAY * 2000)), SETTINGS)
    wait_until(lambda: 0 < session.snapshot.counted < 1)
    session.close()
    assert session.join(30)
    assert session.snapshot.state is SessionState.IDLE


def test_snapshots_cannot_be_changed(session: TrainingSession) -> None:
    wait_until(lambda: is_ready(session))
    snapshot = session.snapshot
    with pytest.raises(FrozenInstanceError):
        snapshot.step = 5  # type: ignore[misc]
    for array in (required(snapshot.theta), snapshot.curve.steps, snapshot.curve.losses):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


def test_the_same_seed_gives_the_same_run() -> None:
    trainers = [Trainer(1, SETTINGS.prepare(CORPUS), SETTINGS, Trajectory()) for _ in range(2)]
    for trainer in trainers:
        for _ in range(30):
            trainer.step()
    np.testing.assert_array_equal(trainers[0].optimizer.theta, trainers[1].optimizer.theta)


def test_learns() -> None:
    trainer = Trainer(1, SETTINGS.prepare(CORPUS), SETTINGS, Trajectory())
    before = required(trainer.snapshot(SessionState.IDLE).loss)
    for _ in range(100):
        trainer.step()
    trainer.measure()
    # From knowing nothing (ln V) to much less than the entropy of single characters.
    assert before > 2.9
    assert required(trainer.snapshot(SessionState.RUNNING).loss) < 2.0


def test_a_failure_is_reported_and_ends_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Trainer) -> None:
        raise OptimizerError("the hill is too steep")

    monkeypatch.setattr(Trainer, "step", fail)
    session = TrainingSession(SETTINGS.prepare(CORPUS), SETTINGS)
    session.start()
    wait_until(lambda: session.snapshot.state is SessionState.FAILED)
    assert session.snapshot.error == "the hill is too steep"
    assert session.snapshot.theta is not None
    assert session.join(30)


def test_an_unforeseen_failure_names_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Trainer) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(Trainer, "step", fail)
    session = TrainingSession(SETTINGS.prepare(CORPUS), SETTINGS)
    session.step_once()
    wait_until(lambda: session.snapshot.state is SessionState.FAILED)
    assert session.snapshot.error == "ZeroDivisionError: by nothing"


def test_a_text_too_short_for_the_settings_is_reported() -> None:
    session = TrainingSession(
        TrainingSettings(context_length=8).prepare(Corpus.from_text("abc")),
        TrainingSettings(context_length=8),
    )
    wait_until(lambda: session.snapshot.state is SessionState.FAILED)
    assert "too few for a context length of 8" in str(session.snapshot.error)


def test_there_are_never_more_minibatches_than_contexts() -> None:
    settings = TrainingSettings(context_length=1, held_out=0, optimizer="SFO")
    trainer = Trainer(1, settings.prepare(Corpus.from_text("abcabc")), settings, Trajectory())
    trainer.step()
    assert trainer.steps == 1


@pytest.mark.parametrize("optimizer", registry.names())
def test_every_optimizer_learns_untouched(optimizer: str) -> None:
    settings = replace(SETTINGS, optimizer=optimizer)
    trainer = Trainer(1, settings.prepare(CORPUS), settings, Trajectory())
    before = required(trainer.snapshot(SessionState.IDLE).loss)
    for _ in range(100):
        trainer.step()
    trainer.measure()
    after = trainer.snapshot(SessionState.RUNNING)
    assert required(after.loss) < before - 0.5
    assert 0 < after.objective_share < 1


def test_another_optimizer_continues_from_the_same_parameters(session: TrainingSession) -> None:
    session.start()
    wait_until(lambda: session.snapshot.step >= 20)
    session.pause()
    wait_until(lambda: session.snapshot.state is SessionState.PAUSED)
    paused = session.snapshot
    session.switch_optimizer(replace(SETTINGS, optimizer="Adam", learning_rate=0.01))
    wait_until(lambda: session.snapshot.optimizer == "Adam")
    switched = session.snapshot
    assert switched.state is SessionState.PAUSED
    assert switched.step == paused.step
    assert switched.switches == ((paused.step, "Adam"),)
    np.testing.assert_array_equal(switched.theta, paused.theta)
    session.step_once()
    wait_until(lambda: session.snapshot.step == paused.step + 1)
    # Adam's first step moves every parameter that has a gradient by the learning rate.
    moved = np.abs(required(session.snapshot.theta) - required(paused.theta))
    assert moved.max() == pytest.approx(0.01, rel=1e-4)


def test_convergence_finishes_a_session_that_can_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    step = SFO.step
    with monkeypatch.context() as patch:
        patch.setattr(SFO, "step", lambda self: replace(step(self), converged=True))
        session = TrainingSession(SETTINGS.prepare(CORPUS), SETTINGS)
        session.start()
        wait_until(lambda: session.snapshot.state is SessionState.FINISHED)
        assert session.snapshot.step == 1
    session.start()
    wait_until(lambda: session.snapshot.step > 5)
    session.close()
    assert session.join(30)


def test_closing_in_full_run_ends_the_thread() -> None:
    session = TrainingSession(SETTINGS.prepare(CORPUS), SETTINGS)
    session.start()
    wait_until(lambda: session.snapshot.step > 3)
    session.close()
    assert session.join(30)
