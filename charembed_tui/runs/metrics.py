"""The losses of a run as they come: a line of text for each, in a file that grows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from charembed_tui.runs.append_only import Place, append, read_lines_on
from charembed_tui.storage.atomic import write_whole
from charembed_tui.training.loss_log import Measurement

_HEADER = "step,seconds,passes,training,held_out\n"
_MOST_BYTES = 64 << 20
_TAIL = 4096


class Metrics:
    """`metrics.csv` of a run. Lines that are not understood, such as a torn last one, are skipped.

    Args:
        path: of the file, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, rows: Sequence[Measurement]) -> None:
        """Add measurements. Raises OSError; then none is added."""
        if rows:
            header = "" if self.path.exists() else _HEADER
            append(self.path, (header + "".join(map(_line, rows))).encode())

    def cut(self, step: int) -> None:
        """Forget what was measured after a step: the run goes on from there. Raises OSError."""
        if self.path.exists():
            rows = [row for row in self.read()[0] if row.step <= step]
            write_whole(self.path, (_HEADER + "".join(map(_line, rows))).encode())

    def read(self, place: Place | None = None) -> tuple[list[Measurement], Place, bool]:
        """The measurements after a place, the next place, and whether this is a fresh start.

        Raises:
            OSError: the file cannot be read.
        """
        lines, place, is_new = read_lines_on(self.path, place, _MOST_BYTES)
        return [row for line in lines if (row := _parsed(line))], place, is_new

    def last(self) -> Measurement | None:
        """The newest measurement, None where there is none that can be read."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - _TAIL))
                lines = file.read(_TAIL).splitlines(keepends=True)
        except OSError:
            return None
        rows = (_parsed(line) for line in reversed(lines) if line.endswith(b"\n"))
        return next((row for row in rows if row), None)


def _line(row: Measurement) -> str:
    held_out = "" if row.held_out is None else f"{row.held_out:.9g}"
    return f"{row.step},{row.seconds:.6g},{row.passes:.9g},{row.training:.9g},{held_out}\n"


def _parsed(line: bytes) -> Measurement | None:
    try:
        step, seconds, passes, training, held_out = line.decode("ascii").strip().split(",")
        other = float(held_out) if held_out else None
        row = Measurement(int(step), float(seconds), float(passes), float(training), other)
    except ValueError:
        return None
    return row if row.step >= 0 and all(map(math.isfinite, row[1:4])) else None
