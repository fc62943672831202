"""A few threads for work that numpy and scipy do without holding the interpreter."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ContextDecorator, contextmanager
from contextvars import ContextVar, copy_context
from functools import cache
from itertools import count
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from model.interruption import give_up_if_unwanted

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Result = TypeVar("Result")

_MOST_THREADS = 8
_SECONDS_OF_CORES = 1.0  # for which their number is believed: who takes some away says nothing
_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "OMP_NUM_THREADS",
)


_chosen: int | None = None
_or_fewer = True
_cores = 1, 0.0  # and until when that is believed
_is_alone: ContextVar[bool] = ContextVar("is_alone", default=False)
_blas_before: dict[str, int] = {}  # threads of libraries that have others now


def use_threads(count: int | None, blas: int | None = None, *, or_fewer: bool = False) -> None:
    """Have objectives that are made from now on share their work among so many threads.

    Sums of floating-point numbers depend on how they are cut: a run goes on exactly only with as
    many threads as it began with, whatever machine it is on. Where there are fewer cores, threads
    take turns.

    Args:
        count: at least 1; None for as many as are worth having here.
        blas: how many threads BLAS has by itself; None for as many as it had before anybody asked
            for a number. It may not take so many: see `blas_threads`.
        or_fewer: whether work that is cut the same for any number of threads may be done by fewer,
            where that is quicker; it may if count is None.
    """
    global _chosen, _or_fewer
    _chosen, _or_fewer = count, or_fewer or count is None
    for library in _blas().lib_controllers:
        before: int = library.num_threads
        wanted = _blas_before.pop(library.filepath, before) if blas is None else blas
        if wanted != before:
            if blas is not None:
                _blas_before.setdefault(library.filepath, before)
            library.set_num_threads(wanted)


def thread_count() -> int:
    """How many threads share the work of objectives."""
    return worthwhile_threads() if _chosen is None else _chosen


def may_be_fewer_threads() -> bool:
    """Whether work may be done by fewer threads than there are to share it."""
    return _or_fewer and min(thread_count(), worthwhile_threads()) > 1


@contextmanager
def alone(is_alone: bool = True) -> Iterator[None]:
    """Within it this thread shares its work with no other."""
    token = _is_alone.set(is_alone)
    try:
        yield
    finally:
        _is_alone.reset(token)


def worthwhile_threads() -> int:
    """How many threads are worth having here."""
    global _cores
    now = monotonic()
    if now >= _cores[1]:  # a system call, and short steps ask several times each
        affinity = getattr(os, "sched_getaffinity", None)  # not everywhere
        cores = len(affinity(0)) if affinity else (os.cpu_count() or 1)
        _cores = cores, now + _SECONDS_OF_CORES
    return min(_cores[0], _MOST_THREADS)


def blas_takes_one_thread() -> bool:
    """Whether matrix products in `one_blas_thread` take no more threads than ours.

    A BLAS that cannot be asked, as Apple's Accelerate, is believed to do what the environment says.
    """
    return bool(_blas().lib_controllers) or "1" in (os.environ.get(name) for name in _VARIABLES)


def _blas() -> ThreadpoolController:
    """Whatever BLAS numpy has loaded, and scipy, which brings one of its own."""
    return _found_blas("scipy.linalg" in sys.modules)


@cache
def _found_blas(_: bool) -> ThreadpoolController:
    """Finding it takes 3 ms, asking it a microsecond; to be found anew once scipy has loaded."""
    from threadpoolctl import ThreadpoolController  # 5 ms: not at start-up

    return ThreadpoolController().select(user_api="blas")


class _OneThread(ContextDecorator):
    """Gives BLAS one thread as long as somebody wants that, and then as many as it had."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._limited: list[tuple[Any, int]] = []

    def __enter__(self) -> None:
        with self._lock:
            self._users += 1
            if self._users > 1:
                return
            several = [(each, each.num_threads) for each in _blas().lib_controllers]
            several = [(each, threads) for each, threads in several if threads != 1]
            for each, _ in several:
                each.set_num_threads(1)
            # One that another thread of the program controls keeps what it has.
            self._limited = [(each, threads) for each, threads in several if each.num_threads == 1]

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users:
                return
            # threadpoolctl lets the thread alone that was first, which may not be this one.
            for each, threads in self._limited:
                _release(each)
                each.set_num_threads(threads)
            for each, _threads in self._limited:
                _release(each)


def _release(library: Any) -> None:
    """Let any thread control a library that one of ours controls."""
    release = getattr(library, "clear_controlling_thread", None)  # not before threadpoolctl 3.7
    if release is not None:
        release(force=True)


one_blas_thread = _OneThread()
"""Within it, or a function that it decorates, matrix products take one thread each.

Matrices here are small, or shared out among our own threads already: waking those of BLAS for each
takes longer than the product. It may be entered by several threads, and again within itself; a BLAS
that cannot be asked keeps what it has.
"""


def blas_threads() -> int | None:
    """How many threads BLAS has by itself; None where it cannot be asked."""
    return max((library.num_threads for library in _blas().lib_controllers), default=None)


def blas() -> str:
    """What rounds sums here: BLAS with its version, its threads and the processor's kind."""
    kinds = [
        " ".join(
            str(entry)
            for entry in (
                library.internal_api,
                library.version,
                getattr(library, "architecture", None),
                f"on {library.num_threads} thread{'s' * (library.num_threads > 1)}",
            )
            if entry
        )
        for library in _blas().lib_controllers
    ]
    return " and ".join(sorted(set(kinds))) or "a BLAS that cannot be asked"


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, worthwhile_threads() - 1), thread_name_prefix="model")


def in_parallel(tasks: Sequence[Callable[[], Result]]) -> list[Result]:
    """Results of all tasks, which threads take in turn, the calling one among them.

    So a core that is busy with something else delays no task but the one that it is at.

    Raises:
        Cancelled: the results are no longer wanted, see `model.interruption`.
    """
    give_up_if_unwanted()
    if len(tasks) == 1:
        return [tasks[0]()]
    results: dict[int, Result] = {}
    turns = count()

    def work() -> None:
        while (turn := next(turns)) < len(tasks):
            give_up_if_unwanted()
            results[turn] = tasks[turn]()

    helpers = min(len(tasks), thread_count(), worthwhile_threads()) - 1
    if _is_alone.get():
        helpers = 0
    others = [_pool().submit(copy_context().run, work) for _ in range(helpers)]
    try:
        work()
    finally:
        turns = count(len(tasks))  # after a failure nobody begins another
        failures = [other.exception() for other in others if not other.cancel()]
    for failure in failures:
        if failure is not None:
            raise failure
    return [results[turn] for turn in range(len(tasks))]
