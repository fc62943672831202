"""The prompt, with the earlier ones a key away."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input


class PromptInput(Input):
    """This input remembers earlier prompts: up and down go through them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "recall(-1)", "Earlier prompt", show=False),
        Binding("down", "recall(1)", "Later prompt", show=False),
    ]

    def __init__(self, **keywords: Any) -> None:
        super().__init__(placeholder="prompt (may be empty), ↑ for earlier ones", **keywords)
        self._earlier: list[str] = []
        self._place = 0
        self._draft = ""

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
