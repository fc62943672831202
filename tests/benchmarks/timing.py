"""Timing on a noisy machine: medians, and what is compared runs in turns."""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy


def medians(tasks: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Median seconds of a call of each task; the tasks take turns, so that noise hits all alike.

    A turn is as many calls as take a moment, after some that are not timed: threads that the task
    before left spinning on the other core come to rest, and caches fill.
    """
    times: list[list[float]] = [[] for _ in tasks]
    for _ in range(rounds):
        for own, task in zip(times, tasks, strict=True):
            spent = _timed(task)
            for _ in range(int(_REST / spent)):
                task()
            calls = max(1, int(_TURN / spent))
            start = time.perf_counter()
            for _ in range(calls):
                task()
            own.append((time.perf_counter() - start) / calls)
    return [statistics.median(own) for own in times]


def _timed(task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


_REST = 0.05  # seconds
_TURN = 0.05


@dataclass(frozen=True)
class Row:
    """A line of a table of targets."""

    work: str
    measured: str
    target: str
    met: bool


def print_rows(title: str, rows: Sequence[Row]) -> int:
    """Print a table; how many targets were missed."""
    print(f"\n## {title}\n\n| work | measured | target | |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row.work} | {row.measured} | {row.target} | {'' if row.met else 'MISSED'} |")
    return sum(not row.met for row in rows)


def machine() -> str:
    """What this was measured on."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            model = next(line for line in file if "model name" in line).split(":")[1].strip()
    except (OSError, StopIteration):
        pass
    return (
        f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"numpy {np.__version__}, scipy {scipy.__version__}"
    )


def with_single_threaded_blas() -> None:
    """As in the app: BLAS gets one thread, the engine uses its own. Starts the program again."""
    single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    if any(os.environ.get(name) != "1" for name in single):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **single})
