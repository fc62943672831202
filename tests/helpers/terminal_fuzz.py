"""Anything that a terminal may send to the program: keys, mouse, pastes, bytes of no meaning."""

from __future__ import annotations

import random
from pathlib import Path

from terminals import COLUMNS, ROWS, Terminal, terminal

from charembed_tui.laboratory.commands import COMMANDS

# As a terminal sends them; not those that end the program or stop it.
KEYS = [
    *(c.key for c in COMMANDS if len(c.key) == 1 and c.action != "app.quit"),
    *" []{}\\<>/?+-=\t\r\x7f5é世",
    *("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "\x1b[5~", "\x1b[6~", "\x1b[3~"),
    *("\x1b[1;2A", "\x1b[1;2D", "\x1b[Z", "\x10", "\x0c", "\x1b", "\x1b", "\x1b"),
]
MOUSE = [
    "\x1b[<0;{};{}M",
    "\x1b[<0;{};{}m",
    "\x1b[<64;{};{}M",
    "\x1b[<65;{};{}M",
    "\x1b[<35;{};{}M",
]
PASTES = ["KING", "12", "a\nb\tc", "\u202eשלום", "\x1b]52;c;eA==\x07", "x" * 3000]
NO_TEXT = [b"\xe9", b"\xff\xfe", b"\x1b[M\xff\xff\xff", b"\xf0", b"\x1b[99999999999u", b"\x00\x9b"]
SIZES = [(1, 1), (5, 200), (12, 40), (24, 80), (29, 99), (36, 120), (60, 200), (200, 500)]
_EVENTS_BETWEEN_SIZES = 40


def fuzz(seed: int, events: int, text: Path) -> None:
    """Send so many events while it trains; it ends when it is asked to, and in good order."""
    chance = random.Random(seed)
    with terminal("--context-length", "1", str(text)) as opened:
        opened.wait_for("ready")
        opened.send(" ")
        for number in range(events):
            if not opened.process.isalive():  # the palette's "Quit" was come upon
                break
            if number % _EVENTS_BETWEEN_SIZES == 0:
                opened.process.setwinsize(*chance.choice(SIZES))
            opened.send(_event(chance))
            opened.receive(0.01)
        opened.process.setwinsize(ROWS, COLUMNS)
        _leave(opened)
        opened.is_left_as_it_was_found()


def _event(chance: random.Random) -> str | bytes:
    kind = chance.random()
    if kind < 0.8:
        return chance.choice(KEYS)
    if kind < 0.9:
        return chance.choice(MOUSE).format(chance.randint(1, COLUMNS), chance.randint(1, ROWS))
    if kind < 0.95:
        return f"\x1b[200~{chance.choice(PASTES)}\x1b[201~"
    return chance.choice(NO_TEXT)


def _leave(opened: Terminal) -> None:
    """Leave whatever is open, step by step, until q reaches the app.

    On a busy machine it may have half a minute's events to answer first.
    """
    for _ in range(100):
        opened.send("\x1b")
        opened.receive(0.5)  # longer than within an escape sequence, also on a busy machine
        opened.send("q")
        opened.receive(0.5)
        if not opened.process.isalive():
            break
