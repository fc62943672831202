"""What every action works on: the session, the panes, the work in the background."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.geometry import Size

from charembed_tui.laboratory.background import Background
from charembed_tui.laboratory.commands import Command, key_labels
from charembed_tui.laboratory.panes import Panes
from charembed_tui.runs.plan import Plan
from charembed_tui.runs.sessions import Sessions
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.glyphs import printable
from charembed_tui.training.run_history import RunHistory
from charembed_tui.training.session import Session
from charembed_tui.training.snapshot import Snapshot, View
from charembed_tui.training.sweep import Sweep
from charembed_tui.widgets.cached import CachedScreen
from model.corpus import Corpus
from model.texts.reading import Reading

LEAST = Size(40, 12)  # of a screen: below, nothing can be seen and few keys do anything
COUNTING = "The text is still being counted: try again in a moment."


class BaseScreen(CachedScreen):
    """This screen owns sessions, panes, history and sweep; actions by theme are built on it.

    Args:
        plan: of the first session.
        preferences: what the panes begin with.
        commands: with the keys they have here.
        save_runs: save every run in a folder of its own.
        copy_text: with a copy of its text.

    Attributes:
        panes: all there are.
        sessions: the current one, and the one that waits for its end.
        history: the runs of this visit.
        background: reading, writing and comparing, on threads.
        running_sweep: what is still to be run of a sweep, None where there is none.
        commands: with the keys they have here.
        key_of: the key of each action, as people know it.
    """

    def __init__(
        self,
        plan: Plan,
        preferences: Preferences,
        commands: Sequence[Command],
        *,
        save_runs: bool = False,
        copy_text: bool = False,
    ) -> None:
        super().__init__(id="laboratory")
        self.commands, self.key_of = commands, key_labels(commands)
        too_small = f"{LEAST.width}x{LEAST.height} at least; {self.key_of['app.quit']} quits"
        self.panes = Panes(plan, preferences, too_small, self.key_of)
        self.sessions = Sessions(plan, save_runs=save_runs, copy_text=copy_text)
        self.history = RunHistory()
        self.background = Background(self)
        self.running_sweep: Sweep | None = None

    @property
    def session(self) -> Session:
        """The session that goes on."""
        return self.sessions.current

    @property
    def source(self) -> Corpus:
        """The text as it was read."""
        return self.sessions.plan.corpus

    @property
    def path(self) -> Path:
        """Where the text was read from."""
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

    @property
    def own_run_folder(self) -> Path | None:
        """The run's folder, if it is ours to write into."""
        return None if self.session.followed else self.session.saved_as

    @property
    def is_small(self) -> bool:
        """Whether there is room for one page at a time only."""
        return self.has_class("-narrow") or self.has_class("-short")

    @property
    def is_folded(self) -> bool:
        """Whether corpus and hyperparameters are one line each, where all panes are displayed."""
        return self.has_class("-folded")

    def fold(self, is_folded: bool = True) -> None:
        """Fold corpus and hyperparameters into one line each, or unfold them."""
        self.set_class(is_folded, "-folded")
        if is_folded and self.focused is not None and self.focused in self.query("#setup *"):
            self.set_focus(None)
        self.make_contents()

    def make_contents(self) -> None:
        """Make what is in the folding panes, if they can be seen."""
        page = self.panes.tabs.active == "tab-setup"
        if page if self.is_small else not self.is_folded:
            for pane in self.panes.folding:
                pane.make_contents()

    def open_setup(self) -> None:
        """Unfold corpus and hyperparameters, or bring their page to the front."""
        self.panes.go_to_page("setup")
        self.fold(False)

    def displayed_settings(self) -> TrainingSettings:
        """Return what the fields say, or what is in use while they say nothing valid."""
        return self.panes.hyperparameters.displayed_settings()

    def begin(self, plan: Plan) -> None:
        """Start over, as soon as the old thread has ended."""
        self.sessions.begin(plan)

    def read_texts(
        self, paths: Sequence[Path], reading: Reading, settings: TrainingSettings
    ) -> None:
        """Read texts in the background, or count those that there is no room for."""
        self.panes.corpus.show_loading(paths)
        self.background.read(paths, reading, settings)

    def needs_counting(self, settings: TrainingSettings) -> bool:
        """Whether a text that was only counted has to be counted again, for longer contexts."""
        counted = self.source.counted if self.source.was_streamed else None
        return counted is not None and settings.context_length > counted.context_length

    def begin_here(self, settings: TrainingSettings, *, train: bool = False) -> None:
        """Start over on the same text, as soon as it is counted again where that is needed."""
        if self.needs_counting(settings) and not train:
            paths = list(dict.fromkeys(Path(file.path) for file in self.source.files))
            self.read_texts(paths, self.source.reading, settings)
            return
        self.begin(Plan(self.source, self.path, settings, train=train))

    def continue_sweep(self, sweep: Sweep) -> None:
        """Begin the next run, or end the sweep."""
        if not sweep.waiting:
            self.running_sweep = None
            self.session.pause()
            key = self.key_of["compare_runs"]
            message = f"All {sweep.total} runs are done. {key} compares them."
            self.notify(message, title="Sweep", markup=False)
            return
        settings, self.running_sweep = sweep.next()
        self.begin_here(settings, train=True)
        self.panes.hyperparameters.fill(settings)  # what the fields say is what the model has

    def refresh_loss(self) -> None:
        """Draw the curves anew: others are visible or hidden."""
        self.panes.loss.show(self.snapshot, self.history, self.source.name)

    def require_view(self) -> View | None:
        """Return the parameters on show; says so where there are none yet."""
        view = self.view
        if view is None:
            self.notify(COUNTING)
        return view

    def notify_written(self, path: Path) -> None:
        """Say where a file or folder was written."""
        self.notify(printable(str(path)), title="Written", markup=False, timeout=10)
