"""A text that a model wrote looks the same whether it can be selected or not."""

from __future__ import annotations

import numpy as np
import pytest
from one_widget import OneWidget
from required import required
from textual.strip import Strip
from textual.widgets import Static

from charembed_tui.training.generation import Chunk
from charembed_tui.widgets.generated_text_view import GeneratedTextView

TEXTS = (
    "a first line that is longer than the widget is wide,\n\n  and  more   \nthe end\n",
    "世界和平かな" * 9 + "\n" + "x" * 90,
    "e\u0301 \t\x1b[31m and 😀🎉 so on; " * 7,
)


class Coloured(OneWidget):
    """Each level of surprise has a style."""

    CSS = """
    .sample--surprise-1 { color: red; }
    .sample--surprise-2 { color: #12345680; }
    .sample--surprise-3 { background: blue; text-style: bold; }
    .sample--surprise-4 { text-style: underline; }
    """


def cells(lines: list[Strip]) -> list[list[tuple[str, object]]]:
    """What is seen of lines: each character and its style, without where it is in the text."""
    return [
        [(c, required(s.style).clear_meta_and_links()) for s in line for c in s.text]
        for line in lines
    ]


@pytest.mark.parametrize("text", TEXTS)
async def test_lines_are_those_of_textual(text: str) -> None:
    view = GeneratedTextView("step 3, as it learns", "the prompt: ", 1, 3)
    async with Coloured(view).run_test(size=(33, 12)) as pilot:
        surprises = np.random.default_rng(0).exponential(2.0, len(text))
        view.rewrite("another step", "once", 4, Chunk(text, surprises))
        await pilot.pause()
        height = view.size.height
        lines = [view.render_line(y) for y in range(height)]
        assert len({style for line in cells(lines) for _, style in line}) > 5
        Static._render_content(view)
        assert cells(lines) == cells([view.render_line(y) for y in range(height)])


async def test_where_the_mouse_is_text_can_be_selected() -> None:
    view = GeneratedTextView("heading", "", 1, 3)
    async with OneWidget(view).run_test(size=(33, 12)) as pilot:
        view.rewrite("heading", "", 4, Chunk("some words to select", np.ones(20)))
        await pilot.pause()
        await pilot.mouse_down(view, offset=(5, 1))
        await pilot.hover(view, offset=(9, 1))
        await pilot.mouse_up(view, offset=(9, 1))
        assert view.screen.get_selected_text() == "words"
