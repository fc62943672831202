"""The main screen: composes the panes, polls the session, and hears what panes and threads say."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.markup import escape
from textual.widgets import Input, Tabs

from charembed_tui.exhaustion import USED_UP
from charembed_tui.interpreter import freeze_loaded_objects
from charembed_tui.laboratory.base_screen import LEAST
from charembed_tui.laboratory.commands import COMMANDS, Command, Moment, hints, with_keys
from charembed_tui.laboratory.corpus_pane import CorpusPane
from charembed_tui.laboratory.generation_pane import GenerationPane
from charembed_tui.laboratory.hyperparameters_pane import HyperparametersPane
from charembed_tui.laboratory.messages import (
    BaselinesFound,
    CorpusCounted,
    CorpusRead,
    CostFound,
    MemoryUsedUp,
    NoveltyFound,
    Projected,
    Rewritten,
    RunOpened,
    Written,
)
from charembed_tui.laboratory.plot_actions import PlotActions
from charembed_tui.laboratory.status_bar import AT_REST
from charembed_tui.laboratory.text_actions import TextActions
from charembed_tui.laboratory.timeline_bar import TimelineBar
from charembed_tui.laboratory.training_actions import TrainingActions
from charembed_tui.plotting.embedding_plot import EmbeddingPlot
from charembed_tui.plotting.loss_plot import LossPlot
from charembed_tui.runs.plan import Plan
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import optimizer_settings
from charembed_tui.text.reading_notes import reading_notes
from charembed_tui.training.snapshot import SessionState, Snapshot
from charembed_tui.widgets.folding import FoldingPane
from charembed_tui.widgets.number_field import NumberField
from charembed_tui.widgets.prompt_input import PromptInput
from charembed_tui.widgets.rows_at_once import RowsAtOnce

_FRAMES_PER_SECOND = 10
_SECONDS_BETWEEN_SAMPLES = 0.5
_SECONDS_AT_FULL_SPEED = 2.0  # which nobody reads faster
_LIVE_LENGTH = 160  # characters: what is read at a glance, 20 ms of writing
_LIVE_LINES = 20  # of a list
_REST = 3  # times as long as a sample took nothing is written
_LIVE_SEED = 0  # at the least: always the same one
_SECONDS_TO_ANSWER = 0.04  # a key
_ACTIONS_OF_A_TINY_SCREEN = ("app.quit", "leave")
_KEYS_OF_A_TINY_SCREEN = ("ctrl+q", "ctrl+z", "ctrl+l")


_MOMENTS_OF_FOCUS = (
    (PromptInput, Moment.PROMPT),
    (NumberField, Moment.FIELD),
    (Input, Moment.CONTEXT),
    (EmbeddingPlot, Moment.MAP),
    (LossPlot, Moment.CURVES),
)
_MOMENTS_OF_STATE = {
    SessionState.IDLE: Moment.READY,
    SessionState.RUNNING: Moment.TRAINING,
    SessionState.PAUSED: Moment.PAUSED,
    SessionState.FINISHED: Moment.FINISHED,
    SessionState.FAILED: Moment.FAILED,
}


class LaboratoryScreen(TrainingActions, PlotActions, TextActions):
    """This screen has all panes and brings them up to date.

    Args:
        plan: of the first session.
        preferences: what the panes begin with.
        save_runs: save every run in a folder of its own.
        copy_text: with a copy of its text.
        keys: that a person chose for commands, by their names.

    Attributes:
        is_open: whether the first picture was drawn and the session has begun.
        own_keys: those that a person chose in place of the usual ones, by their commands' names.
        rows_at_once: draws what changes here past Textual's compositor, where it can.

    Raises:
        SettingsError: one of them cannot be used.
    """

    HORIZONTAL_BREAKPOINTS = [
        (0, "-too-narrow"),
        (LEAST.width, "-narrow"),
        (100, "-normal"),
        (160, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-too-short"), (LEAST.height, "-short"), (30, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [command.binding for command in COMMANDS]

    def __init__(
        self,
        plan: Plan,
        preferences: Preferences,
        *,
        save_runs: bool = False,
        copy_text: bool = False,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        commands = with_keys(COMMANDS, keys or {})
        # None but these: Textual compares each with all bindings, 6 ms at every key for all.
        pairs = zip(commands, COMMANDS, strict=True)
        self.own_keys = {own.name: own.key for own, usual in pairs if own.key != usual.key}
        super().__init__(plan, preferences, commands, save_runs=save_runs, copy_text=copy_text)
        self._hints = cache(lambda moment: hints(moment, commands))  # asked for at every poll
        self._displayed: Snapshot | None = None
        self._warned_of = 0  # a run
        self._is_ending = False
        self.is_open = False
        self._rewritten: object = None  # what the live sample was written from
        self._rewritten_theta: object = None
        self._rewritten_at = self._rewrite_at = 0.0
        self.rows_at_once = RowsAtOnce(self)

    def compose(self) -> ComposeResult:
        """Yield all panes."""
        # Textual has these classes follow the first layout, and looks all styles up once more.
        for size, points in zip(
            self.app.size, (self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS), strict=True
        ):
            self.add_class(*self._get_breakpoint_classes(size, points), update=False)
        yield from self.panes.compose()

    def on_mount(self) -> None:
        """Begin what takes long behind the first picture."""
        self.call_after_refresh(self._open)

    def _open(self) -> None:
        self.is_open = True
        self.session.begin()
        self.panes.introduce(self.session, self.sessions.plan)
        self.make_contents()
        self.set_interval(1 / _FRAMES_PER_SECOND, self._poll)

    def on_resize(self) -> None:
        """Make what there is room for now."""
        self.call_after_refresh(self.make_contents)

    def close_session(self) -> None:
        """End the session's thread at its next step, and what is being written; say so."""
        self.session.close()
        self.background.stop_writing()
        if self.is_running:
            self._is_ending, self._displayed = True, None
            self._show_state()

    def prepare_for(self, event: events.InputEvent) -> bool:
        """Give a key or click the interpreter while it is answered; whether it is to be answered.

        Args:
            event: on its way to whatever screen is in front.
        """
        is_tiny = self.app.size.width < LEAST.width or self.app.size.height < LEAST.height
        if is_tiny and not self._is_for_a_tiny_screen(getattr(event, "key", "")):
            return False
        self.make_way()
        if isinstance(event, events.Key):
            self.panes.footer.key_pressed()
        return True

    def make_way(self) -> None:
        """Give what has been pressed the interpreter; on whatever thread that is first known."""
        self.session.give_way(_SECONDS_TO_ANSWER)

    def _is_for_a_tiny_screen(self, key: str) -> bool:
        """Return whether a key does something that makes sense where there are no panes."""
        keys = (c.key.split(",") for c in self.commands if c.action in _ACTIONS_OF_A_TINY_SCREEN)
        return key in _KEYS_OF_A_TINY_SCREEN or any(key in each for each in keys)

    def preferences(self, theme: str) -> Preferences:
        """Return the settings as they are now, with the name of a theme."""
        generation, loss = self.panes.generation, self.panes.loss
        return Preferences(self.displayed_settings(), generation.settings, loss.view, theme)

    def system_commands(self) -> Iterable[SystemCommand]:
        """Yield everything the keys do, for the command palette."""
        for command in self.commands:
            if command.action != "app.quit":  # Textual has its own
                help_text = escape(f"{command.group} · {command.key_label}")
                yield SystemCommand(command.title, help_text, self._caller(command))

    def _caller(self, command: Command) -> Callable[[], Awaitable[bool]]:
        return lambda: self.app.run_action(command.action, self)

    # The session

    def begin(self, plan: Plan) -> None:
        """Start over, as soon as the old thread has ended."""
        super().begin(plan)
        self._poll()

    def _poll(self) -> None:
        """Show what is new."""
        if self.is_running:
            with self.rows_at_once.collecting():
                self._show_news()

    def _show_news(self) -> None:
        if self.sessions.advance():
            self.panes.introduce(self.session, self.sessions.plan)
        if self.is_current:  # else nobody sees it
            self.panes.footer.expire()
            self.panes.footer.show(self._hints(self._moment()))
            self.panes.footer.caption_with(self.panes.caption(self.snapshot, self.corpus.name))
        self._show_state()
        self._show_embedding()
        self._show_numbers()
        if self.session.problem:
            self.notify(self.session.problem, severity="warning", timeout=15, markup=False)
            self.session.problem = None
        self._rewrite_sample()
        if samples := self.session.take_samples():
            self.panes.generation.show_saved(samples, self.snapshot.run)
            self.mark_samples()
            if self.panes.generation.is_by_novelty:
                self.find_novelty()
        sweep = self.running_sweep
        if sweep and not self.sessions.is_changing and sweep.is_due(self.snapshot):
            self._remember_run()  # it may have ended since its state was shown
            self.continue_sweep(sweep)

    def _moment(self) -> Moment:
        """Return what a person is doing."""
        focused, bar = self.focused, self.panes.embedding.timeline_bar
        if focused is not None:
            kinds = (m for kind, m in _MOMENTS_OF_FOCUS if isinstance(focused, kind))
            return next(kinds, Moment.LIST)
        if bar.is_playing:
            return Moment.PLAYING
        if bar.step is not None:
            return Moment.SCRUBBING
        if self.session.followed:
            return Moment.FOLLOWING
        return _MOMENTS_OF_STATE[self.snapshot.state]

    def _rewrite_sample(self) -> None:
        """Have a sample follow the parameters on show, twice a second while they move.

        At full speed it is once in two seconds: nobody reads faster.
        """
        now = time.monotonic()
        if now < self._rewrite_at or self.background.is_rewriting:
            return
        generation = self.panes.generation
        view = self.panes.displayed(self.session)
        if view is None or not generation.follows or not (view.step or self.snapshot.step):
            return
        chosen, by_novelty = generation.settings, generation.is_by_novelty
        # Where the text alone fills the screen, there is room for all of it.
        most = chosen.length if self.panes.alone == "text" else _LIVE_LENGTH
        key = self.snapshot.run, view.step, generation.prompt, chosen, by_novelty, most
        if view.theta is self._rewritten_theta and key == self._rewritten:
            return
        is_fast = self.snapshot.is_running and self.session.activity().is_at_full_speed
        if is_fast and view.live and now < self._rewritten_at + _SECONDS_AT_FULL_SPEED:
            return
        self._rewritten_theta = view.theta
        self._rewritten, self._rewritten_at = key, now
        self._rewrite_at = now + _SECONDS_BETWEEN_SAMPLES
        settings = replace(
            chosen,
            length=min(chosen.length, most),
            count=min(chosen.count, _LIVE_LINES),
            seed=max(chosen.seed, _LIVE_SEED),
        )
        self.background.rewrite(
            self.snapshot.run,
            view,
            self.corpus,
            generation.prompt,
            settings,
            self.session.dataset if by_novelty else None,
        )

    @on(Rewritten)
    def _sample_rewritten(self, event: Rewritten) -> None:
        if event.novelty is not None:
            # Comparing with a long text takes long: training has most of the time.
            self._rewrite_at = max(self._rewrite_at, time.monotonic() + _REST * event.seconds)
        if event.run == self.snapshot.run and not isinstance(event.chunk, str):
            self.panes.generation.show_live(event.view, event.prompt, event.chunk, event.novelty)

    @on(NoveltyFound)
    def _novelty_found(self, event: NoveltyFound) -> None:
        if event.sample.written == event.written:
            event.sample.show_novelty(event.novelty)

    def _show_state(self) -> None:
        """Say where the session stands."""
        before, snapshot = self._displayed, self.snapshot
        sweep = self.running_sweep
        note = f"sweep {sweep.number}/{sweep.total}" if sweep else ""
        if self.session.followed:
            note = "following, read-only"
        if self._is_ending:
            note = "ending, the last step is being saved"
        # The activity changes without a snapshot: a step may take long.
        self.panes.status.show(snapshot, self.corpus.name, note, self.session.activity())
        if snapshot is before:
            return
        self._displayed = snapshot
        self._remember_run()
        new = before is None or before.run != snapshot.run
        if before is None or new or before.facts is not snapshot.facts:
            self.panes.corpus.show(self.corpus, self.path, snapshot)
            if snapshot.facts is None:
                self.panes.loss.show_baselines(())
            else:
                freeze_loaded_objects()  # by now all modules are loaded
                self.background.compare(self.session)
        has_begun = before is not None and before.has_begun
        # A run may be over before it is polled: then it is found at its end, never running.
        is_over = snapshot.state is SessionState.FINISHED
        resumes = (
            before is not None
            and not before.is_running
            and (snapshot.is_running or (is_over and snapshot.step > before.step))
        )
        if snapshot.has_begun and (resumes or not has_begun):
            self._watch()
        self._remark(before if before is not None and not new else None, snapshot)

    def _remark(self, before: Snapshot | None, snapshot: Snapshot) -> None:
        """Say that training stopped, or came to rest where it should not; once.

        Args:
            before: the snapshot of the same run that was displayed before this one, if any.
            snapshot: that which is displayed now.
        """
        if before is not None and before.state is snapshot.state:
            return
        if snapshot.state is SessionState.FAILED:
            self.notify(
                f"{snapshot.error}\n{self.key_of['reset']} starts again with the settings shown.",
                title="Training stopped",
                severity="error",
                timeout=15,
                markup=False,
            )
        elif snapshot.state in AT_REST and snapshot.warning and self._warned_of != snapshot.run:
            self._warned_of = snapshot.run
            self.notify(snapshot.warning, severity="warning", timeout=15, markup=False)

    def _watch(self) -> None:
        """Give the room to what is to be watched: training starts."""
        self.fold()
        if self.is_small and self.panes.tabs.active == "tab-setup":
            self.panes.go_to_page("watch")

    def _remember_run(self) -> None:
        """Take the newest snapshot into the history."""
        self.history.note(self.source.name, self.session.settings, self.snapshot)

    def _show_embedding(self) -> None:
        self.panes.show_embedding(self.session)

    def _show_numbers(self) -> None:
        if self.panes.show_numbers(self.session):
            self.refresh_loss()

    # Messages from the panes and from threads

    @on(TimelineBar.Moved)
    def _moved_in_time(self, event: TimelineBar.Moved) -> None:
        self.panes.show_view(self.session)
        self.panes.generation.show_step(self.snapshot.run, event.step)

    @on(EmbeddingPlot.Selected)
    def _character_selected(self, event: EmbeddingPlot.Selected) -> None:
        self.remove_class("-inspecting")
        if self.view is not None:
            self.panes.character.show(event.character, self.view, self.session.table)

    @on(EmbeddingPlot.ProjectionWanted)
    def _projection_wanted(self, event: EmbeddingPlot.ProjectionWanted) -> None:
        self.background.project(event.view, event.embeddings, event.before)

    @on(Projected)
    def _projected(self, event: Projected) -> None:
        if isinstance(event.projection, str):
            self.notify(event.projection, severity="warning", markup=False)
            self.panes.embedding.give_up(event.embeddings)
        else:
            self.panes.embedding.take(event.embeddings, event.projection)

    @on(CorpusPane.Selected)
    def _corpus_selected(self, event: CorpusPane.Selected) -> None:
        self.read_texts(event.paths, event.reading, self.displayed_settings())

    @on(CorpusCounted)
    def _corpus_counted(self, event: CorpusCounted) -> None:
        if self.background.is_reading:
            self.panes.corpus.show_counting(event.path, event.part)

    @on(CorpusRead)
    def _corpus_read(self, event: CorpusRead) -> None:
        if isinstance(event.corpus, str):
            self.panes.corpus.show_error(event.corpus)
            self.notify(event.corpus, severity="error", markup=False)
        else:
            note = "\n".join(reading_notes(event.corpus))
            self.begin(Plan(event.corpus, event.path, self.displayed_settings(), note=note))

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
        if self.session.followed or self.running_sweep:
            return  # they wait for r
        if event.settings != now and not self.snapshot.step:
            if not self.needs_counting(event.settings):  # which may take long: r asks for it
                self.begin_here(event.settings)
        elif event.settings.optimizer != now.optimizer:
            own = {name: getattr(event.settings, name) for name in optimizer_settings()}
            self.session.switch_optimizer(replace(now, **own))
            self.panes.hyperparameters.show_in_use(self.session.settings)

    @on(HyperparametersPane.CostWanted)
    def _cost_wanted(self, event: HyperparametersPane.CostWanted) -> None:
        self.background.estimate(event.hint, event.settings)

    @on(CostFound)
    def _cost_found(self, event: CostFound) -> None:
        self.panes.hyperparameters.show_cost(event.hint, event.settings, event.words)

    @on(MemoryUsedUp)
    def _memory_used_up(self) -> None:
        self.background.stop_writing()
        self.notify(USED_UP, severity="error", markup=False)

    @on(BaselinesFound)
    def _baselines_found(self, event: BaselinesFound) -> None:
        if event.run == self.snapshot.run:
            self.panes.loss.show_baselines(event.baselines)

    @on(Tabs.TabActivated)
    def _tab_activated(self, event: Tabs.TabActivated) -> None:
        name = str(event.tab.id).removeprefix("tab-")
        for page in self.query(".page"):
            page.set_class(page.has_class(f"on-{name}"), "active")
        self.make_contents()

    @on(FoldingPane.Toggled)
    def _folding_toggled(self) -> None:
        self.action_toggle_setup()

    @on(GenerationPane.Requested)
    def _generation_requested(self) -> None:
        self.action_generate()

    @on(Written)
    def _written(self, event: Written) -> None:
        if self.background.is_current(event.sample):
            if event.chunk is not None:
                self.panes.generation.extend(event.chunk)
            if event.note is not None:
                self.panes.generation.end(event.note)
                self.save_with_run()
                self.find_novelty()
                if self.session.fits is not None:
                    self.panes.show_view(self.session)  # what was fitted for writing is explained
