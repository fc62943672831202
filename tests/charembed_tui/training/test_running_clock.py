"""Time stopped is not time trained, whatever stopped the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import PLAY

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training import trainer as training
from charembed_tui.training.measuring_schedule import MeasuringSchedule
from charembed_tui.training.running_clock import RunningClock
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus


def clock(*looks: tuple[float, float]) -> Iterator[float]:
    """What a clock says at each look, of which the time and the processor's time are given."""
    moment = (0.0, 0.0)
    found = RunningClock(lambda: moment[0], lambda: moment[1])
    for look in looks:
        moment = look
        yield found()


def test_it_stands_still_while_nothing_runs() -> None:
    assert list(clock((0.1, 0.0), (0.2, 0.1), (100.2, 0.1), (100.3, 0.2))) == pytest.approx(
        [0.1, 0.2, 0.2, 0.3]
    )


def test_a_busy_machine_or_a_long_call_stops_nothing() -> None:
    assert list(clock((0.9, 0.0), (5.0, 4.0), (5.1, 4.0))) == [0.9, 5.0, 5.1]


def test_it_never_goes_back() -> None:
    times = list(clock(*((10.0 * i, 0.5 * i) for i in range(1, 20))))
    assert times == sorted(times)


@given(
    st.lists(
        st.tuples(st.floats(0.0, 9.0), st.floats(0.0, 1.0), st.booleans()), min_size=1, max_size=30
    )
)
def test_it_never_goes_back_whoever_looks(moments: list[tuple[float, float, bool]]) -> None:
    now, used = 0.0, 0.0
    found = RunningClock(lambda: now, lambda: used)
    last = 0.0
    for passed, part, is_look in moments:
        now, used = now + passed, used + part * passed
        time = found.look() if is_look else found()
        assert last - 1e-9 <= time <= now
        last = time


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="there are no such signals")
def test_a_process_that_is_stopped_from_outside() -> None:
    program = (
        "import time\n"
        "from charembed_tui.training.running_clock import running_time\n"
        "began, ran = time.monotonic(), running_time()\n"
        "print('ready', flush=True)\n"
        "input()\n"
        "print(time.monotonic() - began - (running_time() - ran))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.5)
    os.kill(process.pid, signal.SIGCONT)
    stopped = float(process.communicate("\n")[0])
    assert stopped > 1.4


def test_a_step_takes_the_time_for_which_it_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = TrainingSettings(context_length=1, embedding_size=2, optimizer="Adam")
    trainer = Trainer(1, settings.prepare(Corpus.from_text(PLAY)), settings, Trajectory())
    before, now = trainer.elapsed, iter(range(1000))
    monkeypatch.setattr(training, "running_time", lambda: float(next(now)))
    monkeypatch.setattr(MeasuringSchedule, "is_due", lambda *_: False)
    trainer.step()
    assert trainer.seconds == 1.0
    assert trainer.elapsed == before + 1.0
