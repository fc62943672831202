"""The generation console: a prompt, and the texts the model wrote, streaming in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Static

from charembed_tui.glyphs import printable

_MOST_SAMPLES = 30
_EMPTY = "g writes 300 characters after the prompt, also while training"


class _Sample(Static):
    """A text being written: a line on the model, the prompt, what followed."""

    def __init__(self, heading: str, prompt: str) -> None:
        super().__init__(classes="sample", markup=False)
        self._heading, self._prompt = heading, prompt
        self.written = ""

    def on_mount(self) -> None:
        """Show the prompt at once."""
        self.extend("")

    def extend(self, text: str) -> None:
        """Add characters."""
        self.written += text
        content = Text(f"{self._heading}\n", style="dim")
        content.append(printable(self._prompt), style="bold not dim")
        content.append(printable(self.written), style="not dim")
        self.update(content)


class GenerationPane(Vertical):
    """Prompt and samples; the newest sample is at the end."""

    BORDER_TITLE = "Generation"

    @dataclass
    class Requested(Message):
        """Enter was pressed in the prompt."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._current: _Sample | None = None

    def compose(self) -> ComposeResult:
        """The prompt above the samples."""
        yield Input(placeholder="prompt (may be empty)", id="prompt", compact=True)
        with VerticalScroll(id="samples-written", can_focus=True):
            yield Static(_EMPTY, id="generation-empty")

    @property
    def prompt(self) -> str:
        """What the next sample begins with."""
        return self.query_one("#prompt", Input).value

    @property
    def written(self) -> str:
        """The newest sample, without its prompt."""
        return self._current.written if self._current else ""

    def begin(self, heading: str) -> None:
        """Start a sample after the prompt."""
        box = self.query_one("#samples-written", VerticalScroll)
        self.query_one("#generation-empty").display = False
        self._current = _Sample(heading, self.prompt)
        old = list(self.query(_Sample))[: -_MOST_SAMPLES + 1]
        for sample in old:
            sample.remove()
        box.mount(self._current)
        box.anchor()
        self.border_subtitle = "writing …"

    def extend(self, text: str) -> None:
        """Add characters to the newest sample."""
        if self._current:
            self._current.extend(text)

    def end(self, note: str) -> None:
        """The newest sample is complete, or will not be."""
        self.border_subtitle = note

    @on(Input.Submitted)
    def _request(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Requested())

    @on(Input.Changed)
    def _keep(self, event: Input.Changed) -> None:
        event.stop()
