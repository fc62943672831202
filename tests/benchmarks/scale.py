"""Counting more than fits in memory: `python tests/benchmarks/scale.py TEXT [--gigabytes 0.1 1]`.

Long texts are made by repeating one with variations. They are counted by one process, then by the
workers of a cluster on this machine; measured are throughput, memory of a process, the merging of
tables and an empty round trip. A simulation of the merge tree, with these figures and the growth
of the table by Heaps' law, then says what machines that are not here would take.
"""

from __future__ import annotations

import argparse
import math
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from timing import machine

_M = 5
_HEAPS_AT = (0.003, 0.01, 0.03, 0.1)  # gigabytes
_BYTES_AN_NGRAM = 12  # of a table: a character, a count and a share of the contexts
_NETWORK = 1e9  # bytes a second between two machines: ten gigabit
_DISK_SHARED = 2e8  # bytes a second a worker reads
_WORKERS_SIMULATED = (1, 2, 10, 100, 1000)
_SIZES_SIMULATED = (1e10, 1e11, 1e12, 1e13)

_ONE_PROCESS = """
import sys, time
from model.streams.count_texts import count_texts
began = time.perf_counter()
counted = count_texts(sys.argv[1], int(sys.argv[2]), held_out=0.1)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(time.perf_counter() - began, int(status["VmHWM"].split()[0]) / 1024,
      counted.training.ngram_count)
"""


def write_variations(text: bytes, path: Path, size: float) -> None:
    """A text of a size: copies in which some words are spelled in another way each time."""
    rng = np.random.default_rng(0)
    letters = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
    words = (b"the", b"and", b"you", b"his", b"not")
    with path.open("wb") as file:
        while file.tell() < size:
            copy = text
            for word in words:
                copy = copy.replace(b" %b " % word, b" %b " % rng.choice(letters, 3).tobytes())
            file.write(copy[: math.ceil(size) - file.tell()])


def count_alone(path: Path) -> tuple[float, float, int]:
    """Seconds, megabytes and different n-grams of a count in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _ONE_PROCESS, str(path), str(_M)],
        capture_output=True,
        check=True,
        text=True,
    )
    seconds, megabytes, ngrams = done.stdout.split()
    return float(seconds), float(megabytes), int(ngrams)


def most_resident() -> float:
    """The most megabytes this process has held so far; `getrusage` would count its parent's."""
    with open("/proc/self/status") as file:
        status = dict(line.split(":", 1) for line in file)
    return int(status["VmHWM"].split()[0]) / 1024


def count_on_workers(path: Path, workers: int) -> tuple[float, float, float]:
    """Seconds, megabytes of the largest worker, and seconds of an empty round."""
    from model.streams.cluster import connect, count_on_cluster

    with connect("local", workers=workers) as client:
        began = time.perf_counter()
        count_on_cluster(client, path, _M, held_out=0.1)
        seconds = time.perf_counter() - began
        most = max(client.run(most_resident).values())
        rounds = []
        for _ in range(20):
            start = time.perf_counter()
            client.gather([client.submit(int, i, pure=False) for i in range(8)])
            rounds.append(time.perf_counter() - start)
    return seconds, most, statistics.median(rounds)


def seconds_to_merge(path: Path) -> tuple[float, int]:
    """Seconds a million n-grams, of merging two tables, and how many those have."""
    from model.streams.count_texts import count_texts

    table = count_texts(path, _M)
    other = count_texts(path, _M)
    began = time.perf_counter()
    table.merge(other)
    size = table.training.ngram_count
    return (time.perf_counter() - began) / (2 * size) * 1e6, size


