"""Training speed with the interface as a part of that without; `feel.py` tells it.

Two programs train the same text, one in the interface, one alone, in turns: the machine's speed
drifts by a fifth within a minute, and both see the same of it. Turns of a second left twice the
error that turns of 0.4 s leave in the same time. Who waits is stopped by a signal.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pexpect
from pseudo_terminal import spawn

_TURNS, _TURN, _WARM_UP = 150, 0.4, 0.1
_LONGEST_START = 60.0
_BEGINNING = 8.0  # seconds in which the app finds the lines of simpler models, once a text

# What both programs begin with: they tell their step, when asked, from a thread that sleeps. The
# screen tells it too late, and not always by the same time. Textual must not be loaded here: the
# program sets its frames a second first.
_TELL = """
import os, signal, socket, sys, threading
from charembed_tui.interpreter import one_thread_for_blas
one_thread_for_blas()
from charembed_tui.training.trajectory import Trajectory
timelines = []
begin = Trajectory.__init__
def begin_and_note(self):
    begin(self)
    timelines.append(self)
Trajectory.__init__ = begin_and_note
def tell():
    asked = socket.socket(socket.AF_UNIX)
    asked.connect(os.environ["CHAREMBED_TOLD"])
    while asked.recv(1):
        last = [frame.step for timeline in timelines for frame in timeline.frames()[-1:]]
        asked.send(b"%d" % max(last, default=-1))
threading.Thread(target=tell, daemon=True).start()
"""

# Textual takes SIGCONT for the end of a suspension by the user, and starts its threads once more.
_WITH = (
    _TELL
    + """
set_handler = signal.signal
signal.signal = lambda number, handler: number == signal.SIGCONT or set_handler(number, handler)
from charembed_tui.cli.app_command import main
sys.exit(main(["--fresh", "--optimizer", "Adam", "--patience", "off", sys.argv[1]]))
"""
)

_ALONE = (
    _TELL
    + """
sys.setswitchinterval(0.001)
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.trainer import Trainer
from model.corpus import Corpus
corpus = Corpus.from_file(sys.argv[1])
settings = TrainingSettings(optimizer="Adam")
trainer = Trainer(1, settings.prepare(corpus), settings, Trajectory())
while True:
    trainer.step()
"""
)


class Program:
    """One of the two in a pseudo-terminal, whose output is taken and not looked at.

    It runs only while its speed is measured.
    """

    def __init__(self, source: str, corpus: Path, size: tuple[int, int], *, keys: str = "") -> None:
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder / "told"))
            listener.listen()
            listener.settimeout(_LONGEST_START)
            self._process = spawn(
                sys.executable,
                ["-c", source, str(corpus)],
                size,
                runs=folder / "runs",
                CHAREMBED_TOLD=str(folder / "told"),
            )
            self._asked, _ = listener.accept()
        self._begin(keys)
        self._process.kill(signal.SIGSTOP)

    def _begin(self, keys: str) -> None:
        end = time.perf_counter() + _LONGEST_START
        while self._step() < 0 and time.perf_counter() < end:
            self._take(0.1)
        self._process.send(keys)
        self._take(_BEGINNING)
        assert self._step() > 0, "the program does not train"

    def _take(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            time.sleep(min(0.05, left))
            with contextlib.suppress(pexpect.TIMEOUT):
                self._process.read_nonblocking(1 << 20, timeout=0)

    def _step(self) -> int:
        self._asked.send(b"?")
        return int(self._asked.recv(32))

    def speed(self) -> float:
        """Steps a second, of one turn."""
        self._process.kill(signal.SIGCONT)
        self._take(_WARM_UP)
        first, began = self._step(), time.perf_counter()
        self._take(_TURN)
        steps, spent = self._step() - first, time.perf_counter() - began
        self._process.kill(signal.SIGSTOP)
        return steps / spent

    def close(self) -> None:
        """End it."""
        self._process.close(force=True)
        self._folder.cleanup()


def share(corpus: Path, size: tuple[int, int]) -> tuple[float, float]:
    """Training speed in the interface of a size (rows, columns), and the share's standard error."""
    interface = Program(_WITH, corpus, size, keys="P ")
    alone = Program(_ALONE, corpus, size)
    speeds = [(interface.speed(), alone.speed()) for _ in range(_TURNS)]
    for program in (interface, alone):
        program.close()
    together, by_itself = map(sum, zip(*speeds, strict=True))
    error = statistics.stdev(x / y for x, y in speeds) / len(speeds) ** 0.5
    return together / by_itself, error
