"""What is written to a terminal that takes it slowly."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals on Windows", allow_module_level=True)

from charembed_tui.terminal_driver import Output, TerminalDriver

_PICTURE = "picture" * 1000


@pytest.fixture
def opened() -> Iterator[tuple[int, Output]]:
    """A person's end of a pseudo-terminal, and what writes to the program's."""
    person, program = os.openpty()
    output = Output(program, lambda: None, lambda: None)
    output.start()
    yield person, output
    output.stop()
    os.close(person)
    os.close(program)


def _read_until(descriptor: int, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        data += os.read(descriptor, 1024)
    return data


def test_what_is_written_last_does_not_wait_for_pictures(opened: tuple[int, Output]) -> None:
    person, output = opened
    for _ in range(100):
        output.write(_PICTURE)  # and nobody reads
    begun = os.read(person, 1)
    output.end_with("the end")
    received = begun + _read_until(person, b"the end")
    assert received.count(b"picture") < 10_000  # of 100,000
    output.stop()
    assert not output.is_alive()


def test_all_is_written_where_nothing_hurries(opened: tuple[int, Output]) -> None:
    person, output = opened
    for _ in range(10):
        output.write(_PICTURE)
    output.write("the end")
    assert _read_until(person, b"the end").count(b"picture") == 10_000


def test_the_app_hears_of_a_key_before_it_is_understood() -> None:
    person, program = os.openpty()
    heard: list[Any] = []
    ends = Event()

    def hear(message: Any) -> None:
        heard.append(message.key)
        ends.set()

    app = SimpleNamespace(input_arrived=lambda: heard.append("something"))
    driver = SimpleNamespace(
        exit_event=ends, fileno=program, _app=app, process_message=hear, _ends_behind=lambda: False
    )
    os.write(person, b"x\n")
    TerminalDriver._run_input_thread(cast(TerminalDriver, driver))
    assert heard[:2] == ["something", "x"]
    os.close(person)
    os.close(program)
