"""An hour at full speed: `python tests/benchmarks/soak.py [CORPUS] [--minutes N]`.

The installed program trains in a pseudo-terminal of 120x36 while it writes, looks back in time and
answers keys. Every minute the table gets a line: steps, memory, the run folder's size, and the
median time from a key to the screen. Ends with status 1 if memory grew by more than a tenth after
the first tenth of the time, or keys took more than twice as long at the end.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

from feel import App
from timing import machine

from charembed_tui.text.sample_texts import default_sample

_PRESSES = 9
_KEYS = "gx[[]}]ylvb"  # besides: writing, the timeline, other views


def resident(pid: int) -> float:
    """Megabytes in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    return 0.0


def latency(app: App) -> float:
    """Milliseconds from a key to the screen, the median of some."""
    found = []
    for _ in range(_PRESSES):
        for word in ("bits", "nats"):
            began = time.perf_counter()
            app.process.send("u")
            found.append(1e3 * (app.wait_for(f"Loss .* {word}") - began))
    return statistics.median(found)


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", nargs="?", type=Path, default=default_sample())
    parser.add_argument("--minutes", type=int, default=60)
    options = parser.parse_args()
    print(f"Measured on {machine()}.\n")
    print("| minute | steps | MB | run folder, MB | key to screen, ms |\n|---|---|---|---|---|")
    app = App(options.corpus)
    app.wait_for("ready")
    app.process.send(" ")
    app.wait_for("training")
    began = time.monotonic()
    rows = []
    for minute in range(1, options.minutes + 1):
        for key in _KEYS:
            app.process.send(key)
            app.read(0.2)
        while time.monotonic() - began < 60 * minute:
            app.read(0.2)
        app.process.send("}")
        written = sum(f.stat().st_size for f in app.runs.rglob("*") if f.is_file())
        assert app.process.pid is not None
        row = (app.step(), resident(app.process.pid), written / 1e6, latency(app))
        rows.append(row)
        print(f"| {minute} | {row[0]:,} | {row[1]:.0f} | {row[2]:.1f} | {row[3]:.0f} |")
        sys.stdout.flush()
    app.process.send(" ")
    app.wait_for("paused")
    app.close()
    early = rows[len(rows) // 10]
    grown, slowed = rows[-1][1] / early[1], rows[-1][3] / early[3]
    print(f"\nMemory: {grown:.2f} times that of minute {len(rows) // 10 + 1}; keys: {slowed:.2f}.")
    sys.exit(grown > 1.1 or slowed > 2)


if __name__ == "__main__":
    main()