def simulate(
    size: float,
    workers: int,
    speed: float,
    merge: float,
    heaps: tuple[float, float],
    *,
    by_hash: bool = False,
) -> tuple[float, float]:
    """Seconds, and bytes of the largest table anywhere, of a merge tree of fours.

    Workers count ranges of 32 MiB. As it is, every table of a level goes over the network to where
    it is merged, and workers share the merges of a level as far as there are as many. By hash, each
    worker has the contexts whose hash is its own: it is sent its part of every range's table once,
    all levels are shared evenly, and nothing is gathered.

    Args:
        size: bytes of text.
        workers: how many.
        speed: bytes a second that one counts.
        merge: seconds a million n-grams.
        heaps: K and beta: K * bytes ** beta different n-grams.
        by_hash: whether tables are cut up by the hash of the context.
    """
    factor, exponent = heaps
    part = float(1 << 25)
    count = math.ceil(size / part)
    seconds = math.ceil(count / workers) * part / min(speed, _DISK_SHARED)
    if by_hash:
        seconds += count * factor * part**exponent * _BYTES_AN_NGRAM / workers / _NETWORK
    while count > 1:
        merged = math.ceil(count / 4)
        ngrams = factor * part**exponent
        # Merging is one table after another; three of four come from elsewhere.
        each = 4 * ngrams * merge / 1e6
        if by_hash:
            seconds += merged * each / workers
        else:
            each += 3 * ngrams * _BYTES_AN_NGRAM / _NETWORK
            seconds += math.ceil(merged / workers) * each
        part, count = min(4 * part, size), merged
    largest = factor * size**exponent * _BYTES_AN_NGRAM
    return seconds, largest / workers if by_hash else largest


def main() -> None:
    """All tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--gigabytes", type=float, nargs="+", default=[0.1, 1.0])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    options = parser.parse_args()
    text = options.text.read_bytes()
    print(f"Measured on {machine()}; contexts of {_M} characters, a tenth held out.\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "long.txt")
        grown = []
        for gigabytes in _HEAPS_AT:
            write_variations(text, path, gigabytes * 1e9)
            grown.append(count_alone(path)[2])
        exponent, log_factor = np.polyfit(np.log(np.array(_HEAPS_AT) * 1e9), np.log(grown), 1)
        merge, merged = seconds_to_merge(path)
        print(
            "| text | counted by | seconds | MB/s | MB of memory a process |\n|---|---|---|---|---|"
        )
        for gigabytes in options.gigabytes:
            write_variations(text, path, gigabytes * 1e9)
            seconds, megabytes, _ = count_alone(path)
            speed = gigabytes * 1e9 / seconds
            print(
                f"| {gigabytes:g} GB | one process | {seconds:.1f} | {speed / 1e6:.0f} "
                f"| {megabytes:.0f} |"
            )
            for workers in options.workers:
                seconds, megabytes, round_trip = count_on_workers(path, workers)
                print(
                    f"| {gigabytes:g} GB | {workers} workers | {seconds:.1f} "
                    f"| {gigabytes * 1e3 / seconds:.0f} | {megabytes:.0f} |"
                )
    print(f"\nMerging two tables of {merged:,} n-grams: {merge:.2f} s a million.")
    if options.workers:
        print(f"An empty round of 8 tasks: {1000 * round_trip:.0f} ms.")
    heaps = float(np.exp(log_factor)), float(exponent)
    print(f"Different n-grams of b bytes: {heaps[0]:.3g} b^{heaps[1]:.2f}.\n")
    for by_hash in (False, True):
        print(f"Simulated, tables {'cut up by hash' if by_hash else 'gathered'}:\n")
        print("| text | " + " | ".join(f"{w:,} workers" for w in _WORKERS_SIMULATED) + " |")
        print("|---" * (len(_WORKERS_SIMULATED) + 1) + "|")
        for size in _SIZES_SIMULATED:
            cells = [
                simulate(size, w, speed, merge, heaps, by_hash=by_hash) for w in _WORKERS_SIMULATED
            ]
            texts = " | ".join(f"{t:,.0f} s, {table / 1e9:.2f} GB" for t, table in cells)
            print(f"| {size / 1e9:,.0f} GB | {texts} |")
        print()


if __name__ == "__main__":
    main()
