"""The app: composition and wiring, nothing else."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.geometry import Size
from textual.markup import escape
from textual.screen import Screen
from textual.widgets import Tabs

from charembed_tui.laboratory.actions import Actions
from charembed_tui.laboratory.background import Background
from charembed_tui.laboratory.commands import BY_NAME, COMMANDS
from charembed_tui.laboratory.corpus_pane import CorpusPane
from charembed_tui.laboratory.generation_pane import GenerationPane
from charembed_tui.laboratory.hyperparameters_pane import HyperparametersPane
from charembed_tui.laboratory.messages import BaselinesFound, CorpusRead, RunOpened, Written
from charembed_tui.laboratory.panes import Panes
from charembed_tui.laboratory.timeline_bar import TimelineBar
from charembed_tui.plotting.embedding_plot import EmbeddingPlot
from charembed_tui.runs.sessions import Plan, Sessions
from charembed_tui.screens.dialog import Palette
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings, optimizer_settings
from charembed_tui.training.run_history import RunHistory
from charembed_tui.training.session import Session
from charembed_tui.training.snapshot import SessionState, Snapshot, View
from charembed_tui.training.sweep import Sweep
from charembed_tui.widgets.cached import CachedScreen
from model.corpus import Corpus

_FRAMES_PER_SECOND = 10
_SECONDS_TO_ANSWER = 0.04  # a key
_SECONDS_TO_END = 10.0
_LEAST = Size(40, 12)  # below, nothing can be seen and no key but these does anything
_KEYS_OF_A_TINY_SCREEN = ("q", "escape", "ctrl+q")
_FIRST_VISIT = (
    "space starts training; watch the characters find their places.\n"
    "g lets the model write, at any moment; x and y look from other sides.\n"
    "? shows all keys, o opens another text, q quits."
)


class CharembedApp(App[None]):
    """The laboratory.

    Args:
        plan: of the first session.
        preferences: settings to begin with.
        remember_in: file for the preferences at the end of the visit, None to forget them.
        keep: save every run in a folder of its own.
        copy_text: with a copy of its text.
    """

    TITLE = "charembed"
    CSS_PATH = "app.tcss"
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [
        (0, "-too-narrow"),
        (_LEAST.width, "-narrow"),
        (100, "-normal"),
        (160, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-too-short"), (_LEAST.height, "-short"), (30, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [command.binding for command in COMMANDS]

    def __init__(
        self,
        plan: Plan,
        preferences: Preferences | None = None,
        *,
        remember_in: Path | None = None,
        keep: bool = False,
        copy_text: bool = False,
    ) -> None:
        super().__init__()
        preferences = preferences or Preferences(training=plan.settings)
        self.sessions = Sessions(plan, keep=keep, copy_text=copy_text)
        self.history = RunHistory()
        self.background = Background(self)
        self.actions = Actions(self)
        self.running_sweep: Sweep | None = None
        self._preferences, self._remember_in = preferences, remember_in
        self._shown: Snapshot | None = None
        self._turns = (self._show_state, self._show_embedding, self._show_numbers)
        self._turn = cycle(self._turns)
        self.panes = Panes(plan, preferences, f"{_LEAST.width}x{_LEAST.height} at least; q quits")

    def get_default_screen(self) -> Screen[None]:
        """The screen of the panes."""
        return CachedScreen(id="_default")

    def compose(self) -> ComposeResult:
        """All panes."""
        yield from self.panes.compose()

    def on_mount(self) -> None:
        """The first picture; `_open` does the rest."""
        if self._preferences.theme in self.available_themes:
            self.theme = self._preferences.theme
        self.call_after_refresh(self._open)
        if self._preferences.is_new:
            self.notify(_FIRST_VISIT, title="Welcome", timeout=20, markup=False)

    def _open(self) -> None:
        """What takes long begins behind the first picture."""
        self.session.begin()
        self.panes.introduce(self.session, self.sessions.plan)
        self.set_interval(1 / (len(self._turns) * _FRAMES_PER_SECOND), self._look)
        with suppress(NotImplementedError, RuntimeError):  # not on Windows, not off the main thread
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(
                    number, lambda: self.run_worker(self.action_quit())
                )

    def on_unmount(self) -> None:
        """However the app ends, its thread does not go on."""
        self.session.close()

    @property
    def session(self) -> Session:
        """The one that goes on."""
        return self.sessions.current

    @property
    def source(self) -> Corpus:
        """The text as it was read."""
        return self.sessions.plan.corpus

    @property
    def path(self) -> Path:
        """Where it was read from."""
        return self.sessions.plan.path

    @property
    def corpus(self) -> Corpus:
        """The text as it is learned: rare characters may be merged in it."""
        return self.session.corpus

    @property
    def snapshot(self) -> Snapshot:
        """The session's newest snapshot."""
        return self.session.snapshot

    @property
    def view(self) -> View | None:
        """The parameters on show; None before there are any."""
        return self.panes.view(self.session)

    # The session

    def begin(self, plan: Plan) -> None:
        """Start over, as soon as the old thread has ended."""
        self.sessions.begin(plan)
        self._look()

    def begin_here(self, settings: TrainingSettings, *, train: bool = False) -> None:
        """Start over on the same text."""
        self.begin(Plan(self.source, self.path, settings, train=train))

    def _look(self) -> None:
        """Show what is new."""
        if not self.is_running:
            return
        if self.sessions.advance():
            self.panes.introduce(self.session, self.sessions.plan)
        # In turns: Textual draws everything between two parts of the screen that have changed.
        next(self._turn)()
        if self.session.problem:
            self.notify(self.session.problem, severity="warning", timeout=15, markup=False)
            self.session.problem = None
        if samples := self.session.take_samples():
            self.panes.generation.show_kept(samples, self.snapshot.run)
            self.actions.mark_samples()
        sweep = self.running_sweep
        if sweep and not self.sessions.is_changing and sweep.is_due(self.snapshot):
            self.continue_sweep(sweep)

    def settings_shown(self) -> TrainingSettings:
        """What the fields say, or what is in use while they say nothing valid."""
        return self.panes.hyperparameters.settings_shown()

    def continue_sweep(self, sweep: Sweep) -> None:
        """Begin the next run, or end the sweep."""
        if not sweep.waiting:
            self.running_sweep = None
            self.session.pause()
            self.notify(f"All {sweep.total} runs are done. R compares them.", title="Sweep")
            return
        settings, self.running_sweep = sweep.next()
        self.begin_here(settings, train=True)

    def _show_state(self) -> None:
        """Tell where the session stands."""
        before, snapshot = self._shown, self.snapshot
        if snapshot is before:
            return
        self._shown = snapshot
        self.history.note(self.source.name, self.session.settings, snapshot)
        sweep = self.running_sweep
        told = f"sweep {sweep.number}/{sweep.total}" if sweep else ""
        if self.session.followed:
            told = "following, read-only"
        self.panes.status.show(snapshot, self.corpus.name, told)
        new = before is None or before.run != snapshot.run
        if before is None or new or before.facts is not snapshot.facts:
            self.panes.corpus.show(self.corpus, self.path, snapshot)
            if snapshot.facts is None:
                self.panes.loss.show_lines(())
            else:
                # All modules are loaded by now. Going through them again would stop everything for
                # a tenth of a second, every other second.
                gc.collect()
                gc.freeze()
                self.background.compare(self.session)
        failed = snapshot.state is SessionState.FAILED
        if failed and (before is None or new or before.state is not SessionState.FAILED):
            self.notify(
                f"{snapshot.error}\nr starts again with the settings shown.",
                title="Training stopped",
                severity="error",
                timeout=15,
                markup=False,
            )

    def _show_embedding(self) -> None:
        self.panes.show_embedding(self.session)

    def _show_numbers(self) -> None:
        if self.panes.show_numbers(self.session):
            self.refresh_loss()

    def show_view(self) -> None:
        """Draw the parameters on show."""
        self.panes.show_view(self.session)

    def refresh_loss(self) -> None:
        """Draw the curves anew: others are shown or hidden."""
        self.panes.loss.show(self.snapshot, self.history, self.source.name)

    # Messages from the panes and from threads

    @on(TimelineBar.Moved)
    def _moved_in_time(self, event: TimelineBar.Moved) -> None:
        self.show_view()
        self.panes.generation.show_step(self.snapshot.run, event.step)

    @on(EmbeddingPlot.Selected)
    def _character_selected(self, event: EmbeddingPlot.Selected) -> None:
        if self.view is not None:
            self.panes.character.show(event.character, self.view)

    @on(CorpusPane.Selected)
    def _corpus_selected(self, event: CorpusPane.Selected) -> None:
        self.panes.corpus.show_loading(event.path)
        self.background.read(event.path)

    @on(CorpusRead)
    def _corpus_read(self, event: CorpusRead) -> None:
        if isinstance(event.corpus, str):
            self.panes.corpus.show_error(event.corpus)
            self.notify(event.corpus, severity="error", markup=False)
        else:
            self.begin(Plan(event.corpus, event.path, self.settings_shown()))

    @on(RunOpened)
    def _run_opened(self, event: RunOpened) -> None:
        if isinstance(event.plan, str):
            self.notify(event.plan, severity="error", timeout=15, markup=False)
        else:
            self.begin(event.plan)

    @on(HyperparametersPane.Changed)
    def _settings_changed(self, event: HyperparametersPane.Changed) -> None:
        """Apply settings where nothing is lost: before the first step, or another optimizer."""
        now = self.session.settings
        if self.session.followed:
            return  # they wait for r
        if event.settings != now and not self.snapshot.step:
            self.begin_here(event.settings)
        elif event.settings.optimizer != now.optimizer:
            own = {name: getattr(event.settings, name) for name in optimizer_settings()}
            self.session.switch_optimizer(replace(now, **own))
            self.panes.hyperparameters.show_in_use(self.session.settings)

    @on(BaselinesFound)
    def _lines_found(self, event: BaselinesFound) -> None:
        if event.run == self.snapshot.run:
            self.panes.loss.show_lines(event.lines)

    @on(Tabs.TabActivated)
    def _tab_activated(self, event: Tabs.TabActivated) -> None:
        for page in self.screen_stack[0].query(".page"):
            page.set_class(f"tab-{page.id}" == event.tab.id, "active")

    @on(GenerationPane.Requested)
    def _generation_requested(self) -> None:
        self.actions.generate()

    @on(Written)
    def _written(self, event: Written) -> None:
        if self.background.is_current(event.sample):
            if event.chunk is not None:
                self.panes.generation.extend(event.chunk)
            if event.note is not None:
                self.panes.generation.end(event.note)
                self.actions.keep_sample()

    # Commands

    async def on_event(self, event: events.Event) -> None:
        """Give keys and clicks the interpreter while they are answered."""
        if isinstance(event, events.InputEvent):
            is_tiny = self.size.width < _LEAST.width or self.size.height < _LEAST.height
            if is_tiny and getattr(event, "key", "") not in _KEYS_OF_A_TINY_SCREEN:
                return
            self.session.give_way(_SECONDS_TO_ANSWER)
        await super().on_event(event)

    def action_command(self, name: str) -> object:
        """Do one of `COMMANDS`."""
        return BY_NAME[name].run(self.actions)

    def action_command_palette(self) -> None:
        """Find a command by its name."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    async def action_quit(self) -> None:
        """End the training thread at its next step, then the app."""
        self.session.close()
        self.background.stop_writing()
        if self._remember_in is not None:
            with suppress(OSError):  # a visit ends all the same
                self.preferences().save(self._remember_in)
        await asyncio.to_thread(self.session.join, _SECONDS_TO_END)
        self.exit()

    def preferences(self) -> Preferences:
        """The settings as they are now."""
        return Preferences(
            self.settings_shown(), self.panes.generation.settings, self.panes.loss.view, self.theme
        )

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Everything the keys do, for the command palette."""
        yield from super().get_system_commands(screen)
        for command in COMMANDS:
            if command.name != "quit":  # Textual has its own
                yield SystemCommand(
                    command.title,
                    escape(f"{command.group} · {command.shown}"),
                    lambda name=command.name: self.action_command(name),
                )
