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
        self._seen = self._last[0]  # the last moment at which somebody was here
        self._stopped = 0.0

    def __call__(self) -> float:
        """Seconds since some moment, without those in which the process was stopped.

        A step asks seven times, and the processor's time takes a system call: it is left to `look`,
        as long as somebody did so lately.
        """
        now = self._now()
        if now - self._last[0] > _STOPPED:
            return self.look(now)
        self._seen = now
        return now - self._stopped

    def look(self, now: float | None = None) -> float:
        """Find out whether the process was stopped since the last look; the time as `__call__`.

        Args:
            now: the time by the clock below this one, where it is known.
        """
        with self._lock:
            before, self._last = self._last, (self._now() if now is None else now, self._used())
            passed, used = (now - then for now, then in zip(self._last, before, strict=True))
            if passed > _STOPPED and used < _RAN * passed:
                self._stopped += min(passed - used, self._last[0] - self._seen)
            self._seen = self._last[0]
            return self._seen - self._stopped


_clock = RunningClock()


def running_time() -> float:
    """Seconds since some moment, without those in which this process was stopped."""
    _look_all_the_time()
    return _clock()


@cache
def _look_all_the_time() -> None:
    """Begin to, once in each process."""
    _clock._last = time.perf_counter(), time.process_time()
    _clock._seen = _clock._last[0]
    Thread(target=_look, name="clock", daemon=True).start()


if hasattr(os, "register_at_fork"):  # forks have no thread of their parent's
    os.register_at_fork(after_in_child=_look_all_the_time.cache_clear)


def _look() -> None:
    while True:
        _clock.look()
        time.sleep(_SECONDS_BETWEEN_LOOKS)
