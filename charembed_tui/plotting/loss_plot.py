"""The loss curves, of this run and past ones, beside simpler models; and curves of norms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from charembed_tui.coordinates.ticks import round_ticks, short
from charembed_tui.plotting.loss_points import points
from charembed_tui.plotting.picture import (
    NOTHING,
    Canvas,
    Picture,
    Sign,
    Stroke,
    Ticks,
    linear_ticks,
    ticks,
)
from charembed_tui.plotting.plot import Plot
from charembed_tui.settings.loss_view import LossView
from charembed_tui.training.baselines import Baseline
from charembed_tui.training.loss_log import Curve, bucketed

Array = NDArray[np.float64]

_RUN_COLOURS = 6
_NAMES = (
    *("curve", "held-out", "switch", "baseline", "cursor", "best"),
    *(f"run-{i}" for i in range(_RUN_COLOURS)),
)
_SWITCH, _BASELINE, _CURSOR, _BEST, _RUN = map(
    _NAMES.index, ("switch", "baseline", "cursor", "best", "run-0")
)
_INKS_OF_MANY = (0, 1, *range(_RUN, len(_NAMES)))  # in turns
_LEVEL = 1e-9  # nats or bits: what differs less is one height
# Of the curves' range: lines farther off are not drawn. Those that tell how good it could be may
# take half of the height.
_BASELINE_ROOM, _HONEST_ROOM = 0.3, 1.0


class LossPlot(Plot, can_focus=True):
    """Losses are drawn as curves, with switches of optimizer, baselines and a cursor.

    Norms of several blocks are drawn the same way, each curve with its name at its end.
    """

    INKS: ClassVar[tuple[str, ...]] = tuple(f"loss--{name}" for name in _NAMES)
    COMPONENT_CLASSES: ClassVar[set[str]] = {*INKS}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Read the number to the left", show=False),
        Binding("right", "move(1)", "Read the number to the right", show=False),
    ]

    @dataclass
    class CursorMoved(Message):
        """The cursor is on another place, or gone."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._curves: tuple[Curve, ...] = ()
        self._names: tuple[str, ...] = ()
        self._past: dict[int, Curve] = {}
        self._best: int | None = None
        self._switches: tuple[int, ...] = ()
        self._baselines: tuple[Baseline, ...] = ()
        self._view = LossView()
        self._cursor: int | None = None  # a column of the canvas
        self._horizontal: tuple[float, float] | None = None  # the axis

    def show(
        self,
        curves: Sequence[Curve],
        past: Mapping[int, Curve],
        switches: tuple[int, ...],
        baselines: tuple[Baseline, ...],
        view: LossView,
        best: int | None = None,
        names: Sequence[str] = (),
    ) -> None:
        """Draw curves, the first being the training loss; or norms.

        Args:
            curves: of this run.
            past: of other runs, by their numbers, which say what colour they have.
            switches: steps at which the optimizer was changed.
            baselines: losses of simpler models.
            view: how losses are looked at.
            best: the step with the lowest held-out loss; what comes after it is shaded.
            names: of the curves, where they are to be read at their ends.
        """
        at_once = view != self._view
        self._curves, self._past, self._best = tuple(curves), dict(past), best
        self._names = tuple(names)
        self._switches, self._baselines, self._view = switches, baselines, view
        self.redraw(at_once=at_once)

    def run_style(self, number: int) -> Style:
        """Return the colour of another run's curve."""
        return self.ink(self.INKS[_RUN + number % _RUN_COLOURS])

    def reading(self) -> tuple[float, tuple[float, ...]] | None:
        """Return where on the horizontal axis the cursor is, and each curve's last value there."""
        if self._cursor is None or self._horizontal is None or not self._curves:
            return None
        left, right = self._horizontal
        x = left + self._cursor / max(1, self.canvas.columns - 1) * (right - left)
        x = 10**x - self._view.log_offset if self._view.log_x else x
        values, last = [], 0.0
        for xs, ys in (points(curve, self._view) for curve in self._curves):
            if not len(xs):
                values.append(math.nan)  # nothing of it can be drawn
                continue
            last = max(last, float(xs[-1]))
            values.append(float(ys[max(0, int(np.searchsorted(xs, x, "right")) - 1)]))
        return min(x, last), tuple(values)

    def action_move(self, by: int) -> None:
        """Move the cursor by a column."""
        last = self.canvas.columns - 1
        self._point(min(max(0, (last if self._cursor is None else self._cursor) + by), last))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Read the number under the mouse."""
        column = event.x - self.canvas.left
        self._point(column if 0 <= column < self.canvas.columns else None)

    def on_leave(self) -> None:
        """Take the cursor away with the mouse."""
        self._point(None)

    def on_blur(self) -> None:
        """Take the cursor away: the keys act elsewhere."""
        self._point(None)

    def _point(self, column: int | None) -> None:
        if column != self._cursor:
            self._cursor = column
            self.redraw(at_once=True)
            self.post_message(self.CursorMoved())

    @property
    def has_data(self) -> bool:
        """Whether there is a curve to draw."""
        return bool(self._curves or self._past)

    def picture(self, canvas: Canvas) -> Picture:
        """Draw lines through two points a column at the most."""
        view = self._view
        curves = [(_RUN + n % _RUN_COLOURS, curve) for n, curve in self._past.items()]
        # The first on top.
        curves += reversed(list(zip(self._curve_inks(), self._curves, strict=True)))
        drawn = [
            (ink, *self._scaled(*bucketed(*points(curve, view), canvas.columns)))
            for ink, curve in curves
        ]
        drawn = [(ink, x, y) for ink, x, y in drawn if len(x)]
        if not drawn:
            self._horizontal = None
            return NOTHING
        low = min(float(y.min()) for *_, y in drawn)
        high = max(float(y.max()) for *_, y in drawn)
        levels = self._baseline_levels(low, high)
        low, high = min([low, *levels.values()]), max([high, *levels.values()])
        low, high = _rounded_outward(low, high)
        left = min(float(x[0]) for _, x, _ in drawn) if view.log_x else 0.0
        right = max(float(x[-1]) for _, x, _ in drawn)
        offset = view.log_offset if view.log_x else 0.0
        end = _rounded_up(10**right - offset if view.log_x else right)
        right = math.log10(end + offset) if view.log_x else end
        right = max(right, left + _least_length(view))
        self._horizontal = left, right
        per_x = (canvas.columns - 1) / (right - left)
        per_y = (canvas.rows - 1) / (high - low)
        ends = (0, canvas.columns - 1), (0, canvas.rows - 1)
        strokes, names = [], []
        best = self._best_place()
        star = None
        if best is not None and left <= best[0] < right:
            star = Sign(round((best[0] - left) * per_x), round((best[1] - low) * per_y), "★", _BEST)
        right_of: dict[int, int] = {}  # where the names in a row begin
        for name, level in levels.items():
            row = round((level - low) * per_y)
            strokes.append(Stroke(ends[0], (row, row), "╌", _BASELINE))
            begin = right_of.get(row, canvas.columns + 1) - 1 - len(name)
            if star is not None and star.row == row and 0 <= star.column - begin < len(name):
                begin = star.column - 1 - len(name)
            if begin >= 0 or row not in right_of:
                begin = max(0, begin)
                names.append(Sign(begin, row, name[: canvas.columns], _BASELINE))
                right_of[row] = begin
        for step in self._switches:
            place = self._at_step(step)
            if place is not None and left <= place <= right:
                column = round((place - left) * per_x)
                strokes.append(Stroke((column, column), ends[1], "┆", _SWITCH))
        for ink, x, y in drawn:
            columns, rows = _dots((x - left) * per_x, (y - low) * per_y)
            strokes.append(Stroke(tuple(columns.tolist()), tuple(rows.tolist()), "braille", ink))
        if star is not None:
            names.append(star)
        if self._cursor is not None:
            strokes.append(Stroke((self._cursor, self._cursor), ends[1], "│", _CURSOR))
        names += self._names_at_ends(canvas, lambda y: (y - low) * per_y)
        most = canvas.columns // 12
        horizontal = _ticks(left, right, canvas.columns, most, view.log_x, offset)
        vertical = _ticks(low, high, canvas.rows, canvas.rows // 3, view.log_y)
        return Picture(tuple(strokes), tuple(names), horizontal, vertical, star and star.column + 1)

    def _best_place(self) -> tuple[float, float] | None:
        """Return where the best step is on both axes, if training went on after it."""
        if self._best is None or not self._curves or self._best >= self._curves[0].steps[-1]:
            return None
        x, curve = self._at_step(self._best), self._curves[-1]
        y = self._view.loss(float(np.interp(self._best, curve.steps, curve.losses)))
        if x is None or (self._view.log_y and y <= 0):
            return None
        return x, math.log10(y) if self._view.log_y else y

    def _curve_inks(self) -> list[int]:
        return [_INKS_OF_MANY[i % len(_INKS_OF_MANY)] for i in range(len(self._curves))]

    def _names_at_ends(self, canvas: Canvas, row_of: Callable[[float], float]) -> list[Sign]:
        """Return the curves' names beside where they end, one above the other where they meet."""
        signs: list[Sign] = []
        for name, ink, curve in zip(self._names, self._curve_inks(), self._curves, strict=False):
            _, y = self._scaled(*points(curve, self._view))
            if not len(y):
                continue
            end = row_of(float(y[-1]))
            nearest = sorted(range(canvas.rows), key=lambda row, end=end: abs(row - end))  # type: ignore[misc]
            taken = {sign.row for sign in signs}
            free = [row for row in nearest if row not in taken]
            if not free:
                break
            name = name[: canvas.columns]
            signs.append(Sign(canvas.columns - len(name), free[0], name, ink))
        return signs

    def _scaled(self, x: Array, y: Array) -> tuple[Array, Array]:
        return (
            np.log10(x + self._view.log_offset) if self._view.log_x else x,
            np.log10(y) if self._view.log_y else y,
        )

    def _baseline_levels(self, low: float, high: float) -> dict[str, float]:
        """Return names and heights of the baselines near enough to the curves."""
        if self._view.baselines == "off":
            return {}
        result = {}
        for baseline in self._baselines:
            y = self._view.loss(baseline.loss)
            y = math.log10(y) if self._view.log_y and y > 0 else y
            share = _HONEST_ROOM if baseline.is_honest else _BASELINE_ROOM
            room = share * (high - low) or 0.3
            if low - room <= y <= high + room:
                result[baseline.short] = y
        return result

    def _at_step(self, step: int) -> float | None:
        """Return where a step is on the horizontal axis."""
        curve = self._curves[0]
        if not len(curve):
            return None
        x = float(np.interp(step, curve.steps, getattr(curve, self._view.against)))
        if self._view.log_x:
            x += self._view.log_offset
            return math.log10(x) if x > 0 else None
        return x


