"""The app's lifetime: start, signals, theme, preferences, end. All else is on its main screen."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.driver import Driver
from textual.errors import NoWidget
from textual.filter import LineFilter
from textual.notifications import Notification, Notify
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES
from textual.widget import MountError

from charembed_tui.ending import INTERRUPTED, Ending, ending_signals
from charembed_tui.exhaustion import USED_UP, is_exhaustion
from charembed_tui.laboratory.commands import COMMANDS
from charembed_tui.laboratory.screen import LaboratoryScreen
from charembed_tui.runs.plan import Plan
from charembed_tui.screens.dialog import Palette
from charembed_tui.settings.config import unknown
from charembed_tui.settings.preferences import Preferences
from charembed_tui.text.glyphs import printable
from charembed_tui.widgets.legibility import LegibilityFilter
from charembed_tui.widgets.printable_filter import PrintableFilter
from model.errors import SettingsError

DEFAULT_THEME = "textual-dark"
_SECONDS_TO_END = 1.5  # for the session's thread, unless it is saving
_SECONDS_BETWEEN_LOOKS = 0.01
_FIRST_VISIT = (
    "{train} starts training; watch the characters find their places.\n"
    "{generate} lets the model write, at any moment; {x} and {y} look from other sides.\n"
    "{help} shows all keys, {choose_corpus} opens another text, {quit} quits."
)


def default_keys() -> dict[str, str]:
    """Return the keys of all commands, by their names."""
    return {command.name: command.key for command in COMMANDS}


def _welcome(key_of: Mapping[str, str]) -> str:
    """Return a word to who is here for the first time."""
    names = {"x": "cycle_component(0, 1)", "y": "cycle_component(1, 1)", "quit": "app.quit"}
    short = {name: key_of[action] for name, action in names.items()}
    return _FIRST_VISIT.format_map({**key_of, **short})


def known_theme(name: str) -> str:
    """Return a theme's name as it is spelled, however it was. Raises SettingsError."""
    if (known := name.strip().casefold()) not in BUILTIN_THEMES:
        raise SettingsError(unknown("theme", name, tuple(BUILTIN_THEMES)))
    return known


