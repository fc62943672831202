"""No word is cut, whatever the size of the screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dialog_parts import PartsDialog, kinds
from laboratory import laboratory
from rich.cells import cell_len
from rich.text import Text
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import DataTable, Input
from waiting import until, until_still

from charembed_tui.app import CharembedApp
from charembed_tui.laboratory.status_bar import StatusBar
from charembed_tui.screens.saved_runs import SavedRunsScreen
from charembed_tui.text.sample_texts import samples
from charembed_tui.widgets.folding import Summary
from charembed_tui.widgets.line import Line

DIALOGS = (
    "help",
    "choose_components",
    "find_character",
    "compare_runs",
    "open_saved_run",
    "sweep",
    "show_facts",
    "export",
    "through_time",
    "make_axis",
    "isolate",
)


def cut(screen: Screen[object]) -> Iterator[str]:
    """What is cut on a screen: titles, lines, placeholders, and what does not fit into its row."""
    for widget in screen.walk_children(Widget):
        region, parent = widget.region, widget.parent
        if not region or not all(w.display for w in widget.ancestors_with_self if w is not screen):
            continue
        for title in (widget._border_title, widget._border_subtitle):
            if title is not None and title.cell_length > region.width - 6:
                yield f"title: {title.plain}"
        words = widget.placeholder if isinstance(widget, Input) and not widget.value else ""
        if cell_len(str(words)) > widget.size.width:
            yield f"placeholder: {words}"
        if isinstance(widget, Line) and "…" in widget.render_line(0).text:
            yield f"line: {widget.render_line(0).text}"
        if isinstance(parent, Widget) and not parent.allow_horizontal_scroll:
            inside = parent.content_region
            if region.x < inside.x or region.right > inside.right:
                yield f"{widget} in {parent}"


async def resize(app: CharembedApp, pilot: Pilot[None], width: int, height: int) -> None:
    await pilot.resize_terminal(width, height)
    await until(lambda: app.screen.size == (width, height))
    await until_still(app)


async def test_no_word_is_cut(sample: Path) -> None:
    app = laboratory(sample, save_runs=True)  # of which there is one to list
    async with app.run_test(size=(120, 36)) as pilot:
        lab = app.laboratory
        await until(lambda: lab.snapshot.theta is not None and lab.panes.loss._baselines)
        await until(lambda: "nats" in lab.panes.status.text)
        await pilot.press("n")
        await until(lambda: lab.snapshot.step == 1 and lab.session.saved_as)
        for size in ((120, 36), (80, 24)):
            await resize(app, pilot, *size)
            for keys in ("1", "2", "m", "j", "3", "C", "C", "H", "H"):
                await pilot.press(keys)
                await until_still(app)
                assert list(cut(app.screen)) == [], (size, keys)
        # Dialogs have all the room they want on screens that are larger.
        await app.push_screen(PartsDialog())
        await until_still(app)
        measured = kinds(app.screen)
        await pilot.press("escape")
        for action in DIALOGS:
            await app.run_action(action, lab)
            if isinstance(app.screen, SavedRunsScreen):
                await until(lambda: any(t.row_count for t in app.screen.query(DataTable)))
            await until_still(app)
            assert list(cut(app.screen)) == [], action
            # The contrasts of all there is are measured on a dialog of their parts.
            assert kinds(app.screen) <= measured, action
            await pilot.press("escape")


# Panes are narrowest where more of them come to stand side by side: at 80, 100 and 160 columns.
WIDTHS = (80, 99, 100, 103, 107, 112, 120, 130, 160)


async def test_no_word_is_cut_at_the_widths_between() -> None:
    app = laboratory(next(path for path in samples() if "words" in path.name))
    async with app.run_test(size=(WIDTHS[0], 36)) as pilot:
        lab = app.laboratory
        await until(lambda: lab.snapshot.theta is not None)
        for width in WIDTHS:
            await resize(app, pilot, width, 36)
            for key in ("3", "i", "H") if width < 100 else ("H", "H"):
                await pilot.press(key)
                await until_still(app)
                assert list(cut(app.screen)) == [], (width, key)
            assert app.query_one("#sampling-count").region  # of lines, which lists have


async def test_the_measure_finds_what_is_cut(app: CharembedApp) -> None:
    async with app.run_test(size=(80, 24)):
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await until_still(app)
        panes = app.laboratory.panes
        panes.loss.border_title = Text("a title that is too long for its pane")
        panes.generation.border_subtitle = Text("x" * 100)  # on another page
        assert len(list(cut(app.screen))) == 1


def test_lines_end_with_whole_parts() -> None:
    summary = Summary("Corpus", "o")
    summary.show(["a_play.txt", "564 characters"])
    assert "".join(s.text for s in summary.segments(30)) == "▸ Corpus · a_play.txt  o"
    assert not "".join(s.text for s in StatusBar().segments(5))
