"""Whether short work is quicker on one thread or on all of them, by trying both now and then.

Handing a millisecond's work over takes a tenth of it, and pays only while there is a second core to
take its share: an exact gradient of 1.4 ms on one thread took 0.9 on two of a quiet machine, and
1.8 where something else had the second core. No constant knows that, and it changes within a run.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from model import parallel

_TRIED = 3  # times each way: their median forgives an interruption
_TRUSTED = 200  # times that go the quicker way before both are tried again
_LONG = 0.01  # seconds from which handing over is nothing, and threads that take turns lose nothing


class ThreadTrial:
    """Tries some work that is done over and over on all threads and on one.

    It is for work whose results do not depend on the number of threads: which way is quicker is in
    no result, and in no run's state. Where somebody chose how many there are it is as many.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._shared: list[float] = []
        self._alone: list[float] = []
        self._is_alone_quicker = False
        self._trusted = 0

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """The work is done within it, on the threads that are quicker, or whose turn it is."""
        if not parallel.may_be_fewer_threads():
            yield
            return
        is_alone = self._is_alone_quicker if self._trusted else len(self._shared) >= _TRIED
        began = self._clock()
        with parallel.alone(is_alone):
            yield
        if self._trusted:
            self._trusted -= 1
        else:
            (self._alone if is_alone else self._shared).append(self._clock() - began)
            self._decide()

    def _decide(self) -> None:
        if len(self._shared) < _TRIED:
            return
        shared = statistics.median(self._shared)
        if shared >= _LONG:
            self._is_alone_quicker = False
        elif len(self._alone) >= _TRIED:
            self._is_alone_quicker = statistics.median(self._alone) < shared
        else:
            return
        self._shared, self._alone, self._trusted = [], [], _TRUSTED
