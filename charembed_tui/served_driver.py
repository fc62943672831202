"""Textual's driver for programs that are served to a browser, made to notice when nobody serves.

It works around this behaviour of Textual 8.2 (`drivers/web_driver.py`):

- The thread that reads ends where the server is gone, and nothing else does: training goes on for
  nobody, for ever.
- A write to a server that is gone raises in whatever has something to draw.
- SIGINT and SIGTERM get handlers of its own, which wait for an app that may be busy or stuck.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import Any

from textual.drivers.web_driver import WebDriver

from charembed_tui.ending import ending_signals
from charembed_tui.terminal_driver import TerminalLost


class ServedDriver(WebDriver):
    """Ends the app with the server that it is served by."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._write = self._write_all  # type: ignore[assignment]
        self._is_lost = False

    def start_application_mode(self) -> None:
        """Take the browser, and leave signals to the app."""
        before = {number: signal.getsignal(number) for number in ending_signals()}
        super().start_application_mode()
        loop = asyncio.get_running_loop()
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)

    def run_input_thread(self) -> None:
        """Read until the driver stops or the server is gone."""
        super().run_input_thread()
        self._lose()

    def _write_all(self, data: bytes) -> None:
        """Write, if there is a server: a pipe may take a part only."""
        rest = memoryview(data)
        try:
            while rest and not self._is_lost:
                rest = rest[os.write(self.fileno, rest) :]
        except OSError:
            self._lose()

    def _lose(self) -> None:
        if self._is_lost or self.exit_event.is_set():
            return
        self._is_lost = True
        with suppress(RuntimeError):  # everything has ended already
            self.send_message(TerminalLost())
