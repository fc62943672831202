"""A few threads for work that numpy and scipy do without holding the interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from model.interruption import give_up_if_unwanted

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Result = TypeVar("Result")

_MOST_THREADS = 8
_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "OMP_NUM_THREADS",
)


_chosen: int | None = None


def use_threads(count: int | None) -> None:
    """Have objectives that are made from now on share their work among so many threads.

    Sums of floating-point numbers depend on how they are cut: a run goes on exactly only with as
    many threads as it began with, whatever machine it is on.

    Args:
        count: at least 1; None for as many as are worth having here.
    """
    global _chosen
    _chosen = count


def thread_count() -> int:
    """How many threads share the work of objectives."""
    return worthwhile_threads() if _chosen is None else _chosen


def worthwhile_threads() -> int:
    """How many threads are worth having here."""
    affinity = getattr(os, "sched_getaffinity", None)  # not everywhere
    cores = len(affinity(0)) if affinity else (os.cpu_count() or 1)
    return min(cores, _MOST_THREADS)


def blas_is_single_threaded() -> bool:
    """Whether matrix products may be spread over our threads without BLAS doing so again.

    BLAS is asked itself, whatever set its threads: variables, another program, its building. One
    that cannot be asked, as Apple's Accelerate, is believed to do what the environment says.
    """
    libraries = _blas().lib_controllers
    if not libraries:
        return "1" in (os.environ.get(name) for name in _VARIABLES)
    return all(library.num_threads == 1 for library in libraries)


@cache
def _blas() -> ThreadpoolController:
    """The BLAS that numpy has loaded; finding it takes 3 ms, asking it nothing."""
    from threadpoolctl import ThreadpoolController  # 5 ms: not at start-up

    return ThreadpoolController().select(user_api="blas")


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
