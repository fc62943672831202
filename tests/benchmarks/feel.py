"""How the app feels while it trains at full speed: `python tests/benchmarks/feel.py [CORPUS]`.

The installed program runs in a pseudo-terminal of 120x36. Measured are the time to the first
picture, the time from a key to its effect on the screen, pictures a second, and the speed of
training with the interface against the same training without. Ends with status 1 if a target is
missed. Needs a quiet machine: the terminal emulator here shares its cores.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import pexpect
import pyte
from interface_share import share
from pseudo_terminal import spawn
from timing import Row, machine, print_rows, with_single_threaded_blas

from charembed_tui.text.sample_texts import default_sample

COLUMNS, ROWS = 120, 36
_PRESSES = 80
_SECONDS = 6.0
_STARTS = 5
_ROUNDS = 5


class App:
    """The program in a pseudo-terminal, and what is on its screen; it keeps runs in `runs`."""

    def __init__(self, corpus: Path) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.runs = Path(self._folder.name)
        program = shutil.which("charembed-tui", path=sysconfig.get_path("scripts"))
        assert program, "the program is not installed: pip install -e '.[test]'"
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self.started = time.perf_counter()
        self.process = spawn(
            program,
            ["--fresh", "--optimizer", "Adam", "--patience", "off", str(corpus)],
            (ROWS, COLUMNS),
            runs=self.runs,
        )

    def read(self, seconds: float) -> bytes:
        """What the program wrote, as soon as it writes."""
        try:
            data: bytes = self.process.read_nonblocking(1 << 16, timeout=seconds)
        except pexpect.TIMEOUT:
            return b""
        self._stream.feed(data)
        return data

    def wait_for(self, pattern: str) -> float:
        """When a pattern is first seen on the screen."""
        expression = re.compile(pattern)
        while True:
            if self.read(1.0) and any(expression.search(line) for line in self.screen.display):
                return time.perf_counter()

    def step(self) -> int:
        """The step on the screen."""
        found = re.search(r"step ([\d,]+)", self.screen.display[0])
        return int(found[1].replace(",", "")) if found else 0

    def close(self) -> None:
        """End it."""
        self.process.send("q")
        self.process.expect(pexpect.EOF)
        self.process.close()
        self._folder.cleanup()


def first_pictures(corpus: Path) -> list[float]:
    """Seconds from the start of the process to the first picture."""
    times = []
    for _ in range(_STARTS):
        app = App(corpus)
        times.append(app.wait_for("Corpus") - app.started)
        app.wait_for("ready")
        app.close()
    return times


def training(corpus: Path) -> App:
    """The program, training for a second, when the lines of simpler models are there."""
    app = App(corpus)
    app.wait_for("ready")
    app.process.send("P ")  # full speed: by itself the app trains at a pace to be watched
    app.wait_for("training, full speed")
    app.wait_for(r"K–N \d+ best")
    end = time.perf_counter() + 1.0
    while time.perf_counter() < end:
        app.read(0.1)
    return app


def while_training(corpus: Path) -> tuple[list[float], float]:
    """Seconds from key to screen, and pictures a second."""
    app = training(corpus)

    latencies = []
    shown = 1
    for _ in range(_PRESSES):
        shown = shown % 5 + 1
        shown += shown == 2  # the component on the other axis is passed over
        began = time.perf_counter()
        app.process.send("x")
        latencies.append(app.wait_for(f"component {shown} →") - began)
        time.sleep(0.03)

    pictures, last = 0, -1
    began = time.perf_counter()
    while time.perf_counter() - began < _SECONDS:
        app.read(0.1)
        if app.step() != last:
            pictures, last = pictures + 1, app.step()
    frames = pictures / (time.perf_counter() - began)

    app.close()
    return latencies, frames


def main() -> None:
    """The table."""
    with_single_threaded_blas()
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", nargs="?", type=Path, default=default_sample())
    corpus = parser.parse_args().corpus
    print(f"Measured on {machine()}.")
    starts = first_pictures(corpus)
    rounds = [while_training(corpus) for _ in range(_ROUNDS)]
    latencies = sorted(x for found, _ in rounds for x in found)
    late = 1e3 * latencies[int(0.95 * len(latencies))]
    middle = 1e3 * statistics.median(latencies)
    pictures = statistics.median(p for _, p in rounds)
    speed, error = share(corpus, (ROWS, COLUMNS))
    start = statistics.median(starts)
    missed = print_rows(
        f"The app at {COLUMNS}x{ROWS} on {corpus.name}",
        [
            Row("first picture", f"{start:.2f} s", "under 0.7 s", start < 0.7),
            Row(
                "key to screen, 95th percentile",
                f"{late:.0f} ms (median {middle:.0f} ms)",
                "under 50 ms",
                late < 50,
            ),
            Row("pictures a second", f"{pictures:.1f}", "10", pictures >= 9.5),
            Row(
                "training speed of that alone",
                f"{speed:.1%} ± {error:.1%}",
                "at least 90 %",
                speed >= 0.9,
            ),
        ],
    )
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
