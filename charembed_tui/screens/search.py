"""Search for a character: by itself, by its name, or by its code point."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input
from textual.widgets.option_list import Option

from charembed_tui.screens.dialog import Dialog
from charembed_tui.text.glyphs import glyph, name
from charembed_tui.widgets.option_list import OptionList

_MOST = 200


class SearchScreen(Dialog[int]):
    """A person types, chooses with the arrows, and presses enter.

    Args:
        vocabulary: the characters to choose from.
    """

    def __init__(self, vocabulary: tuple[str, ...]) -> None:
        super().__init__()
        self._vocabulary = vocabulary
        self._list = OptionList(compact=True)

    def compose(self) -> ComposeResult:
        """Yield a field and the characters that match."""
        with Vertical(classes="dialog", id="search") as box:
            box.border_title = "Find a character"
            box.border_subtitle = "enter chooses, esc leaves"
            yield Input(placeholder="a character, a name, or U+0041", compact=True)
            yield self._list

    def on_mount(self) -> None:
        """List all characters, before anything is typed."""
        self._fill("")

    def _fill(self, wanted: str) -> None:
        self._list.clear_options()
        for code in matches(self._vocabulary, wanted)[:_MOST]:
            character = self._vocabulary[code]
            line = Text(f"{glyph(character):<3}U+{ord(character):04X}  {name(character)}")
            self._list.add_option(Option(line, id=str(code)))
        if self._list.option_count:
            self._list.highlighted = 0

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._list.highlighted is not None:
            self.dismiss(int(str(self._list.get_option_at_index(self._list.highlighted).id)))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(int(str(event.option_id)))


def matches(vocabulary: tuple[str, ...], wanted: str) -> list[int]:
    """Return the codes of the characters that are, or are named, what is wanted; the best first."""
    if not wanted:
        return list(range(len(vocabulary)))
    text = wanted.strip().lower() or wanted

    def rank(character: str) -> int | None:
        if character == wanted:
            return 0
        if text == f"u+{ord(character):04x}":
            return 1
        if character.lower() == text:
            return 2
        words = name(character).lower()
        if words.startswith(text):
            return 3
        return 4 if text in words else None

    ranks = [(r, code) for code, c in enumerate(vocabulary) if (r := rank(c)) is not None]
    return [code for _, code in sorted(ranks)]
