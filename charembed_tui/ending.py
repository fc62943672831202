"""The end of a process: in good order where that is possible in time, at once where it is not."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread

INTERRUPTED = 130  # the exit status after a signal
_SECONDS = 1.7  # after which nobody waits for the rest
_SECONDS_TO_SAVE = 10.0  # as long as a checkpoint is being written
_SECONDS_BETWEEN_LOOKS = 0.02
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


def ending_signals() -> list[signal.Signals]:
    """The signals that end a program; not those it was started without, as `nohup` does."""
    known = [signal.Signals[name] for name in _NAMES if name in signal.Signals.__members__]
    return [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]


class Ending:
    """A thread that waits for the end to begin, and ends the process where nothing else does.

    The interface may be stuck, a worker may count for minutes, the interpreter waits for every
    thread: this one does not. It may be called from signal handlers.

    Args:
        prepare: called when the end begins, on the thread of its own.
        is_saving: whether something is being written that is worth waiting for.
        restore: called last; gives the terminal back, and returns within moments.
    """

    def __init__(
        self,
        prepare: Callable[[], object],
        is_saving: Callable[[], bool],
        restore: Callable[[], object],
    ) -> None:
        self._prepare, self._is_saving, self._restore = prepare, is_saving, restore
        # Its put may interrupt itself, as in a signal handler; no other queue's may.
        self._wishes: SimpleQueue[int | None] = SimpleQueue()
        self.has_begun = False
        Thread(target=self._watch, name="ending", daemon=True).start()

    def begin(self, status: int) -> None:
        """The process is to end with an exit status; the first one counts."""
        self.has_begun = True
        self._wishes.put(status)

    def hurry(self) -> None:
        """Wait for nothing any more."""
        self._wishes.put(None)

    def _watch(self) -> None:
        status = self._wishes.get()
        try:
            if status is not None:
                self._prepare()
                self._wait()
            self._restore()
        finally:  # whatever fails, for want of memory for instance
            os._exit(1 if status is None else status)

    def _wait(self) -> None:
        """Give the end its time, unless somebody is in a hurry."""
        began = time.monotonic()
        while not self._is_over(time.monotonic() - began):
            with suppress(Empty):
                if self._wishes.get(timeout=_SECONDS_BETWEEN_LOOKS) is None:
                    return

    def _is_over(self, seconds: float) -> bool:
        return seconds > (_SECONDS_TO_SAVE if self._is_saving() else _SECONDS)
