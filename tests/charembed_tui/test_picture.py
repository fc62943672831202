"""Pictures: what plotext makes of them, and that only what has changed is shown anew."""

import re
from typing import Any

import numpy as np
import plotext
import pytest
from hypothesis import given
from hypothesis import strategies as st
from one_widget import OneWidget
from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Region

from charembed_tui.widgets.embedding_plot import EmbeddingPlot
from charembed_tui.widgets.line import Line
from charembed_tui.widgets.loss_plot import _rounded_up, _without_flats
from charembed_tui.widgets.picture import Axis, Canvas, Picture, Sign, Stroke, drawn
from charembed_tui.widgets.picture import plotext as prepared

COLUMNS, ROWS = 40, 15
CANVAS = Canvas.of(COLUMNS, ROWS)


def in_one_figure(picture: Picture) -> list[str]:
    """The same by plotext alone: frame and marks at once, without colours."""
    prepared()
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(COLUMNS, ROWS)
    for stroke in picture.strokes:
        signal = figure.signal(list(stroke.xs), list(stroke.ys), marker=stroke.character)
        figure.draw(signal.lines())
    for column, row, character, _ in picture.signs:
        figure.draw(figure.signal([column], [row], marker=character))
    for name, axis, room in (("x", picture.horizontal, 1), ("y", picture.vertical, 6)):
        figure.ruler(name).lim(axis.low, axis.high)
        figure.ruler(name).ticks(
            [at for at, _ in axis.ticks], [f"{label:>{room}}" for _, label in axis.ticks]
        )
    lines = figure.build().string(colorless=True).split("\n")
    figure.clear()
    figure.theme("colorless")
    return [line.rstrip() for line in lines if line]


def axis(cells: int) -> st.SearchStrategy[Axis]:
    ticks = st.lists(st.integers(0, cells - 1), min_size=1, max_size=3, unique=True)
    return ticks.map(lambda at: Axis(0, cells - 1, tuple((c, str(c)) for c in sorted(at))))


columns, rows = st.integers(0, CANVAS.columns - 1), st.integers(0, CANVAS.rows - 1)
signs = st.builds(Sign, columns, rows, st.sampled_from("abcxyz·"), st.integers(0, 5))
strokes = st.lists(st.tuples(columns, rows), min_size=1, max_size=20).map(
    lambda points: Stroke(*(tuple(c) for c in zip(*points, strict=True)), "braille", 1)
)


@given(
    st.lists(strokes, max_size=2),
    st.lists(signs, max_size=30),
    axis(CANVAS.columns),
    axis(CANVAS.rows),
)
def test_frame_and_inside_are_what_plotext_draws_in_one(
    curves: list[Stroke], scattered: list[Sign], horizontal: Axis, vertical: Axis
) -> None:
    picture = Picture(tuple(curves), tuple(scattered), horizontal, vertical)
    text = plain(drawn(picture, COLUMNS, ROWS))
    assert [line.rstrip() for line in text if line] == in_one_figure(picture)


def plain(text: str) -> list[str]:
    return re.sub(r"\x1b\[[0-9;]*m", "", text).split("\n")


class Watched(EmbeddingPlot):
    """Notes which lines it shows anew."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []

    def refresh(self, *regions: Region, **keywords: Any) -> Any:
        self.lines += [region.y for region in regions] if regions else [-1]
        return super().refresh(*regions, **keywords)


def show(plot: EmbeddingPlot, points: np.ndarray) -> None:
    plot.show(points, tuple)
    plot.redraw(at_once=True)


async def test_only_lines_that_have_changed_are_shown_anew() -> None:
    plot = Watched()
    plot.show_vocabulary(tuple("abc"))
    points = np.array([[0.0, 0.0], [1.0, 1.0], [0.4, 0.5]])
    plot.show(points, tuple)
    aside = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    async with OneWidget(plot).run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        before = [plot.render_line(y).text for y in range(20)]
        plot.lines.clear()
        show(plot, points + 1e-9 * aside)
        assert plot.lines == []
        show(plot, points + 0.1 * aside)
        after = [plot.render_line(y).text for y in range(20)]
        changed = [y for y in range(20) if before[y] != after[y]]
        assert plot.lines == changed
        assert len(changed) == 1
        # What a new theme or size changes is shown whole.
        pilot.app.theme = "textual-light"
        await pilot.pause()
        assert -1 in plot.lines
        await pilot.resize_terminal(50, 18)
        assert [cell_len(plot.render_line(y).text) for y in range(18)] == [50] * 18


class Words(Line):
    def segments(self, width: int) -> list[Segment]:
        return [Segment("one "), Segment("世界"), Segment(" three")]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [(20, "one 世界 three      "), (14, "one 世界 three"), (10, "one 世界 …"), (1, "…")],
)
async def test_a_line_fills_its_width_and_ends_in_an_ellipsis(columns: int, expected: str) -> None:
    words = Words()
    async with OneWidget(words).run_test(size=(columns, 2)) as pilot:
        await pilot.pause()
        assert words.size.height == 1
        assert words.render_line(0).text == expected


@given(st.floats(1e-6, 1e9))
def test_an_axis_ends_a_little_after_its_curve(end: float) -> None:
    assert end <= _rounded_up(end) * (1 + 1e-12)
    assert _rounded_up(end) <= 1.1 * end * (1 + 1e-9)


@given(st.lists(st.floats(0, 9), min_size=1, max_size=60))
def test_a_curve_without_its_flats_is_where_it_was(values: list[float]) -> None:
    x, y = np.arange(float(len(values))), np.array(values)
    fewer_x, fewer_y = _without_flats(x, y, 0.5)
    assert (fewer_x[0], fewer_x[-1]) == (x[0], x[-1])
    assert (np.abs(np.interp(x, fewer_x, fewer_y) - y) <= 0.5 + 1e-9).all()


def test_a_flat_curve_is_two_points() -> None:
    x, y = _without_flats(np.arange(50.0), np.full(50, 3.0), 0.1)
    assert x.tolist() == [0, 49]
    assert y.tolist() == [3, 3]
