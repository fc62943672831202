"""What the programs endure: `python tests/benchmarks/endure.py [ROW ...] [--kills N] ...`.

- kills, appkills: SIGKILL at any moment, with checkpoints as often as always, for each family and
  optimizer, headless and in the app: the run opens again, no earlier than the last checkpoint.
- flips: a bit of any file of a run folder is another one: nothing but errors of our own.
- folders: run folders with wrong content and right checksums: the same.
- closings: the terminal goes away: it is over within two seconds, and everything is saved.
- stops: SIGSTOP and SIGCONT: the screen is whole again, and time stopped is not time trained.
- fuzz: keys, mouse, pastes and bytes of no meaning on the real program.
- soak: training at full speed while it writes, looks back and answers keys, for two families:
  memory does not grow, and keys stay as quick.

Without a row all are run, one after the other; with the counts below that takes hours, though kinds
of runs are killed, and soaked, beside each other. Ends with status 1 where anything went wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from hypothesis import HealthCheck, given, settings
from killed_runs import kills, open_again
from problems import PLAY
from strange_folders import Files, Good, open_every_way, strange_folders, write_folder
from terminal_fuzz import fuzz
from terminals import ROWS, SMALL, Terminal, terminal
from timing import machine

from charembed_tui.runs.opening import resume
from charembed_tui.text.sample_texts import default_sample

COUNTS = {
    "kills": (200, "for each family and optimizer, headless, and as many in the app"),
    "beside": (9, "kinds of runs that are killed at a time"),
    "flips": (2000, "of a bit"),
    "folders": (10_000, "that are generated"),
    "closings": (100, "of the terminal"),
    "stops": (50, "of the process, each with its going on"),
    "seeds": (20, "of the fuzz"),
    "events": (1000, "for each seed"),
    "seconds": (3600, "of the soak, for each family"),
}
SAMPLE = str(default_sample())
LARGE = ["--context-length", "8", "--embedding-size", "32"]  # where searches do not end too soon
NETWORK = ["--model", "network", "--hidden", "64", "--embedding-size", "8"]
KINDS: dict[str, list[str]] = {
    "log-bilinear, scaled L-BFGS": ["--optimizer", "scaled L-BFGS", *LARGE],
    "log-bilinear, scaled SFO": ["--optimizer", "scaled SFO"],
    "log-bilinear, SFO": ["--optimizer", "SFO"],
    "log-bilinear, L-BFGS": ["--optimizer", "L-BFGS", *LARGE],
    "log-bilinear, Adam": ["--optimizer", "Adam"],
    "log-bilinear, SGD": ["--optimizer", "SGD"],
    "log-bilinear, n-grams, cache": ["--optimizer", "Adam", "--mix-ngrams", "3", "--cache", "500"],
    "network, Adam": [*NETWORK, "--optimizer", "Adam"],
    "network, SGD": [*NETWORK, "--optimizer", "SGD", "--learning-rate", "0.01"],
}
_SECONDS_TO_A_KILL = 8.0  # in which there are two checkpoints at least
_SECONDS_TO_END = 2.0
_FLAT, _AS_QUICK = 1.1, 2.0  # times what it was at the beginning
_PRESSES = 5
_TRAINING = r"(?s)training.*Hyperparameters.*Generation"


class Table:
    """Prints rows as they come.

    Attributes:
        failures: what went wrong.
    """

    def __init__(self) -> None:
        self.failures = 0
        print(f"Measured on {machine()}.\n\n| what | tried | good | figures |\n|---|---|---|---|")

    def row(self, what: str, tried: int, work: Callable[[int], object], figures: str = "") -> None:
        """Try something so many times, each with its number, and print how often it went well."""
        self.add(what, tried, _good(tried, work), figures)

    def add(self, what: str, tried: int, good: int, figures: str = "") -> None:
        """A row."""
        self.failures += tried - good
        print(f"| {what} | {tried:,} | {good:,} | {figures} |", flush=True)


def _good(tried: int, work: Callable[[int], object]) -> int:
    """Try something so many times, each with its number; how often it went well."""
    good = 0
    for number in range(tried):
        try:
            work(number)
            good += 1
        except Exception:
            traceback.print_exc()
    return good


Kill = Callable[[str, int, Path], tuple[int, str]]


def killed(table: Table, where: str, kill: Kill, options: argparse.Namespace, folder: Path) -> None:
    """A program is killed, kinds of runs beside each other: most of it is waiting."""
    with ProcessPoolExecutor(options.beside) as pool:
        kinds = [name for name in KINDS if options.kind in name]
        found = [pool.submit(kill, name, options.kills, folder / name) for name in kinds]
        for name, future in zip(kinds, found, strict=True):
            table.add(f"killed {where}: {name}", options.kills, *future.result())


def _kill_headless(name: str, count: int, folder: Path) -> tuple[int, str]:
    """Kill it so many times; how often all went well, and at which steps it was killed."""
    steps: list[int] = []
    found = kills([SAMPLE, *KINDS[name]], folder, count, len(name), _SECONDS_TO_A_KILL)
    good = _good(count, partial(_open_killed, found, steps))
    return good, f"at steps {min(steps):,} to {max(steps):,}" if steps else ""


def _open_killed(found: Iterator[tuple[str, int]], steps: list[int], _: int) -> None:
    runs, saved = next(found)
    os.environ["CHAREMBED_RUNS"] = runs
    steps.append(open_again(saved).steps)
    shutil.rmtree(runs)


def _kill_in_the_app(name: str, count: int, folder: Path) -> tuple[int, str]:
    """The same in the app; here steps are those of the last checkpoints."""
    steps: list[int] = []

    def kill(number: int) -> None:
        runs = folder / str(number)
        os.environ["CHAREMBED_RUNS"] = str(runs)
        with terminal(*KINDS[name], SAMPLE, size=SMALL) as opened:
            opened.wait_for("ready")
            opened.send(" P")
            opened.wait_for(r"step [1-9]")
            opened.receive(random.Random(number).uniform(0.2, _SECONDS_TO_A_KILL))
            os.kill(opened.pid, signal.SIGKILL)
            opened.end()
        steps.append(open_again(1).steps)
        shutil.rmtree(runs)

    good = _good(count, kill)
    return good, f"at steps {min(steps):,} to {max(steps):,}" if steps else ""


def flipped(table: Table, count: int, folder: Path) -> None:
    """Bits of good folders are flipped."""
    good, outcome = Good.made(folder), Counter[str]()

    def flip(number: int) -> None:
        chance = random.Random(number)
        files = Files(chance.choice(good.runs))
        name = chance.choice([name for name, data in sorted(files.items()) if data])
        data = bytearray(files[name])
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        files[name] = bytes(data)
        open_every_way(write_folder(files), good.text, outcome)

    table.row("bits flipped", count, flip)
    _tell(outcome)


def generated(table: Table, count: int, folder: Path) -> None:
    """Strangers' folders."""
    good, outcome, tried = Good.made(folder), Counter[str](), Counter[str]()

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(strange_folders(good))
    def test(files: Files) -> None:
        tried["folders"] += 1
        tried[str(hash(repr(sorted(files.items()))))] += 1
        open_every_way(write_folder(files), good.text, outcome)

    def all_of_them(_: int) -> None:
        test()

    began = time.monotonic()
    table.row("folders generated", 1, all_of_them)
    seconds = time.monotonic() - began
    different = len(tried) - 1
    print(f"{tried['folders']:,} folders, {different:,} different, in {seconds:,.0f} s")
    _tell(outcome)


