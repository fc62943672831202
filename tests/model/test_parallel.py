"""Sharing work among threads."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import mul
from threading import Event, get_ident
from typing import Any

import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from model import parallel
from model.interruption import resting


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


def test_a_thread_that_is_to_be_alone_shares_with_none() -> None:
    with parallel.alone():
        assert parallel.in_parallel([get_ident] * 3) == [get_ident()] * 3
        with parallel.alone(False):
            assert len(parallel.in_parallel([get_ident] * 3)) == 3


def test_tasks_are_done_by_several_threads_where_there_are_cores() -> None:
    # Each waits for the other, so one thread alone would never end.
    begun = Event(), Event()

    def task(own: int) -> int:
        begun[own].set()
        assert begun[1 - own].wait(30)
        return get_ident()

    assert len(set(parallel.in_parallel([partial(task, 0), partial(task, 1)]))) == 2


def test_work_may_have_to_rest_on_every_thread_that_has_some() -> None:
    begun, rested = (Event(), Event()), list[int]()

    def task(own: int) -> int:
        begun[own].set()
        assert begun[1 - own].wait(30)
        return get_ident()

    with resting(lambda: rested.append(get_ident())):
        threads = parallel.in_parallel([partial(task, 0), partial(task, 1)])
    assert set(rested) == set(threads)
    del rested[:]
    parallel.in_parallel([get_ident] * 2)
    assert not rested


def blas() -> Any:
    found = ThreadpoolController().select(user_api="blas").lib_controllers
    if not found:
        pytest.skip("this BLAS cannot be asked")
    return found


def blas_threads() -> list[int]:
    return [library.num_threads for library in blas()]


@pytest.fixture
def several() -> Iterator[list[int]]:
    """BLAS has several threads, as nobody limits them."""
    before = blas_threads()
    for count in (2, None):
        for library, threads in zip(blas(), before, strict=True):
            library.set_num_threads(count or threads)
            parallel._release(library)
        if count:
            yield blas_threads()


def test_blas_has_one_thread_until_the_last_who_wants_that_is_done(several: list[int]) -> None:
    inside, leave = Event(), Event()

    @parallel.one_blas_thread
    def another() -> list[int]:
        inside.set()
        assert leave.wait(30)
        return blas_threads()

    assert max(several) == 2
    for main_is_last in (False, True):
        inside.clear()
        leave.clear()
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(another)
            assert inside.wait(30)
            with parallel.one_blas_thread, parallel.one_blas_thread:
                assert set(blas_threads()) == {1}
                if main_is_last:
                    leave.set()
                    other.result()
                    assert set(blas_threads()) == {1}
            if not main_is_last:
                assert set(blas_threads()) == {1}
                leave.set()
            assert set(other.result()) == {1}
        assert blas_threads() == several
    with pytest.raises(ZeroDivisionError), parallel.one_blas_thread:
        1 / 0  # noqa: B018
    assert blas_threads() == several


def test_somebody_elses_limit_stays(several: list[int]) -> None:
    with ThreadPoolExecutor(1) as pool, threadpool_limits(2, user_api="blas"):
        with parallel.one_blas_thread:
            assert set(blas_threads()) == {1}
        pool.submit(parallel.one_blas_thread(blas_threads)).result()
        assert blas_threads() == several
    assert blas_threads() == several


def test_a_blas_that_cannot_be_asked_does_what_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nothing = ThreadpoolController().select(user_api="none of these")
    monkeypatch.setattr(parallel, "_blas", lambda: nothing)
    for name in parallel._VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert not parallel.blas_takes_one_thread()
    monkeypatch.setenv("VECLIB_MAXIMUM_THREADS", "1")
    assert parallel.blas_takes_one_thread()
    with parallel.one_blas_thread:
        assert parallel.blas_takes_one_thread()


def test_it_is_not_loaded_before_it_is_asked() -> None:
    program = "import sys, model.parallel; print('threadpoolctl' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "False"
