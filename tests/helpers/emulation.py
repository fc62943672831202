"""What a terminal shows of an app, by an emulator that reads all that is written to it."""

from __future__ import annotations

from typing import Any

import pyte
from textual.app import App


class Emulation:
    """A terminal for an app that is not yet running.

    Args:
        app: whose updates are read from now on.
        size: (columns, rows).

    Attributes:
        updates: the types of what was written to it.
    """

    def __init__(self, app: App[Any], size: tuple[int, int]) -> None:
        self._app, self._size = app, size
        self._terminal = pyte.Screen(*size)
        self._written: list[str] = []
        self.updates: list[str] = []
        self._display = app._display
        app._display = self._read  # type: ignore[method-assign]

    def _read(self, screen: Any, renderable: Any) -> None:
        if renderable is not None:
            self.updates.append(type(renderable).__name__)
            self._written.append(renderable.render_segments(self._app.console))
        self._display(screen, renderable)

    @property
    def terminal(self) -> pyte.Screen:
        """The terminal as it is: reading takes long, and waits until somebody asks."""
        pyte.Stream(self._terminal).feed("".join(self._written))
        self._written.clear()
        return self._terminal

    def shows_all(self) -> bool:
        """Whether each cell is as it would be if everything was drawn anew."""
        anew = pyte.Screen(*self._size)
        update = self._app.screen._compositor.render_full_update()
        pyte.Stream(anew).feed(update.render_segments(self._app.console))
        terminal = self.terminal
        return anew.buffer == terminal.buffer and anew.display == terminal.display
