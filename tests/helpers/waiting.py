"""Waiting for what happens on other threads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.widget import Widget

from charembed_tui.training.training_session import TrainingSession

_PAUSE = 0.02
_STILL_TURNS = 5


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for a condition; the limit is one that only a hang reaches."""
    for _ in range(int(seconds / _PAUSE)):
        if condition():
            return
        await asyncio.sleep(_PAUSE)
    raise AssertionError(f"still not true after {seconds} seconds")


async def until_still(app: App[Any]) -> None:
    """Wait until nothing on the screen is waiting to be laid out or drawn, for some frames."""
    still = 0

    def is_still() -> bool:
        nonlocal still
        screen = app.screen
        busy = screen._layout_required or screen._dirty_widgets or screen._repaint_required
        busy = busy or any(
            w._repaint_required and w.size.area for w in screen.walk_children(Widget)
        )
        still = 0 if busy or not app._message_queue.empty() else still + 1
        return still > _STILL_TURNS

    await until(is_still)


def at_step(session: TrainingSession, step: int) -> Callable[[], bool]:
    """The condition that the newest snapshot is that of a step."""
    return lambda: session.snapshot.step == step


def wait_until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """The same, outside an event loop."""
    for _ in range(int(seconds / _PAUSE)):
        if condition():
            return
        time.sleep(_PAUSE)
    raise AssertionError(f"still not true after {seconds} seconds")
