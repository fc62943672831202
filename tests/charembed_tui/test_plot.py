"""Plots keep their frame, whatever characters they show."""

from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from charembed_tui.widgets.embedding_pane import EmbeddingPlot, Range
from charembed_tui.widgets.loss_pane import LossPlot


class PlotApp(App[None]):
    def __init__(self, plot: Any) -> None:
        super().__init__()
        self.plot = plot

    def compose(self) -> ComposeResult:
        yield self.plot


async def lines(plot: Any, size: tuple[int, int]) -> list[str]:
    app = PlotApp(plot)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        return [plot.render_line(y).text for y in range(plot.size.height)]


def embedding(characters: str) -> EmbeddingPlot:
    plot = EmbeddingPlot()
    plot.show_vocabulary(tuple(characters))
    points = np.random.default_rng(0).normal(size=(len(characters), 3))
    plot.show(points, (0, 2))
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


async def test_every_character_is_drawn() -> None:
    shown = "".join(await lines(embedding("aZ7 \n;世"), (100, 40)))
    assert all(glyph in shown for glyph in "aZ7␣⏎;世")


async def test_curves_are_drawn_with_their_numbers() -> None:
    plot = LossPlot()
    steps = np.arange(0.0, 500.0)
    plot.show((steps, 2 + 2 * np.exp(-steps / 50)))
    text = "\n".join(await lines(plot, (60, 20)))
    assert "200" in text
    assert "4." in text
    assert any("\u2800" < c <= "\u28ff" for c in text)


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (3, 3), (7, 2), (200, 3)])
async def test_tiny_sizes_do_no_harm(size: tuple[int, int]) -> None:
    for plot in (embedding("abc"), LossPlot()):
        assert all(cell_len(line) == size[0] for line in await lines(plot, size))


async def test_nothing_to_show_is_an_empty_frame() -> None:
    for plot in (EmbeddingPlot(), LossPlot()):
        assert len(await lines(plot, (20, 5))) == 5


def test_a_range_stays_while_the_values_fit_and_fill_it() -> None:
    first = Range(0.0, -1.0).following(np.array([0.0, 10.0]))
    assert first.low < 0.0
    assert first.high > 10.0
    assert first.following(np.array([0.5, 10.5])) is first
    assert first.following(np.array([0.0, 12.0])).high > 12.0
    assert first.following(np.array([4.0, 6.0])).high < 7.0
    point = Range(0.0, -1.0).following(np.array([3.0, 3.0]))
    assert point.low < 3.0 < point.high
