"""Screens that are closed while something is still on its way to them."""

from __future__ import annotations

import asyncio

from in_front import in_front
from textual import events
from textual.app import App, ComposeResult
from textual.command import CommandList
from textual.widget import Widget
from textual.widgets import Static
from waiting import until

from charembed_tui.screens.dialog import Dialog, Palette


class _Slow(Static):
    """This widget takes its time to leave."""

    def __init__(self) -> None:
        super().__init__()
        self.may_leave = asyncio.Event()

    async def on_unmount(self) -> None:
        """Stay until told otherwise."""
        await self.may_leave.wait()


class _Asking(Dialog[None]):
    """This dialog asks for a widget of its own, early and late."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.slow = _Slow()

    def compose(self) -> ComposeResult:
        yield Static("here", id="here")
        yield self.slow

    def on_mount(self) -> None:
        self.ask()

    def ask(self) -> None:
        self.asked += 1
        self.query_one("#here")


class _ClosedEarly(_Asking):
    """This dialog is closed just before it has widgets, as by an escape that came with its key."""

    async def mount_composed_widgets(self, widgets: list[Widget]) -> None:
        self.dismiss()
        while not self._pruning:
            await asyncio.sleep(0)
        await super().mount_composed_widgets(widgets)


async def test_a_dialog_that_is_closed_at_once_is_mounted_without_its_widgets() -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        dialog = _ClosedEarly()
        app.push_screen(dialog)
        await until(lambda: dialog.asked)
        await pilot.pause()
        assert app._exception is None
        assert len(app.screen_stack) == 1


async def test_a_timer_may_reach_a_dialog_whose_widgets_have_gone() -> None:
    dialog = _Asking()
    async with in_front(dialog) as pilot:
        dialog.dismiss()
        await until(lambda: not dialog.query("#here"))
        dialog.call_next(dialog.ask)
        await dialog._flush_next_callbacks()
        assert dialog.asked == 2
        dialog.slow.may_leave.set()
        await pilot.pause()
        assert pilot.app._exception is None


async def test_what_is_missing_in_an_open_dialog_is_a_fault() -> None:
    dialog = _Asking()
    async with in_front(dialog) as pilot:
        dialog.slow.may_leave.set()
        await dialog.query_one("#here").remove()
        dialog.call_next(dialog.ask)
        await until(lambda: pilot.app._exception)
        pilot.app._exception = None  # it was expected
        await pilot.pause()


async def test_a_search_may_go_on_in_a_palette_that_was_closed() -> None:
    palette = Palette()
    async with in_front(palette) as pilot:
        slow = _Slow()  # keeps the palette from being over
        await palette.mount(slow)
        palette._start_no_matches_countdown("zzz")
        assert palette._no_matches_timer is not None
        palette.dismiss()
        await until(lambda: not palette.query(CommandList))
        await palette._no_matches_timer._tick(next_timer=0, count=1)  # it is due
        assert palette._next_callbacks
        await palette._flush_next_callbacks()
        await palette._gather_commands("zzz").wait()
        assert pilot.app._exception is None
        slow.may_leave.set()
        await pilot.pause()


async def test_a_click_beyond_the_window_leaves_the_palette_open() -> None:
    palette = Palette()
    async with in_front(palette) as pilot:
        palette.post_message(events.Click(palette, 500, 10, 0, 0, 1, False, False, False))
        await pilot.pause()
        assert pilot.app._exception is None
        assert pilot.app.screen is palette
        palette.post_message(events.Click(palette, 0, 20, 0, 0, 1, False, False, False))
        await until(lambda: pilot.app.screen is not palette)
        await pilot.pause()  # the click goes on to the app, which is not to have ended
