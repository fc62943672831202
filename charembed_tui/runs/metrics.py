"""The losses of a run as they come: a line of text for each, in a file that grows."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from charembed_tui.runs.append_only import Place, append, read_lines_on
from charembed_tui.storage.atomic import write_whole
from charembed_tui.storage.regular import open_regular
from charembed_tui.training.loss_log import Measurement
from model import validity

_LOSSES = ("step", "seconds", "passes", "training", "held_out")
_OTHERS = re.compile(r"\W+")  # what is not for names of columns
_MOST_BYTES = 64 << 20
_TAIL = 4096


class Metrics:
    """`metrics.csv` of a run.

    Lines that are not understood, such as a torn last one, or that go back in time, are skipped.

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
        rows: list[Measurement] = []
        last = place.last
        for line in lines:
            row = _parsed(line)
            if row and _is_later(row, last):
                rows.append(row)
                last = row[:3]
        return rows, replace(place, last=last), is_new

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


def _is_later(row: Measurement, last: tuple[float, ...]) -> bool:
    """Whether a row comes after one with this step, these seconds and passes, if there is one."""
    return not last or (row.step > last[0] and row.seconds >= last[1] and row.passes >= last[2])


def _parsed(line: bytes) -> Measurement | None:
    """A measurement, None for a line that is none."""
    try:
        step, *numbers = line.decode("ascii").strip("\r\n ").split(",")
        seconds, passes, training, held_out, *norms = [
            float(text) if text else math.nan for text in numbers
        ]
        return Measurement(
            validity.whole(int(step), "step"),
            validity.number(seconds, "number of seconds"),
            validity.number(passes, "number of passes"),
            validity.number(training, "loss", -validity.MOST),
            None if math.isnan(held_out) else validity.number(held_out, "loss", -validity.MOST),
            tuple(norm if validity.is_in_range(norm) else math.nan for norm in norms),
        )
    except ValueError:
        return None
