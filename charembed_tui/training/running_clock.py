"""The time in which this process ran: what passes while it is stopped is nobody's.

A process is stopped by ctrl+z, by SIGSTOP, by a debugger, or with a whole machine that sleeps; of
most nothing tells it. So a thread looks at the clock ten times a second: where it could not, and
the process used no processor either, nothing of it ran.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from threading import Lock, Thread

_SECONDS_BETWEEN_LOOKS = 0.1
_STOPPED = 1.0  # seconds without a look: no scheduler lets a thread wait for so long
_RAN = 0.2  # of these, that a process has used if it ran: long calls of C let no other thread run


class RunningClock:
    """A clock that stands still while the process does, and never goes back.

    Somebody has to look at it all the time: see `running_time`.

    Args:
        now: seconds by a clock that never goes back.
        used: seconds for which the process has used a processor.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.perf_counter,
        used: Callable[[], float] = time.process_time,
    ) -> None:
        self._now, self._used = now, used
        self._lock = Lock()
        self._last = now(), used()
        self._stopped = 0.0

    def __call__(self) -> float:
        """Seconds since some moment, without those in which the process was stopped."""
        with self._lock:
            before, self._last = self._last, (self._now(), self._used())
            passed, used = (now - then for now, then in zip(self._last, before, strict=True))
            if passed > _STOPPED and used < _RAN * passed:
                self._stopped += passed - used
            return self._last[0] - self._stopped


_clock = RunningClock()


def running_time() -> float:
    """Seconds since some moment, without those in which this process was stopped."""
    _look_all_the_time(os.getpid())
    return _clock()


@cache
def _look_all_the_time(_process: int) -> None:
    """Begin to, once in each process: forks have no thread of their parent's."""
    _clock._last = time.perf_counter(), time.process_time()
    Thread(target=_look, name="clock", daemon=True).start()


def _look() -> None:
    while True:
        _clock()
        time.sleep(_SECONDS_BETWEEN_LOOKS)
