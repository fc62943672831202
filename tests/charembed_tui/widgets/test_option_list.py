"""Lists that are asked for what is no longer there."""

from __future__ import annotations

from in_front import in_front
from one_widget import OneWidget
from textual import events
from textual.command import CommandList
from textual.widgets import OptionList as TextualOptionList
from waiting import until

from charembed_tui.screens.dialog import Palette
from charembed_tui.widgets.option_list import OptionList, PaletteList, Select


def click(widget: OptionList, option: int) -> events.Click:
    """A click on an option as it was when the mouse went down."""
    event = events.Click(widget, 1, 1, 0, 0, 1, False, False, False)
    event._style = event.style.from_meta({"option": option})
    return event


async def test_a_click_on_an_option_that_has_gone_does_nothing() -> None:
    options = OptionList("one", "two")
    chosen: list[int] = []
    app = OneWidget(options)
    async with app.run_test() as pilot:
        options.action_select = lambda: chosen.append(options.highlighted or 0)  # type: ignore[method-assign]
        options.post_message(click(options, 1))
        await until(lambda: chosen == [1])
        options.clear_options()
        options.post_message(click(options, 1))
        await pilot.pause()
        assert app._exception is None
        assert chosen == [1]


async def test_a_selection_turns_no_page_that_has_no_room() -> None:
    select = Select([("one", "one"), ("two", "two")], value="one")
    app = OneWidget(select)
    async with app.run_test() as pilot:
        options = select.query_one(TextualOptionList)
        options.highlighted = 0  # while no line of it is laid out
        await options.run_action("page_up")
        await options.run_action("page_down")
        select.focus()
        await pilot.press("enter")
        await until(lambda: options.has_focus)
        await pilot.press("pagedown", "enter")
        await until(lambda: select.value == "two")


async def test_the_palette_has_such_a_list() -> None:
    palette = Palette()
    async with in_front(palette):
        assert isinstance(palette.query_one(CommandList), PaletteList)