def _tell(outcome: Counter[str]) -> None:
    """How often folders were used and refused, by what was done with them."""
    print("; ".join(f"{way} {count:,}" for way, count in sorted(outcome.items())))


def closed(table: Table, count: int, folder: Path) -> None:
    """The terminal goes away."""
    seconds: list[float] = []

    def close(number: int) -> None:
        os.environ["CHAREMBED_RUNS"] = str(folder / "closed" / str(number))
        shell = "trap '' HUP; exec \"$@\"" if number % 2 else ""
        with terminal(shell=shell) as opened:
            steps = opened.train()
            opened.receive(random.Random(number).uniform(0.0, 1.0))
            began = time.monotonic()
            opened.hang_up()
            assert opened.has_ended(30.0) is not None
            seconds.append(time.monotonic() - began)
        open_again(steps)
        assert seconds[-1] < _SECONDS_TO_END, f"it took {seconds[-1]:.1f} s"

    table.row("terminals closed", count, close)
    if seconds:
        print(f"over after {statistics.median(seconds):.2f} s, {max(seconds):.2f} s at the most")


def stopped(table: Table, count: int, folder: Path) -> None:
    """The process is stopped and goes on."""
    os.environ["CHAREMBED_RUNS"] = str(folder / "stopped")
    standing = 0.0
    with terminal("--patience", "off") as opened:
        opened.train()
        began = time.monotonic()

        def stop(number: int) -> None:
            nonlocal standing
            seconds = random.Random(number).choice((0.05, 0.3, 1.5))
            os.kill(opened.pid, signal.SIGSTOP)
            time.sleep(seconds)
            standing += seconds * (seconds > 1)
            opened.screen.reset()
            os.kill(opened.pid, signal.SIGCONT)
            opened.wait_for(_TRAINING)
            assert sum(bool(row.strip()) for row in opened.screen.display) >= ROWS - 2

        table.row("stopped, and gone on", count, stop)
        passed = time.monotonic() - began
        opened.send("q")
        table.row("ended after that", 1, lambda _: opened.is_left_as_it_was_found())
    run = resume(None)
    run.folder.unlock()
    trained = float(run.state["seconds"])
    print(f"{passed:.0f} s passed, {standing:.0f} of them stopped, {trained:.0f} trained")


