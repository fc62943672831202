"""The map on the screen: from which side, what alone, with which legend."""

from __future__ import annotations

import sys
from itertools import pairwise

import pytest
from one_widget import OneWidget
from required import required
from rich.style import Style
from textual.pilot import Pilot
from textual.widgets import Input
from waiting import until

from charembed_tui.app import CharembedApp
from charembed_tui.coordinates.axes import Scale
from charembed_tui.coordinates.views import Components, Difference, Neighbours
from charembed_tui.laboratory.legend import Legend
from charembed_tui.screens.difference import DifferenceScreen
from charembed_tui.screens.isolate import IsolateScreen
from charembed_tui.text.glyphs import CharacterClass
from charembed_tui.training.snapshot import SessionState

SIZE, SMALL = (120, 36), (80, 24)


async def trained(app: CharembedApp, pilot: Pilot[None], size: tuple[int, int] = SIZE) -> None:
    """Begun on a small screen, since what is folded by then is never made."""
    await pilot.press("space")
    await until(lambda: app.laboratory.snapshot.step > 40)
    await pilot.press("space")
    await until(lambda: app.laboratory.snapshot.state is SessionState.PAUSED)
    await pilot.resize_terminal(*size)
    await until(lambda: app.screen.size == size)
    newest = app.laboratory.snapshot
    await until(lambda: app.laboratory.panes._drawn is newest)


async def test_axes_scales_and_characters_as_one_chooses(
    app: CharembedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await trained(app, pilot)
        # The first step has axes of its own.
        pane = app.laboratory.panes.embedding
        plot = pane.plot
        last = required(plot.map.axes)
        await pilot.press("{")
        await until(lambda: plot.map.axes != last)
        first = required(app.laboratory.session.trajectory.at(0))
        embeddings = app.laboratory.snapshot.model.embeddings(first.theta)
        points = Components().project(embeddings).points
        assert plot.map.axes == type(last).around(points, Scale.LENS)
        await pilot.press("}")
        await until(lambda: plot.map.axes != type(last).around(points, Scale.LENS))

        # An axis of one's own.
        plot.select(app.laboratory.corpus.vocabulary.index("a"))
        await pilot.press("A")
        await until(lambda: isinstance(app.screen, DifferenceScreen))
        start, end = app.screen.query(Input)
        assert start.value == "a"
        end.value = "€"
        end.focus()
        await pilot.press("enter")
        await until(lambda: "no €" in str(app.screen.query_one("#difference-note").render()))
        end.value = "capitals"
        await pilot.press("enter")
        await until(lambda: isinstance(plot.map.view, Difference))
        assert "from a to capitals" in str(pane.border_title)
        # Another key leads back to components.
        await pilot.press("x")
        assert isinstance(plot.map.view, Components)

        # A class or a selection alone.
        vocabulary = app.laboratory.corpus.vocabulary

        def visible() -> str:
            return "".join(c for c, p in zip(vocabulary, plot.map.places, strict=True) if p)

        await until(lambda: len(visible()) > 40)
        plot.select(vocabulary.index("B"))
        await pilot.press("I")
        await until(lambda: isinstance(app.screen, IsolateScreen))
        app.screen.query_one(Input).focus()
        await pilot.press(*"aeiou", "enter")
        await until(lambda: visible() == "aeiou")
        assert "only aeiou" in str(pane.border_subtitle)
        assert plot.cursor is None
        legend = pane.query_one(Legend)
        await pilot.click(legend, offset=(1, 0))
        await until(lambda: "only vowels" in str(pane.border_subtitle))
        await pilot.click(legend, offset=(1, 0))
        await until(lambda: len(visible()) > 40)
        assert "only" not in str(pane.border_subtitle)

        # Scales take turns and are named.
        for scale in (*list(Scale)[1:], *list(Scale)):
            await pilot.press("z")
            assert required(plot.map.axes).scale is scale
            assert str(pane.border_title).endswith(scale.value)

        # Without scikit-learn, neighbours' key says how to get it.
        monkeypatch.setitem(sys.modules, "sklearn", None)
        view = plot.map.view
        await pilot.press("N")
        await until(lambda: any("pip install" in n.message for n in app._notifications))
        assert plot.map.view == view


async def test_neighbours_are_laid_out_on_a_thread(app: CharembedApp) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    async with app.run_test(size=SMALL) as pilot:
        await trained(app, pilot)
        pane = app.laboratory.panes.embedding
        await pilot.press("N")
        assert "comes" in str(pane.border_title)  # meanwhile the map is as it was
        await until(lambda: required(pane.plot.map.projection).view == Neighbours())
        first = required(pane.plot.map.projection).points
        await pilot.press("n")
        await until(lambda: required(pane.plot.map.projection).points is not first)
        assert required(pane.plot.map.projection).view == Neighbours()
        await pilot.press("N")
        assert required(pane.plot.map.projection).view == Components()


@pytest.mark.parametrize("columns", [200, 60, 30, 20, 13])
async def test_the_legend_is_never_cut(columns: int) -> None:
    legend = Legend()
    async with OneWidget(legend).run_test(size=(columns, 40)) as pilot:
        legend.show([(kind, Style()) for kind in CharacterClass])
        await pilot.pause()
        rows = legend.rows(columns)
        await until(lambda: legend.size.height == len(rows))
        text = [legend.render_line(y).text for y in range(len(rows))]
        assert " ".join(" ".join(text).split()) == " ".join(k.value for k in CharacterClass)
        assert all(len(line) == columns for line in text)
        for line, following in pairwise(rows):  # no row begins before it has to
            used = len(" ".join(kind.value for kind, _ in line))
            assert used + 1 + len(following[0][0].value) > columns


PARTS = {"4": "#embedding", "5": "#loss", "6": "#generation"}


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_one_part_fills_the_screen_over_a_caption(
    app: CharembedApp, size: tuple[int, int]
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await trained(app, pilot, size)
        for key, part in PARTS.items():
            await _fills_the_screen(app, pilot, key, part)


async def _fills_the_screen(app: CharembedApp, pilot: Pilot[None], key: str, part: str) -> None:
    pane, footer, size = app.query_one(part), app.laboratory.panes.footer, app.size
    before = pane.region
    assert before.size != (size.width, size.height - 1)
    await pilot.press(key)
    await until(lambda: pane.region.size == (size.width, size.height - 1))
    await until(lambda: "the_salt_crown" in footer.render_line(0).text)
    step = app.laboratory.snapshot.step
    assert f"step {step:,}" in footer.caption
    assert footer.region.height == 1
    # The same key, esc, or a key that is about something else leads back.
    other = "j" if part == "#embedding" else "m"
    for leave in (key, "escape", other):
        await pilot.press(leave)
        await until(lambda: pane.region.width < size.width or pane.region == before)
        await until(lambda: not footer.caption)
        await pilot.press("escape", key)
        await until(lambda: pane.region.size == (size.width, size.height - 1))
    await pilot.press(key)
    await until(lambda: not footer.caption)