def _dots(columns: Array, rows: Array) -> tuple[Array, Array]:
    """Put a curve on braille dots, without those inside of level stretches, which need none.

    So a picture changes only when a dot does.

    Args:
        columns: (n,), of the points, in cells.
        rows: (n,).
    """
    x, y = np.rint(2 * columns + 0.5), np.rint(4 * rows + 1.5)  # 2 x 4 dots a cell
    # NaN differs from everything, so the ends stay.
    visible = (np.diff(y, prepend=np.nan) != 0) | (np.diff(y, append=np.nan) != 0)
    return (x[visible] - 0.5) / 2, (y[visible] - 1.5) / 4


def _least_length(view: LossView) -> float:
    """Return how long the horizontal axis is at least: there is no part of a step."""
    if view.against != "steps":
        return 0.1
    return math.log10(2) if view.log_x else 1.0


def _step(most: float) -> float:
    """Return the largest of 1, 2, 5, 10 … that is not more."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(power * f for f in (1, 2, 5) if f == 1 or power * f <= most)


def _rounded_up(end: float) -> float:
    """Return where the horizontal axis ends: farther, so as not to move with every picture."""
    if end <= 0:
        return end
    step = _step(end / 10)
    return math.ceil(end / step) * step


def _rounded_outward(low: float, high: float) -> tuple[float, float]:
    """Return the ends of the vertical axis: wider than the data, also where the data are level."""
    span = high - low if high - low > _LEVEL else 0.5
    step, room = _step(span / 10), span / 50
    return math.floor((low - room) / step) * step, math.ceil((high + room) / step) * step


def _ticks(
    low: float, high: float, cells: int, most: int, logarithmic: bool, offset: float = 0.0
) -> Ticks:
    """Return round numbers as labels; on a logarithmic axis v is at log10(v + offset)."""
    most = max(2, most)
    if not logarithmic:
        return linear_ticks(low, high, cells, most)
    ends = 10**low - offset, 10**high - offset
    powers = range(math.floor(low), math.ceil(high) + 1)
    values = [0.0] * (offset > 0) + [10.0**p for p in powers]
    values = [v for v in values if ends[0] - 1e-9 <= v <= ends[1] * (1 + 1e-9)]
    if len(values) < 2:  # less than a decade: round numbers at unequal distances
        values = [v for v in round_ticks(*ends, most) if v + offset > 0]
    return ticks(low, high, cells, [(math.log10(v + offset), short(v)) for v in values])
