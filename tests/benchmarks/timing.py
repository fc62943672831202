"""Timing on a noisy machine: medians, and what is compared runs in turns."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy


def medians(tasks: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Median seconds of each task; the tasks take turns, so that noise hits all alike."""
    times: list[list[float]] = [[] for _ in tasks]
    for task in tasks:
        task()  # warm up
    for _ in range(rounds):
        for own, task in zip(times, tasks, strict=True):
            start = time.perf_counter()
            task()
            own.append(time.perf_counter() - start)
    return [statistics.median(own) for own in times]


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
    import os

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
