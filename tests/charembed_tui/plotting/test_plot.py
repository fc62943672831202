"""Plots keep their frame, whatever characters they show."""

from typing import Any

import numpy as np
import pytest
from one_widget import OneWidget
from required import required
from rich.cells import cell_len

from charembed_tui.coordinates.axes import Axes, Scale
from charembed_tui.coordinates.views import Components
from charembed_tui.plotting.embedding_plot import EmbeddingPlot
from charembed_tui.plotting.loss_plot import LossPlot
from charembed_tui.settings.loss_view import SCALES, LossView
from charembed_tui.training.baselines import Baseline
from charembed_tui.training.loss_log import Curve


async def lines(plot: Any, size: tuple[int, int]) -> list[str]:
    app = OneWidget(plot)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        return [plot.render_line(y).text for y in range(plot.size.height)]


def embedding(characters: str) -> EmbeddingPlot:
    plot = EmbeddingPlot()
    plot.show_vocabulary(tuple(characters))
    points = np.random.default_rng(0).normal(size=(len(characters), 3))
    plot.turn_to(Components(0, 2))
    plot.show(points, tuple)
    return plot


@pytest.mark.parametrize(
    "characters", ["abc \n\t", "世界和平かな", "e\u0301a\u0300\u0308", "😀🎉xy\x00\x1b"]
)
async def test_glyphs_do_not_shift_the_frame(characters: str) -> None:
    shown = await lines(embedding(characters), (60, 20))
    assert {cell_len(line) for line in shown} == {60}
    body = [line for line in shown if line.rstrip().endswith("│")]
    assert len(body) > 10
    assert {cell_len(line.rstrip()) for line in body} == {60}


async def test_both_axes_of_a_map_have_several_numbers() -> None:
    shown = await lines(embedding("abcdefghijklmnopqrstuvwxyz"), (60, 20))
    assert len(shown[-1].split()) >= 3
    assert len([line for line in shown if "┤" in line]) >= 3


async def test_every_character_is_drawn() -> None:
    shown = "".join(await lines(embedding("aZ7 \n;世"), (100, 40)))
    assert all(glyph in shown for glyph in "aZ7␣⏎;世")


def falling(most: float = 2.0) -> Curve:
    steps = np.arange(0.0, 500.0)
    return Curve(steps, steps / 100, steps / 10, 2 + most * np.exp(-steps / 50))


@pytest.mark.parametrize("scale", SCALES)
async def test_curves_are_drawn_with_their_numbers(scale: str) -> None:
    plot = LossPlot()
    plot.show([falling()], {3: falling(1.0)}, (100,), (), LossView(scale=scale))
    text = "\n".join(await lines(plot, (60, 20)))
    assert ("100" if "x" in scale or "both" in scale else "200") in text
    assert "4" in text
    assert any("\u2800" < c <= "\u28ff" for c in text)


async def test_what_comes_after_the_best_step_is_shaded() -> None:
    for best, expected in ((20, True), (499, False), (None, False)):
        plot = LossPlot()
        plot.show([falling()], {}, (), (), LossView(), best)
        text = "\n".join(await lines(plot, (60, 20)))
        assert ("★" in text) is expected
        picture = plot.picture(plot.canvas)
        assert (picture.shaded_from is not None) is expected
    plot = LossPlot()
    plot.show([falling()], {}, (), (), LossView(), 20)
    async with OneWidget(plot).run_test(size=(60, 20)):
        canvas = plot.canvas
        first = required(plot.picture(canvas).shaded_from)
        assert first - 1 == round(np.log10(21) / np.log10(501) * (canvas.columns - 1))
        for y in range(canvas.rows):
            row = plot.render_line(canvas.top + y)
            _, before, shaded, _ = row.divide(
                [canvas.left, canvas.left + first, canvas.left + canvas.columns, 60]
            )
            backgrounds = [{required(s.style).bgcolor for s in part} for part in (before, shaded)]
            assert len(backgrounds[1]) == 1
            assert backgrounds[1].isdisjoint(backgrounds[0])


async def test_step_0_is_on_a_logarithmic_axis_of_steps() -> None:
    plot = LossPlot()
    plot.show([falling()], {}, (), (), LossView())
    assert LossView().log_x
    top = await lines(plot, (60, 20))
    assert [label for label in top[-1].split() if label.isdigit()] == ["0", "1", "10", "100"]
    assert min(row.find(c) for row in top for c in row if "\u2800" < c <= "\u28ff") == 7


async def test_before_the_first_step_the_axis_has_no_parts_of_steps() -> None:
    plot = LossPlot()
    start = Curve(*np.array([[0.0], [0.0], [0.0], [4.0]]))
    plot.show([start], {}, (), (), LossView())
    assert (await lines(plot, (60, 20)))[-1].split() == ["0", "1"]


