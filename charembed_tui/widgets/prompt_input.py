"""The prompt, with the earlier ones a key away."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input

from charembed_tui.text.glyphs import DISTURBING, glyph

# The first that there is room for is what stands in an empty one.
_PLACEHOLDERS = ("prompt (may be empty), ↑ for earlier ones", "prompt, ↑ for earlier ones")


class PromptInput(Input):
    """This input remembers earlier prompts: up and down go through them.

    It is one row; the lines of a prompt are kept, and their ends are drawn as signs.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "recall(-1)", "Earlier prompt", show=False),
        Binding("down", "recall(1)", "Later prompt", show=False),
        Binding("ctrl+j", "end_line", "End the line", show=False),
    ]

    def __init__(self, **keywords: Any) -> None:
        super().__init__(placeholder=_PLACEHOLDERS[0], **keywords)
        self._earlier: list[str] = []
        self._place = 0
        self._draft = ""

    def on_resize(self, event: events.Resize) -> None:
        """Say what belongs here in as many words as there is room for."""
        fit = (words for words in _PLACEHOLDERS if cell_len(words) <= event.size.width)
        self.placeholder = next(fit, _PLACEHOLDERS[-1])

    @property
    def _value(self) -> Text:
        """What is drawn: as many characters as there are, so that the cursor stands right."""
        drawn = "".join(glyph(c) if DISTURBING.match(c) else c for c in self.value)
        return Text(drawn, no_wrap=True, overflow="ignore", end="")

    def _on_paste(self, event: events.Paste) -> None:
        """Keep all lines of what is pasted."""
        event.stop()
        event.prevent_default()
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        self.replace(text, *self.selection)

    def action_end_line(self) -> None:
        """Go on in a new line."""
        self.insert_text_at_cursor("\n")

    def remember(self) -> None:
        """Keep what stands here for later."""
        if self.value and self.value not in self._earlier[-1:]:
            self._earlier.append(self.value)
        self._place = len(self._earlier)

    def action_recall(self, by: int) -> None:
        """Show an earlier or later prompt; after the last comes what was being typed."""
        if self._place == len(self._earlier):
            self._draft = self.value
        self._place = min(max(0, self._place + by), len(self._earlier))
        at_end = self._place == len(self._earlier)
        self.value = self._draft if at_end else self._earlier[self._place]
        self.cursor_position = len(self.value)
