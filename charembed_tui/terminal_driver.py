"""Textual's driver for terminals, made to outlive what happens to terminals.

It works around this behaviour of Textual 8.2 (`drivers/linux_driver.py`, `_writer_thread.py`):

- The thread that writes ends at the first write that fails, as when the terminal is gone. From the
  31st write on, the app's thread then waits for ever for room in the queue, and answers no signal.
  A terminal that takes nothing for a while has the same effect.
- The thread that reads ends the app with a traceback at the first byte that is no UTF-8, or a key
  with an impossible code; at the end of the input it spins; after a paste whose end is lost it
  takes all keys for text, `q` too.
- Every SIGCONT starts both threads again, whether the driver was suspended or not. Two readers take
  keys from each other, and one of them waits for ever in a read when the app ends.
- When a stopped program goes on, only what changes is drawn.
- A program that ends in the background reads, and drops, what is typed for the shell.
"""

from __future__ import annotations

import codecs
import os
import re
import select
import signal
import termios
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from threading import Condition, Thread
from typing import Any

from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

_MOST_WAITING = 4 << 20  # bytes, about a hundred screens
_SECONDS_TO_FLUSH = 0.5
_SECONDS_TO_STOP = 0.05  # until a signal to stop has reached every thread
_SECONDS_BETWEEN_TICKS = 0.05
_SECONDS_OF_SILENCE = 1.0  # within a paste: a terminal sends all of it at once
_SECONDS_TO_RESTORE = 0.2  # in a terminal that takes what it was given before
_READ_BYTES = 4096
_WRITE_BYTES = 16384  # at once: more than most pictures, little enough to stop in between
# Mouse reports of old terminals, whose coordinates are bytes of any value; Textual ignores them.
_OLD_REPORT = re.compile(rb"\x1b\[M.{3}", re.DOTALL)
_BEGUN_REPORT = re.compile(rb"\x1b\[M.{0,2}\Z", re.DOTALL)
_LEAVE = (  # what Textual turns on, off again
    "\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)


class TerminalLost(Message):
    """The terminal is gone: nothing can be shown and no key will come."""


class RedrawNeeded(Message):
    """The terminal may show anything by now."""


# The app hears both as `on_terminal_lost` and `on_redraw_needed`.


class Input:
    """Bytes from a terminal as messages; what means nothing is dropped."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="ignore").decode
        self._parser = XTermParser()
        self._begun = b""  # of an old mouse report
        self._is_pasting, self._tail = False, ""
        self._read_at = time.monotonic()

    def feed(self, data: bytes) -> list[Message]:
        """The messages that bytes complete; to be called without any now and then."""
        now = time.monotonic()
        silence = now - self._read_at
        if data:
            self._read_at = now
        data = _OLD_REPORT.sub(b"", self._begun + data)
        self._begun = b""
        if silence < _SECONDS_OF_SILENCE and (begun := _BEGUN_REPORT.search(data)):
            data, self._begun = data[: begun.start()], begun[0]
        text = self._decode(data)
        if self._is_pasting and not text and silence >= _SECONDS_OF_SILENCE:
            text = BRACKETED_PASTE_END
        self._note_paste(text)
        messages: list[Message] = []
        try:
            # Textual takes an empty text for the end of the input.
            read = chain(self._parser.feed(text) if text else (), self._parser.tick())
            messages.extend(message for message in read if not _is_surrogate(message))
        except Exception:  # such as chr() of a number that is none of a character
            self._begin_anew()
        return messages

    def _note_paste(self, text: str) -> None:
        text = self._tail + text
        start, end = text.rfind(BRACKETED_PASTE_START), text.rfind(BRACKETED_PASTE_END)
        if start != end:
            self._is_pasting = start > end
            text = text[max(start, end) + 1 :]
        self._tail = text[1 - len(BRACKETED_PASTE_END) :]

    def _begin_anew(self) -> None:
        old, self._parser = self._parser, XTermParser()
        self._is_pasting = False
        for name in ("mouse_pixels", "terminal_size", "terminal_pixel_size"):
            setattr(self._parser, name, getattr(old, name))


def _is_surrogate(message: Message) -> bool:
    character = getattr(message, "character", None) or ""
    return "\ud800" <= character <= "\udfff"


class Output(Thread):
    """Writes to a terminal without ever letting the app wait.

    Args:
        descriptor: of the terminal.
        lost: called once, when nothing can be written any more.
        redraw: called when the terminal takes something again after much was dropped.
    """

    def __init__(
        self, descriptor: int, lost: Callable[[], object], redraw: Callable[[], object]
    ) -> None:
        super().__init__(daemon=True, name="terminal-output")
        self._descriptor, self._lost, self._redraw = descriptor, lost, redraw
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._has_gaps = self._is_closed = self._is_writing = self._is_cut = False
        self._changed = Condition()  # guards the six above

    def write(self, text: str) -> None:
        """Write soon. Where too much waits already, that is dropped."""
        data = text.encode("utf-8", "replace")
        with self._changed:
            if self._is_closed:
                return
            if self._size + len(data) > _MOST_WAITING:
                self._pieces.clear()
                self._size, self._has_gaps = 0, True
            self._pieces.append(data)
            self._size += len(data)
            self._changed.notify_all()

    def end_with(self, text: str) -> None:
        """Write a text instead of all that waits, however slow the terminal is, and flush."""
        with self._changed:
            self._pieces.clear()
            self._size, self._has_gaps, self._is_cut = 0, False, True
        self.write(text)
        self.flush()

    def flush(self) -> None:
        """Wait a moment for what was written."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_closed or not (self._pieces or self._is_writing),
                _SECONDS_TO_FLUSH,
            )

    def stop(self) -> None:
        """Write what waits, for a moment, and take nothing more."""
        self.flush()
        self.drop()
        if self.is_alive():
            self.join(_SECONDS_TO_FLUSH)

    def drop(self) -> None:
        """Write nothing more."""
        with self._changed:
            self._pieces.clear()
            self._is_closed = self._is_cut = True
            self._changed.notify_all()

    def run(self) -> None:
        """Write until closed."""
        while data := self._next():
            rest = memoryview(data)
            try:
                while rest and not self._is_cut:
                    select.select([], [self._descriptor], [])
                    with suppress(BlockingIOError):  # another program may have made it so
                        rest = rest[os.write(self._descriptor, rest[:_WRITE_BYTES]) :]
            except (OSError, ValueError):
                self.drop()
                self._lost()
                return

    def _next(self) -> bytes:
        """All that waits; empty at the end."""
        with self._changed:
            self._is_writing = False
            self._changed.notify_all()
            if self._has_gaps and not self._pieces and not self._is_closed:
                self._has_gaps = False
                self._redraw()
            self._changed.wait_for(lambda: self._pieces or self._is_closed)
            data = b"".join(self._pieces)
            self._pieces.clear()
            self._size, self._is_writing, self._is_cut = 0, bool(data), False
            return data


