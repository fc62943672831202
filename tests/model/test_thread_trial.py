"""One thread or all of them, chosen by a trial."""

from collections.abc import Callable

import pytest

from model import parallel, thread_trial
from model.thread_trial import ThreadTrial

TRIED, TRUSTED = thread_trial._TRIED, thread_trial._TRUSTED


class Clock:
    """Seconds that pass only where work is done."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_chosen", None)
    monkeypatch.setattr(parallel, "_or_fewer", True)
    monkeypatch.setattr(parallel, "worthwhile_threads", lambda: 2)


def attempts(
    trial: ThreadTrial, clock: Clock, count: int, seconds: Callable[[bool], float]
) -> list[bool]:
    """Which of so many attempts were on one thread, taking so many seconds each way."""
    modes = []
    for _ in range(count):
        with trial.attempt():
            modes.append(parallel._is_alone.get())
            clock.seconds += seconds(modes[-1])
    return modes


@pytest.mark.parametrize("alone", [0.9e-3, 1.1e-3])
def test_what_is_quicker_is_done_until_the_next_trial(alone: float) -> None:
    clock = Clock()
    trial = ThreadTrial(clock)
    is_quicker = alone < 1e-3
    round_ = [False] * TRIED + [True] * TRIED + [is_quicker] * TRUSTED
    modes = attempts(trial, clock, 2 * len(round_), lambda mode: alone if mode else 1e-3)
    assert modes == 2 * round_


def test_a_core_that_goes_is_noticed() -> None:
    clock = Clock()
    trial = ThreadTrial(clock)
    length = 2 * TRIED + TRUSTED
    assert not attempts(trial, clock, length, lambda mode: 1.4e-3 if mode else 0.9e-3)[-1]
    assert attempts(trial, clock, length, lambda mode: 1.4e-3 if mode else 1.8e-3)[-1]
    assert not attempts(trial, clock, length, lambda mode: 1.4e-3 if mode else 0.9e-3)[-1]


def test_an_interruption_decides_nothing() -> None:
    clock = Clock()
    trial = ThreadTrial(clock)
    times = iter([0.9e-3, 5.0, 0.9e-3] + [1.4e-3] * TRIED + [0.9e-3])
    assert not attempts(trial, clock, 2 * TRIED + 1, lambda _: next(times))[-1]


def test_long_work_is_shared_without_a_trial() -> None:
    clock = Clock()
    assert not any(attempts(ThreadTrial(clock), clock, 3 * TRUSTED, lambda _: 0.02))


def test_work_that_fails_is_no_trial() -> None:
    clock = Clock()
    trial = ThreadTrial(clock)
    for _ in range(2 * TRIED):
        with pytest.raises(ZeroDivisionError):
            attempts(trial, clock, 1, lambda _: 1 // 0)
    assert attempts(trial, clock, TRIED + 1, lambda _: 1e-3) == [False] * TRIED + [True]
    assert not parallel._is_alone.get()


def test_a_number_that_somebody_chose_is_that_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for count, or_fewer, is_tried in ((2, False, False), (2, True, True), (1, True, False)):
        parallel.use_threads(count, or_fewer=or_fewer)
        clock = Clock()
        modes = attempts(ThreadTrial(clock), clock, 2 * TRIED, lambda _: 1e-3)
        assert any(modes) == is_tried
    parallel.use_threads(None)
    assert parallel.may_be_fewer_threads()
    monkeypatch.setattr(parallel, "worthwhile_threads", lambda: 1)
    assert not parallel.may_be_fewer_threads()
