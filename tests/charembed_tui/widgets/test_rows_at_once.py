"""What is drawn past the compositor is what the compositor would have drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from emulation import Emulation
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import App, ComposeResult
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from charembed_tui.widgets.cached import CachedVertical
from charembed_tui.widgets.line import Lines
from charembed_tui.widgets.rows_at_once import RowsAtOnce
from charembed_tui.widgets.titles import entitle

COLUMNS, ROWS = 40, 12
RED = Style(color="#ff0000")


class Behind(Screen[None]):
    """Rows of which others are in front, or which are cut, at times."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.cut = Lines(id="rows"), Lines(id="cut")
        self.box = CachedVertical(id="box")
        self.cover = Static("in front", id="cover")
        self.rows_at_once = RowsAtOnce(self)

    def compose(self) -> ComposeResult:
        yield self.rows
        with self.box:
            yield self.cut
        yield self.cover


class Emulated(App[None]):
    """An app whose updates are read by a terminal emulator."""

    CSS = """
    Behind { layers: below above; }
    #rows { height: 6; }
    #cover { layer: above; width: 10; height: 3; offset: 5 2; display: none; }
    #box { height: 4; overflow: hidden; border: round red; }
    #cut { height: 8; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.behind = Behind()
        self.emulation = Emulation(self, (COLUMNS, ROWS))

    def get_default_screen(self) -> Screen[None]:
        return self.behind


class Dialog(ModalScreen[None]):
    """It covers a part of what is behind."""

    DEFAULT_CSS: ClassVar[str] = "Dialog { align: center middle; } #word { width: 12; height: 3; }"

    def compose(self) -> ComposeResult:
        yield Static("dialog", id="word")


def rows(name: str, changed: int = 0) -> list[list[Segment]]:
    """Eight rows, one of which differs from picture to picture."""
    return [[Segment(f"{name} {i} "), Segment("·" * (changed % 7 + i), RED)] for i in range(8)]


async def test_the_terminal_shows_what_widgets_say() -> None:
    app = Emulated()
    behind = app.behind
    number = 0

    def change() -> None:
        nonlocal number
        number += 1
        with behind.rows_at_once.collecting():
            behind.rows.show([[Segment(f"row {number}", RED)], *rows("rows", number)[1:]])
            behind.cut.show(rows("cut", number))

    def covered(display: bool) -> Callable[[], None]:
        def do() -> None:
            behind.cover.display = display

        return do

    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        for step, is_direct in (
            (change, True),
            (covered(True), False),
            (change, False),
            (covered(False), False),
            (change, True),
            (lambda: app.push_screen(Dialog()), False),
            (change, False),
            (app.pop_screen, False),
            (change, True),
        ):
            await pilot.pause()
            del app.emulation.updates[:]
            step()
            assert ("_RowsUpdate" in app.emulation.updates) is is_direct, number
            await pilot.pause()
            assert app.emulation.shows_all(), number
        assert app.emulation.terminal.display[0].startswith(f"row {number}")
        assert app.emulation.terminal.buffer[0][0].fg != app.emulation.terminal.buffer[1][0].fg


async def test_only_rows_that_are_seen_are_drawn_at_once_and_titles_are_such_rows() -> None:
    app = Emulated()
    behind = app.behind

    def change(number: int) -> None:
        del app.emulation.updates[:]
        with behind.rows_at_once.collecting():
            behind.rows.show([[Segment(f"row {number}", RED)], *rows("rows")[1:]])
            entitle(behind.box, f"title {number}", Text(f"[{number}]", style="bold"))
        assert app.emulation.updates == ["_RowsUpdate"]  # both, whatever is between

    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        await pilot.pause()
        behind.rows.show(rows("rows"))
        behind.cover.display = True  # not in front of the rows that change
        await pilot.pause()
        for number in range(3):
            change(number)
            assert app.emulation.terminal.display[0].startswith(f"row {number}")
            assert f" title {number} " in app.emulation.terminal.display[6]
            assert f" [{number}] " in app.emulation.terminal.display[9]
            await pilot.pause()
            assert app.emulation.shows_all()
        entitle(behind.box, "title drawn by Textual")
        await pilot.pause()
        assert app.emulation.shows_all()
        assert "by Textual" in app.emulation.terminal.display[6]


async def test_rows_that_change_while_the_layout_does_are_drawn_in_their_new_place() -> None:
    app = Emulated()
    behind = app.behind
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        await pilot.pause()
        behind.rows.styles.height = 3
        with behind.rows_at_once.collecting():
            behind.rows.show(rows("early"))
        await pilot.pause()
        with behind.rows_at_once.collecting():
            behind.rows.show(rows("late", 1))
        await pilot.pause()
        assert app.emulation.shows_all()
        assert app.emulation.terminal.display[2].startswith("late 2")
