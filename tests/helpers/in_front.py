"""An app with one screen in front of its own, which is empty."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen


@asynccontextmanager
async def in_front(screen: Screen[Any]) -> AsyncIterator[Pilot[None]]:
    """Whoever presses its keys, once the screen is open."""
    app: App[None] = App()
    async with app.run_test() as pilot:
        await app.push_screen(screen)
        yield pilot