class CharembedApp(App[None]):
    """The program with a screen.

    Args:
        plan: of the first session.
        preferences: settings to begin with.
        remember_in: file for the preferences at the end of the visit, None to forget them.
        save_runs: save every run in a folder of its own.
        copy_text: with a copy of its text.
        keys: that a person chose for commands, by their names.

    Raises:
        SettingsError: one of them cannot be used.

    Attributes:
        laboratory: the main screen, which all others come in front of.
    """

    TITLE = "charembed"
    CSS_PATH = "app.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [  # in dialogs too
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
        Binding("ctrl+l", "redraw", show=False, priority=True),
    ]

    def __init__(
        self,
        plan: Plan,
        preferences: Preferences | None = None,
        *,
        remember_in: Path | None = None,
        save_runs: bool = False,
        copy_text: bool = False,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._preferences = preferences or Preferences(training=plan.settings)
        self._remember_in = remember_in
        self._legibility = LegibilityFilter()
        self._ending: Ending | None = None
        self._is_ending = False
        self._running_loop: asyncio.AbstractEventLoop | None = None
        self.laboratory = LaboratoryScreen(
            plan, self._preferences, save_runs=save_runs, copy_text=copy_text, keys=keys
        )

    def get_default_screen(self) -> Screen[None]:
        """The main screen is the lowest one, so that nothing is drawn before it."""
        return self.laboratory

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's filters, and those that keep texts harmless and every theme legible."""
        return [*super().get_line_filters(), PrintableFilter(), self._legibility]

    def get_driver_class(self) -> type[Driver]:
        """Textual's choice; for terminals and browsers drivers of our own."""
        found = super().get_driver_class()
        if found.__name__ == "LinuxDriver":
            from charembed_tui.terminal_driver import TerminalDriver  # not on Windows

            return TerminalDriver
        if found.__name__ == "WebDriver" and sys.platform != "win32":
            from charembed_tui.served_driver import ServedDriver

            return ServedDriver
        return found

    def run_to_end(self) -> int:
        """Run in a terminal until keys, a signal or the terminal's loss end it; the exit status."""
        self._ending = Ending(
            lambda: self.laboratory.session.close(),
            lambda: self.laboratory.session.is_saving,
            lambda: getattr(self._driver, "restore", bool)(),
        )
        for number in ending_signals():
            signal.signal(number, self._signalled)
        self.run()
        return self.return_code or 0

    def _signalled(self, number: int, _: object) -> None:
        """Begin the end, or hurry. Called between any two instructions of the app's thread."""
        if self._running_loop is None or self._ending is None:
            sys.exit(INTERRUPTED)
        if not self._ending.has_begun:
            self._ending.begin(INTERRUPTED)
            if not self.laboratory.is_open:
                self._ending.hurry()  # there is nothing to save
                return
            with suppress(RuntimeError):  # the loop has ended
                self._running_loop.call_soon_threadsafe(self.call_later, self.end, INTERRUPTED)
        elif number != getattr(signal, "SIGHUP", None):  # which shells pass on: not impatience
            self._ending.hurry()

    @property
    def is_ending(self) -> bool:
        """Whether the end has begun."""
        return self._is_ending or (self._ending is not None and self._ending.has_begun)

    def on_load(self) -> None:
        """Know where signals are answered."""
        self._running_loop = asyncio.get_running_loop()

    def on_mount(self) -> None:
        """Theme, and a word to who is here for the first time."""
        self.set_keymap(self.laboratory.own_keys)
        if self._preferences.theme in self.available_themes:
            self.theme = self._preferences.theme
        if self._preferences.is_new:
            message = _welcome(self.laboratory.key_of)
            welcome = Notification(message, title="Welcome", markup=False)
            self.laboratory.panes.footer.say(welcome, until_key=True)

    def on_notify(self, event: Notify) -> None:
        """Notices stand in the footer, where they cover neither map nor text."""
        notice = event.notification
        notice.message, notice.title = printable(notice.message), printable(notice.title)
        self.laboratory.panes.footer.say(notice)

    def _handle_exception(self, error: Exception) -> None:
        """Where memory is used up a traceback says nothing; what was trained is saved all the same.

        Textual calls this for whatever nobody handles, and ends the app. Once that ends, all of its
        widgets count as detached: what is still on its way to them fails, and nothing is lost.
        """
        if self._exit and isinstance(error, (MountError, NoMatches, NoWidget)):
            return
        if not is_exhaustion(error):
            super()._handle_exception(error)
            return
        self._return_code, self._exception = 1, self._exception or error
        self._exception_event.set()
        self.panic(f"charembed-tui: {USED_UP}")

    async def on_unmount(self) -> None:
        """However the app ends, what was trained is saved."""
        self.laboratory.session.close()
        await self._session_end()

    def on_terminal_lost(self) -> None:
        """End: nobody can see or steer this any more."""
        self.end(INTERRUPTED)

    def on_redraw_needed(self) -> None:
        """Draw everything."""
        self.action_redraw()

    def input_arrived(self) -> None:
        """Have training rest: keys are on their way. Called on the thread that reads them."""
        self.laboratory.make_way()

    async def on_event(self, event: events.Event) -> None:
        """Keys and clicks pass the main screen first, whatever is in front of it."""
        if isinstance(event, events.InputEvent) and not self.laboratory.prepare_for(event):
            return
        await super().on_event(event)

    async def run_action(self, *arguments: Any, **keywords: Any) -> bool:
        """Do what a key asks for, and draw what that changes as soon as it is done."""
        with self.laboratory.rows_at_once.collecting():
            return await super().run_action(*arguments, **keywords)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Everything that can be done, for the command palette."""
        yield from super().get_system_commands(screen)
        yield from self.laboratory.system_commands()

    def action_command_palette(self) -> None:
        """Find a command by its name."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())  # without Textual's id: the last one may still be leaving

    def action_redraw(self) -> None:
        """Draw the whole screen, whatever the terminal shows."""
        self.screen.refresh(layout=True)

    async def action_quit(self) -> None:
        """Save, then leave."""
        self.end()

    def end(self, status: int = 0) -> None:
        """Say that this is the end, have the session save, then exit with a status."""
        if self._is_ending:
            return
        self._is_ending = True
        if self._ending is not None:
            self._ending.begin(status)
            if not self.laboratory.is_open:  # Textual fails where it is still composing
                self._ending.hurry()
                return
        self.laboratory.close_session()
        if self._remember_in is not None and self.laboratory.is_running:
            with suppress(OSError):  # a visit ends all the same
                self.laboratory.preferences(self.theme).save(self._remember_in)
        self.run_worker(self._exit_in_order(status), exit_on_error=False)

    async def _exit_in_order(self, status: int) -> None:
        await self._session_end()
        self.exit(return_code=status)

    async def _session_end(self) -> None:
        """Wait until the session's thread has ended, as long as is reasonable."""
        session, end = self.laboratory.session, time.monotonic() + _SECONDS_TO_END
        while not session.join(0) and (session.is_saving or time.monotonic() < end):
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
