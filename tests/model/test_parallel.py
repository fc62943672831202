"""Sharing work among threads."""

from functools import partial
from operator import mul
from threading import Event, get_ident

from model import parallel


def test_results_come_in_the_order_of_the_tasks() -> None:
    assert parallel.in_parallel([partial(mul, i, i) for i in range(9)]) == [i * i for i in range(9)]
    assert parallel.in_parallel([lambda: 7]) == [7]


def test_what_no_other_thread_has_begun_is_done_by_the_caller() -> None:
    release, busy = Event(), parallel._pool()._max_workers
    blocked = [parallel._pool().submit(release.wait) for _ in range(busy)]
    try:
        threads = parallel.in_parallel([get_ident] * 3)
    finally:
        release.set()
    assert threads == [get_ident()] * 3
    assert all(other.result() for other in blocked)


def test_tasks_are_done_by_several_threads_where_there_are_cores() -> None:
    # The first waits for the second, so one thread alone would never end.
    begun = Event()

    def second() -> int:
        begun.set()
        return get_ident()

    done = parallel.in_parallel([lambda: begun.wait(30), second])
    assert done[0] is True
    assert done[1] != get_ident()
