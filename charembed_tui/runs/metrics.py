"""The losses of a run as they come: a line of text for each, in a file that grows."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from charembed_tui.runs.append_only import MOST_STEPS, Place, append, read_lines_on
from charembed_tui.storage.atomic import write_whole
from charembed_tui.storage.regular import open_regular
from charembed_tui.training.loss_log import Measurement

_LOSSES = ("step", "seconds", "passes", "training", "held_out")
_OTHERS = re.compile(r"\W+")  # what is not for names of columns
_MOST_BYTES = 64 << 20
_TAIL = 4096


class Metrics:
    """`metrics.csv` of a run. Lines that are not understood, such as a torn last one, are skipped.

    Args:
        path: of the file, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, rows: Sequence[Measurement], blocks: Sequence[str] = ()) -> None:
        """Add measurements. Raises OSError; then none is added.

        Args:
            rows: the measurements.
            blocks: names of the blocks of parameters whose norms they have.
        """
        if rows:
            append(self.path, [_rows(rows, blocks)], _header(blocks))

    def cut(self, step: int, blocks: Sequence[str] = ()) -> None:
        """Forget what was measured after a step: the run goes on from there. Raises OSError.

        What earlier versions wrote, without norms, gets their columns.
        """
        if self.path.exists():
            rows = [row for row in self.read()[0] if row.step <= step]
            write_whole(self.path, _header(blocks), _rows(rows, blocks))

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
            with open_regular(self.path) as file:
                file.seek(max(0, file.seek(0, 2) - _TAIL))
                lines = file.read(_TAIL).splitlines(keepends=True)
        except OSError:
            return None
        rows = (_parsed(line) for line in reversed(lines) if line.endswith(b"\n"))
        return next((row for row in rows if row), None)


def _norms(blocks: Sequence[str]) -> list[str]:
    return [f"{_OTHERS.sub('_', name)}_norm" for name in ("gradient", *blocks)] if blocks else []


def _header(blocks: Sequence[str]) -> bytes:
    return ",".join([*_LOSSES, *_norms(blocks)]).encode() + b"\n"


def _rows(rows: Sequence[Measurement], blocks: Sequence[str]) -> bytes:
    norms = len(_norms(blocks))
    return "".join(",".join(_cells(row, norms)) + "\n" for row in rows).encode()


def _cells(row: Measurement, norms: int) -> list[str]:
    held_out = "" if row.held_out is None else f"{row.held_out:.9g}"
    found = [f"{norm:.6g}" if math.isfinite(norm) else "" for norm in row.norms[:norms]]
    return [
        str(row.step),
        f"{row.seconds:.6g}",
        f"{row.passes:.9g}",
        f"{row.training:.9g}",
        held_out,
        *found,
        *[""] * (norms - len(found)),
    ]


def _parsed(line: bytes) -> Measurement | None:
    try:
        step, *numbers = line.decode("ascii").strip("\r\n ").split(",")
        seconds, passes, training, held_out, *norms = [
            float(text) if text else math.nan for text in numbers
        ]
        other = None if math.isnan(held_out) else held_out
        row = Measurement(int(step), seconds, passes, training, other, tuple(norms))
    except ValueError:
        return None
    return row if 0 <= row.step <= MOST_STEPS and all(map(math.isfinite, row[1:4])) else None
