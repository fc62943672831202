"""However the program is ended, stopped or cut off: the run is saved, the terminal given back."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals on Windows", allow_module_level=True)

from served import served
from terminals import ROWS, SMALL, Terminal, terminal
from waiting import wait_until

from charembed_tui.ending import INTERRUPTED
from charembed_tui.runs.opening import resume

_LONG = 30.0  # seconds; how soon it really ends is measured by tests/benchmarks/endure.py
_WITHOUT_HANGUP = "trap '' HUP; exec \"$@\""


def _saved_steps() -> int:
    run = resume(None)
    run.folder.unlock()
    return run.steps


@pytest.mark.parametrize("shell", ["", _WITHOUT_HANGUP], ids=["signalled", "end of file alone"])
def test_the_terminal_goes_away(shell: str) -> None:
    with terminal(shell=shell, size=SMALL) as opened:
        steps = opened.train()
        opened.hang_up()
        assert opened.has_ended(_LONG) == INTERRUPTED
    assert _saved_steps() >= steps


@pytest.mark.parametrize("ends", [("drawn",), ("keys", "drawn")], ids="-".join)
def test_the_server_of_a_browser_goes_away(ends: tuple[str, ...]) -> None:
    with served("--fresh", "--optimizer", "Adam") as program:
        program.wait_for(b"ready")
        program.send(" P")
        program.wait_for(b"full speed")
        for end in ends:
            getattr(program, end).close()
        assert program.process.wait(_LONG) == INTERRUPTED
    assert _saved_steps() > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal(number: signal.Signals) -> None:
    with terminal(size=SMALL) as opened:
        steps = opened.train()
        os.kill(opened.pid, number)
        opened.is_left_as_it_was_found(INTERRUPTED)
    assert _saved_steps() >= steps


def test_a_signal_while_the_terminal_takes_nothing() -> None:
    with terminal() as opened:
        steps = opened.train()
        time.sleep(3)  # nobody reads: the pseudo-terminal is full
        os.kill(opened.pid, signal.SIGTERM)
        assert opened.has_ended(_LONG) == INTERRUPTED
        opened.hang_up()
    assert _saved_steps() >= steps


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.3])
def test_a_signal_at_the_start(delay: float) -> None:
    with terminal() as opened:
        while b"\x1b[?1049h" not in opened.raw:
            opened.receive(0.01)
        opened.receive(delay)
        os.kill(opened.pid, signal.SIGTERM)
        opened.is_left_as_it_was_found(INTERRUPTED)


def test_bytes_that_are_no_text_are_dropped() -> None:
    with terminal(size=SMALL) as opened:
        steps = opened.train()
        for data in (b"\xe9", b"\xff\xfe", b"\x1b[M\xff\xff\xff", b"\x1b[M \xf0", b"\xf0"):
            opened.send(data)
            opened.receive(0.1)
        opened.send(b"\x1b[99999999999u")  # a key of a number that is none of a character
        opened.wait_for(r"training")
        opened.send("q")
        opened.is_left_as_it_was_found()
    assert _saved_steps() >= steps


def test_a_paste_without_its_end_makes_no_key_unheard() -> None:
    with terminal(size=SMALL) as opened:
        steps = opened.train()
        opened.send("\x1b[200~abc")
        opened.receive(2)
        opened.send("q")
        opened.is_left_as_it_was_found()
    assert _saved_steps() >= steps


def test_everything_is_seen_again_after_nobody_read_and_after_a_stop_from_outside() -> None:
    with terminal("--embedding-size", "2") as opened:
        opened.train()
        time.sleep(2)  # nobody reads
        _is_whole(opened)
        for _ in range(3):
            os.kill(opened.pid, signal.SIGSTOP)
            time.sleep(0.1)
            os.kill(opened.pid, signal.SIGCONT)
            opened.receive(0.3)
        opened.screen.reset()  # a shell has had it in the meantime
        os.kill(opened.pid, signal.SIGCONT)
        _is_whole(opened)
        opened.send("q")
        opened.is_left_as_it_was_found()


def test_stopped_by_its_key_and_brought_back_by_the_shell() -> None:
    with terminal(interactive=True) as opened:
        opened.train()
        opened.send("\x1a")
        opened.wait_for("Stopped")
        opened.send("echo in the shell\n")
        opened.wait_for(r"\nin the shell")
        opened.send("fg\n")
        _is_whole(opened)
        opened.screen.reset()
        opened.send("\x0c")
        _is_whole(opened)
        opened.send("q")
        opened.wait_for("shell> ")
        opened.send("exit\n")
        assert opened.end() == 0


def test_ended_while_it_is_stopped() -> None:
    with terminal(interactive=True, size=SMALL) as opened:
        steps = opened.train()
        opened.send("\x1a")
        opened.wait_for("Stopped")
        opened.send("kill %1; wait; echo over\n")
        opened.wait_for(r"\nover")
        opened.send("exit\n")
        assert opened.end() == 0
    assert _saved_steps() >= steps


def test_what_is_typed_while_it_ends_in_the_background_is_for_the_shell() -> None:
    with terminal(interactive=True, size=SMALL) as opened:
        opened.train()
        opened.send("\x1a")
        opened.wait_for("Stopped")
        opened.send("kill %1; sleep 2\n")
        opened.send("echo nobody took it\n")
        opened.wait_for(r"\nnobody took it")
        opened.send("wait; exit\n")
        assert opened.end() == 0


def _is_whole(opened: Terminal) -> None:
    opened.wait_for(r"(?s)training.*Hyperparameters.*Generation")
    wait_until(lambda: sum(bool(row.strip()) for row in opened.read().split("\n")) >= ROWS - 2)


def test_quitting_while_a_large_text_is_counted(tmp_path: Path) -> None:
    import numpy as np

    text = tmp_path / "large.txt"
    letters = np.random.default_rng(0).integers(97, 123, 12_000_000).astype(np.uint8)
    text.write_bytes(letters.tobytes())
    with terminal("--context-length", "32", str(text)) as opened:
        opened.wait_for("counting the text")
        opened.send("q")
        # It may be over before anybody has read that it is ending.
        opened.is_left_as_it_was_found()
