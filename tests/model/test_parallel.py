"""Sharing work among threads."""

import subprocess
import sys
from functools import partial
from operator import mul
from threading import Event, get_ident

import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

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


def test_blas_is_asked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    if not ThreadpoolController().select(user_api="blas").lib_controllers:
        pytest.skip("this BLAS cannot be asked")
    for name in parallel._VARIABLES:
        monkeypatch.setenv(name, "1")
    with threadpool_limits(2, user_api="blas"):
        assert not parallel.blas_is_single_threaded()
        for name in parallel._VARIABLES:
            monkeypatch.delenv(name)
        with threadpool_limits(1, user_api="blas"):
            assert parallel.blas_is_single_threaded()
        assert not parallel.blas_is_single_threaded()


def test_one_that_cannot_be_asked_does_what_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nothing = ThreadpoolController().select(user_api="none of these")
    monkeypatch.setattr(parallel, "_blas", lambda: nothing)
    for name in parallel._VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert not parallel.blas_is_single_threaded()
    monkeypatch.setenv("VECLIB_MAXIMUM_THREADS", "1")
    assert parallel.blas_is_single_threaded()


def test_it_is_not_loaded_before_it_is_asked() -> None:
    program = "import sys, model.parallel; print('threadpoolctl' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "False"