async def test_lines_of_simpler_models_are_named_where_they_are_near() -> None:
    plot = LossPlot()
    near, far = Baseline("n", "near", 2.2), Baseline("f", "far", 9.0)
    plot.show([falling()], {}, (), (near, far), LossView())
    text = "\n".join(await lines(plot, (60, 20)))
    assert "near" in text
    assert "far" not in text
    plot.show([falling()], {}, (), (near,), LossView(baselines="off"))
    assert "near" not in "\n".join(await lines(plot, (60, 20)))


async def test_the_number_under_the_cursor() -> None:
    plot = LossPlot()
    plot.show([falling()], {}, (), (), LossView(unit="bits", scale="linear"))
    app = OneWidget(plot)
    async with app.run_test(size=(60, 20)) as pilot:
        plot.focus()
        await pilot.press("right")
        x, (loss,) = required(plot.reading())
        assert x == pytest.approx(499)
        assert loss == pytest.approx(2 / np.log(2), abs=1e-3)
        await pilot.press("left", "left")
        assert required(plot.reading())[0] < x
        await pilot.hover(LossPlot, offset=(7, 5))
        x, (loss,) = required(plot.reading())
        assert x == 0
        assert loss == pytest.approx(4 / np.log(2))


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (3, 3), (7, 2), (200, 3)])
async def test_tiny_sizes_do_no_harm(size: tuple[int, int]) -> None:
    for plot in (embedding("abc"), LossPlot()):
        assert all(cell_len(line) == size[0] for line in await lines(plot, size))


async def test_nothing_to_show_is_an_empty_frame() -> None:
    for plot in (EmbeddingPlot(), LossPlot()):
        assert len(await lines(plot, (20, 5))) == 5


async def test_zoom_pan_and_hold() -> None:
    plot = embedding("abcdefgh")
    app = OneWidget(plot)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        whole, _ = required(plot.map.axes).ranges
        plot.zoom(1)
        assert plot.map.frozen
        held = required(plot.map.axes).ranges
        assert held[0].high - held[0].low < whole.high - whole.low
        points = np.random.default_rng(1).normal(size=(8, 3)) * 9
        plot.show(points, tuple)
        assert required(plot.map.axes).ranges == held
        plot.pan(1, 0)
        panned = required(plot.map.axes).ranges
        assert panned[0].low > held[0].low
        assert panned[1] == held[1]
        plot.fit()
        assert not plot.map.frozen
        assert plot.map.axes == Axes.around(points[:, [0, 2]], Scale.LENS)


async def test_the_cursor_goes_where_the_arrows_and_the_mouse_say() -> None:
    plot = EmbeddingPlot()
    plot.show_vocabulary(tuple("abcde"))
    places = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1.0]])
    plot.show(places, lambda: [places * 0.5])
    app = OneWidget(plot)
    async with app.run_test(size=(60, 20)) as pilot:
        plot.focus()
        for key, expected in (
            ("down", "a"),
            ("right", "b"),
            ("left", "a"),
            ("up", "d"),
            ("down", "a"),
            ("left", "c"),
        ):
            await pilot.press(key)
            assert "abcde"[required(plot.cursor)] == expected
        await pilot.pause()
        text = "\n".join(plot.render_line(y).text for y in range(20))
        assert "·" in text  # the trail
        column, row, *_ = required(plot.map.places[3])
        await pilot.click(plot, offset=(plot.canvas.left + column, plot.canvas.rows - row))
        assert plot.cursor == 3
        await pilot.click(plot, offset=(plot.canvas.left + 1, 2))
        assert plot.cursor is None


async def test_characters_without_room_are_counted() -> None:
    plot = EmbeddingPlot()
    plot.show_vocabulary(tuple(chr(0x100 + i) for i in range(400)))
    plot.show(np.random.default_rng(0).normal(size=(400, 2)), tuple)
    await lines(plot, (30, 10))
    places = [place for place in plot.map.places if place is not None]
    assert plot.map.hidden == 400 - len(places) > 0
    assert len({place[:2] for place in places}) == len(places)


@pytest.mark.parametrize("best", [20, 300, 440, 470, 490])
async def test_the_star_stands_on_no_name(best: int) -> None:
    curve = falling()
    level = float(curve.losses[best])
    near = tuple(Baseline(name, name, level + i / 1e4) for i, name in enumerate(["first", "next"]))
    plot = LossPlot()
    plot.show([curve], {}, (), near, LossView(), best)
    text = "\n".join(await lines(plot, (60, 20)))
    assert all(name in text for name in ("first", "next", "★"))


async def test_names_of_baselines_in_one_row_stand_side_by_side() -> None:
    plot = LossPlot()
    near = tuple(Baseline(name, name, 2.3 + i / 1e4) for i, name in enumerate(["first", "second"]))
    plot.show([falling()], {}, (), near, LossView())
    drawn = "".join(await lines(plot, (60, 20)))
    assert "first" in drawn
    assert "second" in drawn
