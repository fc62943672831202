import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import PLAY
from required import required
from waiting import wait_until

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training import pace as module
from charembed_tui.training.pace import Pace, likely_loss
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.training_session import TrainingSession
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
from model.counting import count_ngrams

CORPUS = Corpus.from_text(PLAY * 4, "a play")
SETTINGS = TrainingSettings(context_length=2, embedding_size=3, optimizer="SFO", minibatches=4)


@given(
    st.lists(st.floats(0.5, 8.0), min_size=1, max_size=40),
    st.lists(st.floats(0.0, 0.5), min_size=40, max_size=40),
)
def test_the_loss_is_never_faster_than_the_pace(losses: list[float], takes: list[float]) -> None:
    pace = Pace(began=4.0, going=2.0, seconds=10.0)
    now, before = 0.0, 4.0
    for step, (loss, seconds) in enumerate(zip(losses, takes, strict=False), start=1):
        began, now = now, now + seconds
        ready_at = pace.note(step, loss, began)
        # So long for so much of the way, but never longer than two seconds for one step...
        due = min(abs(loss - before) / pace.way * 10.0, 2.0)
        assert ready_at >= began + due - 1e-9
        # ... and what took longer by itself is not made longer.
        assert max(now, ready_at) <= max(now, began + due) + 1e-9
        now, before = max(now, ready_at), loss


def test_the_way_is_longer_where_the_loss_goes_farther_than_was_likely() -> None:
    pace = Pace(began=4.0, going=2.0)
    assert pace.way == 2.0
    pace.note(1, 1.0, 0.0)
    assert pace.way == 3.0
    # A run that goes on from where it had ended has hardly any.
    assert Pace(began=2.0, going=2.2).way == pytest.approx(0.2)


def test_the_loss_is_asked_for_only_where_it_moves() -> None:
    pace = Pace(began=4.0, going=2.0, seconds=10.0)
    assert pace.wants_loss(1)
    pace.note(1, 3.0, 0.0)
    assert pace.wants_loss(2)
    pace.note(2, 3.0 - 1e-6, 0.0)
    assert not pace.wants_loss(3)
    assert pace.wants_loss(2 + 10_000)


def test_where_a_loss_is_going_is_the_entropy_after_one_character() -> None:
    codes = np.random.default_rng(0).integers(0, 5, 400)
    table = count_ngrams(codes, 5, 3)
    pairs = np.zeros((5, 5))
    for before, after in pairwise(codes[2:]):
        pairs[before, after] += 1
    p = pairs / pairs.sum(axis=1, keepdims=True)
    entropy = -(pairs * np.log(np.where(pairs > 0, p, 1.0))).sum() / pairs.sum()
    assert likely_loss(table) == pytest.approx(entropy)


def thetas(session: TrainingSession, steps: int) -> list[np.ndarray]:
    return [frame.theta for frame in session.trajectory.frames()[: steps + 1]]


def test_a_paced_run_takes_the_same_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST", 0.02)
    session = TrainingSession(SETTINGS.prepare(CORPUS), SETTINGS, is_paced=True)
    session.start()
    wait_until(lambda: session.snapshot.step >= 60)
    session.close()
    assert session.join(30)
    trainer = Trainer(1, SETTINGS.prepare(CORPUS), SETTINGS, Trajectory())
    for _ in range(60):
        trainer.step()
    for one, other in zip(
        thetas(session, 60), (f.theta for f in trainer.trajectory.frames()), strict=True
    ):
        np.testing.assert_array_equal(one, other)


class TestWaiting:
    """A session whose second step has to wait for an hour."""

    @pytest.fixture
    def session(self, monkeypatch: pytest.MonkeyPatch) -> TrainingSession:
        monkeypatch.setattr(Pace, "note", lambda self, step, loss, began: began + 3600.0)
        session = TrainingSession(SETTINGS.prepare(CORPUS), SETTINGS, is_paced=True)
        session.start()
        wait_until(lambda: session.snapshot.between is not None)
        return session

    def test_waiting_is_no_time_of_training(self, session: TrainingSession) -> None:
        seconds = session.snapshot.seconds
        time.sleep(0.3)
        assert session.snapshot.seconds == seconds
        session.close()
        assert session.join(30)

    def test_the_picture_is_on_its_way_and_its_loss_with_it(self, session: TrainingSession) -> None:
        between = required(session.snapshot.between)
        before, after = thetas(session, 1)
        # An hour is long: it has hardly begun.
        assert np.abs(between.theta - before).max() <= 0.01 * np.abs(after - before).max()
        trainer = Trainer(1, SETTINGS.prepare(CORPUS), SETTINGS, Trajectory())
        assert (between.loss, between.held_out) == trainer.losses(between.theta)
        with pytest.raises(ValueError, match="read-only"):
            between.theta[0] = 0.0
        session.close()
        assert session.join(30)

    @pytest.mark.parametrize(
        "wish",
        [
            lambda session: session.step_once(),
            lambda session: session.set_pace(is_paced=False),
            lambda session: session.switch_optimizer(replace(SETTINGS, optimizer="Adam")),
        ],
        ids=["one step", "full speed", "another optimizer"],
    )
    def test_what_is_asked_for_does_not_wait(
        self, session: TrainingSession, wish: Callable[[TrainingSession], None]
    ) -> None:
        wish(session)
        wait_until(lambda: session.snapshot.step >= 2)
        session.close()
        assert session.join(30)

    def test_neither_does_a_pause(self, session: TrainingSession) -> None:
        session.pause()
        wait_until(lambda: session.snapshot.state is SessionState.PAUSED)
        assert session.snapshot.step == 1
        assert session.snapshot.between is None
        session.close()
        assert session.join(30)
