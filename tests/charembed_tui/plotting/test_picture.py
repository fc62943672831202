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
from textual.strip import Strip
from waiting import until

from charembed_tui.plotting.embedding_plot import EmbeddingPlot
from charembed_tui.plotting.loss_plot import _dots, _rounded_outward, _rounded_up
from charembed_tui.plotting.picture import Canvas, Picture, Sign, Stroke, Ticks, drawn
from charembed_tui.plotting.picture import plotext as prepared
from charembed_tui.widgets.line import Line, Lines

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
        signal = figure.signal(list(stroke.columns), list(stroke.rows), marker=stroke.character)
        figure.draw(signal.lines())
    for column, row, text, _ in picture.signs:
        for right, character in enumerate(text):
            figure.draw(figure.signal([column + right], [row], marker=character))
    axes = (
        ("x", CANVAS.columns, picture.horizontal, 1),
        ("y", CANVAS.rows, picture.vertical, 6),
    )
    for name, cells, ticks, room in axes:
        figure.ruler(name).lim(0, cells - 1)
        figure.ruler(name).ticks(
            [at for at, _ in ticks], [f"{label:>{room}}" for _, label in ticks]
        )
    lines = figure.build().string(colorless=True).split("\n")
    figure.clear()
    figure.theme("colorless")
    return [line.rstrip() for line in lines if line]


def test_axes_without_ticks_have_none() -> None:
    found = drawn(Picture((), (Sign(3, 3, "a", 0),), (), ()), COLUMNS, ROWS)
    assert not set("┬┤") & set(found)
    assert {"┌", "└", "a"} <= set(found)


def some_ticks(cells: int) -> st.SearchStrategy[Ticks]:
    places = st.lists(st.integers(0, cells - 1), min_size=1, max_size=3, unique=True)
    return places.map(lambda at: tuple((c, str(c)) for c in sorted(at)))


columns, rows = st.integers(0, CANVAS.columns - 1), st.integers(0, CANVAS.rows - 1)
texts = st.sampled_from(["a", "x", "·", "unigram"])
signs = st.builds(Sign, columns, rows, texts, st.integers(0, 5)).filter(
    lambda sign: sign.column + len(sign.text) <= CANVAS.columns
)
strokes = st.lists(st.tuples(columns, rows), min_size=1, max_size=20).map(
    lambda points: Stroke(
        tuple(column for column, _ in points), tuple(row for _, row in points), "braille", 1
    )
)


@given(
    st.lists(strokes, max_size=2),
    st.lists(signs, max_size=30),
    some_ticks(CANVAS.columns),
    some_ticks(CANVAS.rows),
)
def test_frame_and_inside_are_what_plotext_draws_in_one(
    curves: list[Stroke], scattered: list[Sign], horizontal: Ticks, vertical: Ticks
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


async def test_only_lines_that_have_changed_are_displayed_anew() -> None:
    plot = Watched()
    plot.show_vocabulary(tuple("abc"))
    points = np.array([[0.0, 0.0], [1.0, 1.0], [0.4, 0.5]])
    plot.show(points, tuple)
    plot.toggle_frozen()  # ticks stay
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
        await until(lambda: plot.size == (50, 18))
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


@given(st.floats(-3, 9), st.floats(0, 9).map(lambda span: span if span > 1e-6 else 0.0))
def test_the_vertical_axis_is_a_little_higher_than_the_curves(low: float, span: float) -> None:
    high = low + span
    bottom, top = _rounded_outward(low, high)
    assert bottom < low
    assert high < top
    assert top - bottom <= 1.25 * (high - low or 0.5) + 1e-9


@given(st.lists(st.floats(0, 9), min_size=1, max_size=60))
def test_a_curve_on_dots_is_where_it_was(values: list[float]) -> None:
    x, y = np.arange(len(values)) / 2 - 0.25, np.array(values)
    columns, rows = _dots(x, y)
    assert columns[[0, -1]].tolist() == x[[0, -1]].tolist()
    assert (np.abs(np.interp(x, columns, rows) - y) <= 0.125 + 1e-9).all()


def test_a_level_curve_is_two_points_and_stays_while_no_dot_changes() -> None:
    x, y = np.arange(50) / 2 - 0.25, np.full(50, 3.0)
    columns, rows = _dots(x, y)
    assert len(columns) == len(rows) == 2
    again = _dots(x + 0.05, y + 0.04)
    assert [a.tolist() for a in again] == [columns.tolist(), rows.tolist()]


@pytest.mark.parametrize(("column", "row"), [(0, 0), (3, 2), (19, 8)])
@pytest.mark.parametrize("right", [0, 1])
@pytest.mark.parametrize("up", [0, 1, 2, 3])
def test_plotext_has_its_dots_where_curves_are_put(
    column: int, row: int, right: int, up: int
) -> None:
    place = np.array([column + right / 2 - 0.25]), np.array([row + up / 4 - 0.375])
    dots = _dots(*place)
    assert [d.tolist() for d in dots] == [p.tolist() for p in place]
    stroke = Stroke(tuple(dots[0].tolist()), tuple(dots[1].tolist()), "braille", 0)
    lines = plain(drawn(Picture((stroke,), (), (), ()), 28, 12))
    canvas = Canvas.of(28, 12)
    bit = [(0x40, 0x80), (0x04, 0x20), (0x02, 0x10), (0x01, 0x08)][up][right]
    assert lines[canvas.top + canvas.rows - 1 - row][canvas.left + column] == chr(0x2800 + bit)


class Counted(Lines):
    """Counts how often it makes a row."""

    made = 0

    def render_line(self, y: int) -> Strip:
        self.made += 1
        return super().render_line(y)


async def test_lines_are_made_again_only_when_they_may_have_changed() -> None:
    lines = Counted()
    async with OneWidget(lines).run_test(size=(20, 4)) as pilot:
        lines.show([[Segment("one")], [Segment("two")]])
        await pilot.pause()
        whole = Region(0, 0, *lines.size)
        assert lines.render_lines(whole)[1].text.rstrip() == "two"
        lines.made = 0
        lines.show([[Segment("one")], [Segment("two")]])
        lines.render_lines(whole)
        assert lines.made == 0
        lines.show([[Segment("one")], [Segment("zwei")]])
        assert lines.render_lines(whole)[1].text.rstrip() == "zwei"
        assert lines.made > 0
        lines.made = 0
        pilot.app.theme = "textual-light"
        await pilot.pause()
        assert lines.made > 0
        await pilot.resize_terminal(12, 4)
        assert len(lines.render_lines(Region(0, 0, *lines.size))[0].text) == 12