def fuzzed(table: Table, seeds: int, events: int, folder: Path) -> None:
    """Anything a terminal may send."""
    text = folder / "fuzz" / "play.txt"
    text.parent.mkdir()
    text.write_text(PLAY * 10, encoding="utf-8")

    def one(seed: int) -> None:
        os.environ["CHAREMBED_RUNS"] = str(folder / "fuzzed" / str(seed))
        fuzz(seed, events, text)

    table.row(f"seeds of {events:,} events", seeds, one)


def soaked(table: Table, options: argparse.Namespace, folder: Path) -> None:
    """Training for long, two families beside each other."""
    kinds = [name for name in ("log-bilinear, Adam", "network, Adam") if options.kind in name]
    with ProcessPoolExecutor(max(1, len(kinds))) as pool:
        found = [pool.submit(_soak, name, options.seconds, folder / name) for name in kinds]
        for name, future in zip(kinds, found, strict=True):
            table.row(f"{options.seconds:,} s of {name}", 1, partial(_result, future))


def _result(future: Future[None], _: int) -> None:
    future.result()


class Soaked(NamedTuple):
    """Where a soak stands; milliseconds and megabytes."""

    steps: int
    megabytes: float
    written: float
    latency: float


def _soak(name: str, seconds: int, folder: Path) -> None:
    """Train so long; says where it stands ten times, and raises AssertionError where it suffers."""
    os.environ["CHAREMBED_RUNS"] = str(folder)
    found: list[Soaked] = []
    with terminal(*KINDS[name], "--anneal-seconds", "never", "--patience", "off") as opened:
        opened.train()
        began = time.monotonic()
        for tenth in range(1, 11):
            for key in "gx[[]}]ylvb":  # writing, the timeline, other views
                opened.send(key)
                opened.receive(0.2)
            opened.send("}")
            while began + seconds * tenth / 10 > time.monotonic():
                opened.read()
            now = Soaked(opened.steps(), _resident(opened.pid), _written(), _latency(opened))
            found.append(now)
            print(
                f"{name}, {tenth} tenths: {now.steps:,} steps, {now.megabytes:.0f} MB, run folder "
                f"{now.written:.1f} MB, key to screen {now.latency:.0f} ms",
                flush=True,
            )
        opened.send("q")
        opened.is_left_as_it_was_found()
    early, late = found[1], found[-1]
    assert late.megabytes <= _FLAT * early.megabytes, "memory has grown"
    assert late.latency <= _AS_QUICK * early.latency, "keys have become slow"


def _resident(pid: int) -> float:
    """Megabytes in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(r.split()[1]) for r in status.splitlines() if r.startswith("VmRSS:")) / 1000


def _written() -> float:
    """Megabytes in the run folders."""
    runs = Path(os.environ["CHAREMBED_RUNS"])
    return sum(f.stat().st_size for f in runs.rglob("*") if f.is_file()) / 1e6


def _latency(opened: Terminal) -> float:
    """Milliseconds from a key to the screen, the median of some."""
    found = []
    for _ in range(_PRESSES):
        for word in ("bits", "nats"):
            began = time.perf_counter()
            opened.send("u")
            opened.wait_for(f"Loss .* {word}")
            found.append(1e3 * (time.perf_counter() - began))
    return statistics.median(found)


def main(arguments: Sequence[str] | None = None) -> None:
    """The table."""
    rows: dict[str, Callable[[Table, Path], None]] = {
        "kills": lambda *to: killed(to[0], "headless", _kill_headless, options, to[1]),
        "appkills": lambda *to: killed(to[0], "in the app", _kill_in_the_app, options, to[1]),
        "flips": lambda table, folder: flipped(table, options.flips, folder),
        "folders": lambda table, folder: generated(table, options.folders, folder),
        "closings": lambda table, folder: closed(table, options.closings, folder),
        "stops": lambda table, folder: stopped(table, options.stops, folder),
        "fuzz": lambda table, folder: fuzzed(table, options.seeds, options.events, folder),
        "soak": lambda table, folder: soaked(table, options, folder),
    }
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(rows))
    for name, (count, what) in COUNTS.items():
        parser.add_argument(f"--{name}", type=int, default=count, help=f"{count:,}: {what}")
    parser.add_argument("--kind", default="", help="part of the names of runs to kill or soak")
    options = parser.parse_args(arguments)
    if unknown := set(options.rows) - set(rows):
        parser.error(f"no such rows: {', '.join(unknown)}")
    table = Table()
    for name in options.rows or rows:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["CHAREMBED_CONFIG"] = os.path.join(folder, "config")
            os.environ["CHAREMBED_RUNS"] = os.path.join(folder, "runs")
            rows[name](table, Path(folder))
    sys.exit(table.failures > 0)


if __name__ == "__main__":
    main()
