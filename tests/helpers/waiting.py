"""Waiting for what happens on other threads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

_PAUSE = 0.02


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for a condition; the limit is one that only a hang reaches."""
    for _ in range(int(seconds / _PAUSE)):
        if condition():
            return
        await asyncio.sleep(_PAUSE)
    raise AssertionError(f"still not true after {seconds} seconds")


def wait_until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """The same, outside an event loop."""
    for _ in range(int(seconds / _PAUSE)):
        if condition():
            return
        time.sleep(_PAUSE)
    raise AssertionError(f"still not true after {seconds} seconds")
