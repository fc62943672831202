"""The app: composition, key bindings and wiring, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Tab, Tabs
from textual.worker import get_current_worker

from charembed_tui.export import export_run
from charembed_tui.generation import write
from charembed_tui.glyphs import printable
from charembed_tui.runs import new_run_folder
from charembed_tui.screens.help import HelpScreen
from charembed_tui.settings import OPTIMIZER_SETTINGS, TrainingSettings
from charembed_tui.snapshot import SessionState, Snapshot
from charembed_tui.training import TrainingSession
from charembed_tui.widgets.corpus_pane import CorpusPane
from charembed_tui.widgets.embedding_pane import EmbeddingPane
from charembed_tui.widgets.generation_pane import GenerationPane
from charembed_tui.widgets.hyperparameters_pane import HyperparametersPane
from charembed_tui.widgets.loss_pane import LossPane
from charembed_tui.widgets.status_bar import StatusBar
from model.corpus import Corpus
from model.errors import CharembedError, SettingsError

_FRAMES_PER_SECOND = 10
_CHARACTERS = 300
_SECONDS_TO_END = 10.0
PAGES = ("setup", "watch", "write")


class CharembedApp(App[None]):
    """The laboratory.

    Args:
        corpus: the text to begin with.
        path: where it was read from.
        settings: hyperparameters to begin with.
    """

    TITLE = "charembed"
    CSS_PATH = "app.tcss"
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "train", "Train"),
        Binding("n", "step", "Step"),
        Binding("r", "reset", "Reset"),
        Binding("x", "component(0, 1)", "x-axis", key_display="x/X"),
        Binding("X", "component(0, -1)", "Previous component on the x-axis", show=False),
        Binding("y", "component(1, 1)", "y-axis", key_display="y/Y"),
        Binding("Y", "component(1, -1)", "Previous component on the y-axis", show=False),
        Binding("g", "generate", "Write"),
        Binding("o", "corpus", "Text"),
        Binding("e", "export", "Export", show=False),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
        Binding("1", "page('setup')", "Setup page", show=False),
        Binding("2", "page('watch')", "Watch page", show=False),
        Binding("3", "page('write')", "Write page", show=False),
        Binding("escape", "leave", "Leave the field", show=False),
    ]

    @dataclass
    class CorpusRead(Message):
        """The file was read; `corpus` is a message instead where it cannot be used."""

        path: Path
        corpus: Corpus | str

    @dataclass
    class Exported(Message):
        """An export has ended, well or not."""

        message: str
        failed: bool = False

    @dataclass
    class Written(Message):
        """More of a sample; the last message carries a note."""

        sample: int
        text: str
        note: str | None = None

    def __init__(self, corpus: Corpus, path: str | Path, settings: TrainingSettings) -> None:
        super().__init__()
        self.corpus = corpus
        self.path = Path(path)
        self.session = TrainingSession(corpus, settings)
        self.components = (0, 1)
        self._next: tuple[Corpus, Path, TrainingSettings] | None = None
        self._shown: Snapshot | None = None
        self._sample = 0
        # Held here, since a query would look for them on whatever screen is in front.
        self._status = StatusBar(id="status")
        self._tabs = Tabs(*(Tab(name, id=f"tab-{name}") for name in PAGES), active="tab-watch")
        self._corpus_pane = CorpusPane(self.path, id="corpus")
        self._hyperparameters = HyperparametersPane(settings, id="hyperparameters")
        self._embedding = EmbeddingPane(id="embedding")
        self._loss = LossPane(id="loss")
        self._generation = GenerationPane(id="generation")

    def compose(self) -> ComposeResult:
        """Status, pages, footer; small screens show one page at a time, under tabs."""
        yield self._status
        yield self._tabs
        with Container(id="pages"):
            with Vertical(id="setup", classes="page"):
                yield self._corpus_pane
                yield self._hyperparameters
            with Horizontal(id="watch", classes="page active"):
                yield self._embedding
                yield self._loss
            with Vertical(id="write", classes="page"):
                yield self._generation
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Look at the session ten times a second."""
        self._introduce()
        self.set_interval(1 / _FRAMES_PER_SECOND, self._look)

    @property
    def snapshot(self) -> Snapshot:
        """The session's newest snapshot."""
        return self.session.snapshot

    # The session

    def _begin(self, corpus: Corpus, path: Path, settings: TrainingSettings) -> None:
        """Start over, as soon as the old thread has ended."""
        self._next = (corpus, path, settings)
        self.session.close()
        self._look()

    def _look(self) -> None:
        """Show what is new."""
        if not self.is_running:
            return
        if self._next and self.session.join(0):
            self.corpus, self.path, settings = self._next
            self._next = None
            self.session = TrainingSession(self.corpus, settings)
            self._introduce()
        if self.snapshot is not self._shown:
            self._show(self.snapshot)

    def _introduce(self) -> None:
        """Tell the panes of a new session."""
        self._embedding.show_vocabulary(self.corpus.vocabulary)
        self._hyperparameters.show_vocabulary(len(self.corpus.vocabulary))
        self._hyperparameters.show_in_use(self.session.settings)
        last = self.session.settings.embedding_size - 1
        self.components = (min(self.components[0], last), min(self.components[1], last))

    def _show(self, snapshot: Snapshot) -> None:
        before, self._shown = self._shown, snapshot
        self._status.show(snapshot, self.corpus.name)
        self._embedding.show(snapshot, self.components)
        self._loss.show(snapshot)
        if before is None or (before.run, before.counts) != (snapshot.run, snapshot.counts):
            self._corpus_pane.show(self.corpus, self.path, snapshot)
        failed = snapshot.state is SessionState.FAILED
        if failed and (before is None or before.state is not SessionState.FAILED):
            self.notify(
                f"{snapshot.error}\nr starts again with the settings shown.",
                title="Training stopped",
                severity="error",
                timeout=15,
                markup=False,
            )

    # Messages from the panes and from threads

    @on(CorpusPane.Selected)
    def _corpus_selected(self, event: CorpusPane.Selected) -> None:
        self._corpus_pane.show_loading(event.path)
        self._read(event.path)

    @work(thread=True, group="corpus", exclusive=True, exit_on_error=False)
    def _read(self, path: Path) -> None:
        worker = get_current_worker()
        result: Corpus | str
        try:
            result = Corpus.from_file(path)
        except CharembedError as error:
            result = str(error)
        except MemoryError:
            result = f"{path.name} does not fit in memory: choose a smaller text."
        if not worker.is_cancelled:
            self.post_message(self.CorpusRead(path, result))

    @on(CorpusRead)
    def _corpus_read(self, event: CorpusRead) -> None:
        if isinstance(event.corpus, str):
            self._corpus_pane.show_error(event.corpus)
            self.notify(event.corpus, severity="error", markup=False)
        else:
            self._begin(event.corpus, event.path, self._settings())

    def _settings(self) -> TrainingSettings:
        """What the fields say, or what is in use while they say nothing valid."""
        try:
            return self._hyperparameters.settings()
        except SettingsError:
            return self.session.settings

    @on(HyperparametersPane.Changed)
    def _settings_changed(self, event: HyperparametersPane.Changed) -> None:
        """Apply settings where nothing is lost: before the first step, or another optimizer."""
        now = self.session.settings
        if event.settings != now and not self.snapshot.step:
            self._begin(self.corpus, self.path, event.settings)
        elif event.settings.optimizer != now.optimizer:
            own = {name: getattr(event.settings, name) for name in OPTIMIZER_SETTINGS}
            self.session.switch_optimizer(replace(now, **own))
            self._hyperparameters.show_in_use(self.session.settings)

    @on(Tabs.TabActivated)
    def _tab_activated(self, event: Tabs.TabActivated) -> None:
        for page in self.screen_stack[0].query(".page"):
            page.set_class(f"tab-{page.id}" == event.tab.id, "active")

    @on(GenerationPane.Requested)
    def _generation_requested(self) -> None:
        self.action_generate()

    @work(thread=True, group="generation", exclusive=True, exit_on_error=False)
    def _write(self, sample: int, snapshot: Snapshot, prompt: str) -> None:
        worker = get_current_worker()
        note = f"{_CHARACTERS} characters at step {snapshot.step:,}"
        try:
            write(
                snapshot,
                self.corpus.vocabulary,
                prompt,
                _CHARACTERS,
                lambda text: self.post_message(self.Written(sample, text)),
                lambda: worker.is_cancelled,
            )
        except CharembedError as error:
            note = str(error)
        if not worker.is_cancelled:
            self.post_message(self.Written(sample, "", note))

    @on(Written)
    def _written(self, event: Written) -> None:
        if event.sample != self._sample:
            return
        self._generation.extend(event.text)
        if event.note is not None:
            self._generation.end(event.note)

    # Keys

    def action_train(self) -> None:
        """Start or pause."""
        if self.snapshot.state is SessionState.FAILED:
            self.notify("Training stopped; r starts again.", severity="warning")
            return
        self.session.toggle()

    def action_step(self) -> None:
        """Take one step."""
        self.session.step_once()

    def action_reset(self) -> None:
        """Start again at step 0 with the settings shown."""
        self._begin(self.corpus, self.path, self._settings())

    def action_component(self, axis: int, by: int) -> None:
        """Show the next or previous component on an axis (0 horizontal, 1 vertical).

        The one on the other axis is passed over, unless there is no third.
        """
        size = self.session.settings.embedding_size
        components = list(self.components)
        components[axis] = (components[axis] + by) % size
        if components[0] == components[1] and size > 2:
            components[axis] = (components[axis] + by) % size
        self.components = (components[0], components[1])
        self._embedding.show(self.snapshot, self.components)

    def action_generate(self) -> None:
        """Write with the current parameters."""
        snapshot = self.snapshot
        if snapshot.theta is None:
            self.notify("The text is still being counted: try again in a moment.")
            return
        self._sample += 1
        self.action_page("write")
        self._generation.begin(f"step {snapshot.step:,} · {snapshot.loss:.4f} nats per character")
        self._write(self._sample, snapshot, self._generation.prompt)

    def action_export(self) -> None:
        """Write vectors, losses, recording and settings to a folder."""
        if self.snapshot.theta is None:
            self.notify("The text is still being counted: try again in a moment.")
            return
        self._export(self.session, self.corpus)

    @work(thread=True, group="export", exit_on_error=False)
    def _export(self, session: TrainingSession, corpus: Corpus) -> None:
        frames = session.timeline.frames()
        try:
            folder = new_run_folder(corpus.name, datetime.now())
            export_run(folder, corpus, session.settings, session.snapshot, frames)
        except OSError as error:
            message = f"{error}\nSet CHAREMBED_RUNS to a folder that can be written to."
            self.post_message(self.Exported(message, failed=True))
        else:
            message = f"vectors.tsv, metadata.tsv, loss.tsv and recording.npz are in\n{folder}"
            self.post_message(self.Exported(message))

    @on(Exported)
    def _exported(self, event: Exported) -> None:
        self.notify(
            printable(event.message),
            title="Not exported" if event.failed else "Exported",
            severity="error" if event.failed else "information",
            markup=False,
            timeout=10,
        )

    def action_corpus(self) -> None:
        """Choose a text."""
        self.action_page("setup")
        self._corpus_pane.focus_choice()

    def action_page(self, name: str) -> None:
        """Bring a page to the front of a small screen."""
        self._tabs.active = f"tab-{name}"

    def action_leave(self) -> None:
        """Take the focus from a field, so that keys act again."""
        self.set_focus(None)

    def action_help(self) -> None:
        """All keys."""
        self.push_screen(HelpScreen())

    async def action_quit(self) -> None:
        """End the training thread at its next step, then the app."""
        self.session.close()
        await asyncio.to_thread(self.session.join, _SECONDS_TO_END)
        self.exit()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Everything the keys do, for the command palette."""
        yield from super().get_system_commands(screen)
        yield SystemCommand("Start or pause", "Train, or stop after this step", self.action_train)
        yield SystemCommand("Step", "Take one training step", self.action_step)
        yield SystemCommand("Reset", "Start again with the settings shown", self.action_reset)
        for axis, name in enumerate(("x-axis", "y-axis")):
            for by, word in ((1, "Next"), (-1, "Previous")):
                yield SystemCommand(
                    f"{word} component on the {name}",
                    "Look at the embedding from another side",
                    lambda axis=axis, by=by: self.action_component(axis, by),
                )
        yield SystemCommand("Generate", "Write 300 characters", self.action_generate)
        yield SystemCommand("Export", "Write vectors, losses and recording", self.action_export)
        yield SystemCommand("Corpus", "Choose another text", self.action_corpus)
        yield SystemCommand("Help", "All keys", self.action_help)