class TerminalDriver(LinuxDriver):
    """Ends, stops and goes on as people expect of a program in a terminal."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        self._output: Output | None = None
        super().__init__(*arguments, **keywords)
        self._entering: str | None = None  # what turns the terminal's modes on; None before
        self._is_recording = False
        self._is_active = False  # the terminal is in our modes
        self._is_over = False
        self._found = self._attributes()
        self._own: list[Any] | None = None

    # Output

    @property  # type: ignore[override]
    def _writer_thread(self) -> Output | None:
        return self._output

    @_writer_thread.setter
    def _writer_thread(self, thread: object) -> None:
        """Textual makes its thread itself; ours takes its place."""
        if thread is not None:
            self._output = Output(
                self._descriptor(),
                lambda: self._post(TerminalLost()),
                lambda: self._post(RedrawNeeded()),
            )

    def _descriptor(self) -> int:
        return self._file.fileno() if self._file is not None else 2

    def write(self, data: str) -> None:
        """Write soon, if there is a terminal."""
        if self._is_recording:
            self._entering = (self._entering or "") + data
        if self._output is not None and not self._is_over:
            self._output.write(data)

    def _post(self, message: Message) -> None:
        with suppress(RuntimeError):  # everything has ended already
            self.send_message(message)

    # Input

    def _run_input_thread(self) -> None:
        """Read until the driver stops or the terminal is gone."""
        keys = Input()
        while not self.exit_event.is_set():
            try:
                ready, _, _ = select.select([self.fileno], [], [], _SECONDS_BETWEEN_TICKS)
                if ready and self._ends_behind():  # typed for another, and reading would stop us
                    self.exit_event.wait(_SECONDS_BETWEEN_TICKS)
                    continue
                data = os.read(self.fileno, _READ_BYTES) if ready else b""
            except BlockingIOError:
                continue
            except OSError:
                ready, data = [self.fileno], b""
            if ready and not data:
                self._post(TerminalLost())
                return
            if data:  # a key's way to its answer leads through the interpreter several times
                getattr(self._app, "input_arrived", bool)()
            with suppress(RuntimeError):
                for message in keys.feed(data):
                    self.process_message(message)

    def disable_input(self) -> None:
        """End the thread that reads. What waits then is nobody's, or another program's in front."""
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        self.exit_event.set()
        if self._key_thread is not None:
            self._key_thread.join()
        self.exit_event.clear()
        if self._is_in_front():
            with suppress(termios.error):
                termios.tcflush(self.fileno, termios.TCIFLUSH)

    # Modes

    def start_application_mode(self) -> None:
        """Take the terminal."""
        self._is_active = self._is_recording = True
        try:
            super().start_application_mode()  # type: ignore[no-untyped-call]
        finally:
            self._is_recording = False
        self._own = self._attributes()
        if self._key_thread is None:  # the terminal went before we came
            self._post(TerminalLost())

    def stop_application_mode(self) -> None:
        """Give the terminal back, and end the thread that reads."""
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # in the background it would stop us here
        self.disable_input()
        self._leave()

    def restore(self) -> None:
        """Give the terminal back from whatever thread, without waiting for much."""
        self._is_over = True
        if not self._is_active:
            return
        self._is_active = False
        if self._output is not None:
            self._output.drop()
        self._set(self._found)
        with suppress(OSError, ValueError):
            descriptor = self._descriptor()
            if select.select([], [descriptor], [], _SECONDS_TO_RESTORE)[1]:
                os.write(descriptor, _LEAVE.encode())

    def _leave(self) -> None:
        if self._is_active:
            self._is_active = False
            if self._output is not None and not self._is_over:
                self._output.end_with(_LEAVE)  # it begins with an escape, which ends any other
            self._set(self._found)

    def _enter(self) -> None:
        """Take the terminal again, however it was left."""
        if self._entering is None or getattr(self._app, "is_ending", False):
            return
        # In the background this stops us, as it stops every program that wants the screen.
        self._set(self._own, everywhere=True)
        self._is_active = True
        self.write(self._entering)
        os.kill(os.getpid(), signal.SIGWINCH)  # for the size as it is now
        self._post(RedrawNeeded())

    def _attributes(self) -> list[Any] | None:
        with suppress(termios.error):
            return termios.tcgetattr(self.fileno)
        return None

    def _is_in_front(self) -> bool:
        """Whether the terminal is ours: another program's modes are not to be changed."""
        with suppress(OSError):
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        return False

    def _ends_behind(self) -> bool:
        """Whether the app ends, and the terminal is another program's."""
        if getattr(self._app, "is_ending", False):
            with suppress(OSError):
                return os.tcgetpgrp(self.fileno) != os.getpgrp()
        return False

    def _set(self, attributes: list[Any] | None, *, everywhere: bool = False) -> None:
        if attributes is None or not (everywhere or self._is_in_front()):
            return
        for _ in range(3):  # going on again may interrupt it
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, attributes)
                return

    # Stopping and going on. Signals come at any moment: they are answered by the loop.

    def _sigtstp_application(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop)

    def _sigcont_application(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._enter)

    def _stop(self) -> None:
        """Leave the terminal to the shell until it brings us back."""
        self._leave()
        everyone = 0  # of the job, a script around us too
        before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(everyone if self._is_in_front() else os.getpid(), signal.SIGTSTP)
        time.sleep(_SECONDS_TO_STOP)
        signal.signal(signal.SIGTSTP, before)
        self._enter()
