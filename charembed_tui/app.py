"""The app's lifetime: start, signals, theme, preferences, end. All else is on its main screen."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from textual import events
from textual.app import App, SystemCommand
from textual.filter import LineFilter
from textual.notifications import Notification, Notify
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES

from charembed_tui.laboratory.commands import COMMANDS
from charembed_tui.laboratory.screen import LaboratoryScreen
from charembed_tui.runs.plan import Plan
from charembed_tui.screens.dialog import Palette
from charembed_tui.settings.config import unknown
from charembed_tui.settings.preferences import Preferences
from charembed_tui.widgets.legibility import LegibilityFilter
from model.errors import SettingsError

DEFAULT_THEME = "textual-dark"
_SECONDS_TO_END = 0.3  # that the screen waits for the step under way
_FIRST_VISIT = (
    "space starts training; watch the characters find their places.\n"
    "g lets the model write, at any moment; x and y look from other sides.\n"
    "? shows all keys, o opens another text, q quits."
)


def default_keys() -> dict[str, str]:
    """Return the keys of all commands, by their names."""
    return {command.name: command.key for command in COMMANDS}


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
        self.laboratory = LaboratoryScreen(
            plan, self._preferences, save_runs=save_runs, copy_text=copy_text, keys=keys
        )

    def get_default_screen(self) -> Screen[None]:
        """The main screen is the lowest one, so that nothing is drawn before it."""
        return self.laboratory

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's filters, and one that keeps every theme legible."""
        return [*super().get_line_filters(), self._legibility]

    def on_mount(self) -> None:
        """Theme, signals, and a word to who is here for the first time."""
        self.set_keymap({command.name: command.key for command in self.laboratory.commands})
        if self._preferences.theme in self.available_themes:
            self.theme = self._preferences.theme
        with suppress(NotImplementedError, RuntimeError):  # not on Windows, not off the main thread
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(
                    number, lambda: self.run_worker(self.action_quit())
                )
        if self._preferences.is_new:
            welcome = Notification(_FIRST_VISIT, title="Welcome")
            self.laboratory.panes.footer.say(welcome, until_key=True)

    def on_notify(self, event: Notify) -> None:
        """Notices stand in the footer, where they cover neither map nor text."""
        self.laboratory.panes.footer.say(event.notification)

    def on_unmount(self) -> None:
        """However the app ends, the session's thread does not go on."""
        self.laboratory.session.close()

    async def on_event(self, event: events.Event) -> None:
        """Keys and clicks pass the main screen first, whatever is in front of it."""
        if isinstance(event, events.InputEvent) and not self.laboratory.prepare_for(event):
            return
        await super().on_event(event)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Everything that can be done, for the command palette."""
        yield from super().get_system_commands(screen)
        yield from self.laboratory.system_commands()

    def action_command_palette(self) -> None:
        """Find a command by its name."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    async def action_quit(self) -> None:
        """Have the training thread end at its next step, and leave the screen at once."""
        self.laboratory.close_session()
        if self._remember_in is not None:
            with suppress(OSError):  # a visit ends all the same
                self.laboratory.preferences(self.theme).save(self._remember_in)
        await asyncio.to_thread(self.laboratory.session.join, _SECONDS_TO_END)
        self.exit()
