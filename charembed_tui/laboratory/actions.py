"""What the commands do, in terms of session, panes and dialogs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from charembed_tui.laboratory.embedding_pane import EmbeddingPane
from charembed_tui.laboratory.loss_pane import LossPane
from charembed_tui.laboratory.timeline_bar import TimelineBar
from charembed_tui.plotting.embedding_plot import EmbeddingPlot
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.atomic import write_whole
from charembed_tui.storage.locations import new_export_folder, unwritten
from charembed_tui.text.glyphs import printable
from charembed_tui.training.snapshot import SessionState, View
from charembed_tui.training.sweep import Sweep
from model.projection import component_variances

if TYPE_CHECKING:
    from charembed_tui.app import CharembedApp
    from charembed_tui.runs.folder import RunFolder
    from charembed_tui.screens.saved_runs import Use

_COUNTING = "The text is still being counted: try again in a moment."


class Actions:
    """Everything in `commands.COMMANDS`, for an app.

    Args:
        app: whose session, panes and screens they work on.
    """

    def __init__(self, app: CharembedApp) -> None:
        self._app = app

    @property
    def embedding(self) -> EmbeddingPane:
        """The pane whose commands need nothing else."""
        return self._app.panes.embedding

    @property
    def plot(self) -> EmbeddingPlot:
        """The scatter plot."""
        return self._app.panes.embedding.plot

    @property
    def timeline(self) -> TimelineBar:
        """The slider."""
        return self._app.panes.embedding.timeline_bar

    @property
    def loss(self) -> LossPane:
        """The loss curves."""
        return self._app.panes.loss

    # Training

    def train(self) -> None:
        """Start or pause."""
        if self._is_followed():
            return
        if self._app.snapshot.state is SessionState.FAILED:
            self._app.notify("Training stopped; r starts again.", severity="warning")
            return
        self._app.session.toggle()

    def step(self) -> None:
        """Take one step."""
        if not self._is_followed():
            self._app.session.step_once()

    def _is_followed(self) -> bool:
        """Whether another process trains; says so."""
        name = self._app.session.followed
        if name:
            self._app.notify(
                f"{printable(name)} is trained by another process. r starts a run of your own.",
                markup=False,
            )
        return name is not None

    def reset(self) -> None:
        """Start again at step 0 with the settings shown."""
        self._app.running_sweep = None
        self._app.begin_here(self._app.settings_shown())

    def show_runs(self) -> None:
        """The table of runs; the one chosen there lends its settings."""
        from charembed_tui.screens.runs import RunsScreen

        app = self._app

        def take(settings: TrainingSettings | None) -> None:
            app.refresh_loss()
            if settings is not None:
                app.panes.hyperparameters.fill(settings)
                app.notify("r starts a run with these settings.")

        app.push_screen(RunsScreen(app.history, app.snapshot.run), take)

    def open_saved(self) -> None:
        """The runs on disk."""
        from charembed_tui.screens.saved_runs import SavedRunsScreen

        app = self._app

        def use(chosen: tuple[RunFolder, Use] | None) -> None:
            if chosen is not None:
                app.running_sweep = None
                app.background.open_run(*chosen, app.sessions.plan, app.settings_shown())

        app.push_screen(SavedRunsScreen(app.session.saved_as), use)

    def sweep(self) -> None:
        """Plan a sweep, or end the one that goes on."""
        from charembed_tui.screens.sweep import SweepScreen

        app = self._app
        if app.running_sweep is not None:
            app.running_sweep = None
            app.session.pause()
            app.notify("The sweep is stopped. R compares its runs.")
            return

        def start(sweep: Sweep | None) -> None:
            if sweep is not None:
                app.continue_sweep(sweep)

        app.push_screen(SweepScreen(app.settings_shown()), start)

    # Embedding

    def choose_components(self) -> None:
        """The component chooser."""
        from charembed_tui.screens.components import ComponentsScreen

        view = self._view()
        if view is not None:
            shares = component_variances(view.embeddings)
            screen = ComponentsScreen(shares, self.plot.components or (0, 1))
            self._app.push_screen(
                screen, lambda chosen: self.embedding.look_at(chosen) if chosen else None
            )

    def move_cursor(self) -> None:
        """Let the arrows move a cursor among the characters."""
        self._app.panes.go_to_page("watch")
        self.plot.focus()
        if self.plot.cursor is None:
            self.plot.action_select(0, 0)

    def read_off(self) -> None:
        """Let the arrows move a cursor along the loss curves."""
        self._app.panes.go_to_page("watch")
        self.loss.plot.focus()
        self.loss.plot.action_move(0)

    def search(self) -> None:
        """Find a character and put the cursor on it."""
        from charembed_tui.screens.search import SearchScreen

        def select(character: int | None) -> None:
            if character is not None:
                self._app.panes.go_to_page("watch")
                self.plot.select(character)
                self.plot.focus()

        self._app.push_screen(SearchScreen(self._app.corpus.vocabulary), select)

    # Writing

    def generate(self) -> None:
        """Write by the parameters on show."""
        app, view = self._app, self._view()
        if view is not None:
            app.panes.go_to_page("write")
            loss = app.snapshot.loss
            told = f" · {loss:.4f} nats per character" if view.live and loss is not None else ""
            generation, run = app.panes.generation, app.snapshot.run
            generation.begin(f"step {view.step:,}{told}", run, view.step)
            self.mark_samples()
            self._write(view, generation.prompt)

    def mark_samples(self) -> None:
        """Show on the timeline where the run's samples were written."""
        self.timeline.mark_samples(self._app.panes.generation.steps_of(self._app.snapshot.run))

    def keep_sample(self) -> None:
        """Keep the newest sample with the run that wrote it, if that still goes on."""
        sample = self._app.panes.generation.newest
        if sample is not None and sample.run == self._app.snapshot.run:
            self._app.background.keep(self._app.session, sample.kept())

    def continue_sample(self) -> None:
        """Write on where the newest sample ends."""
        view = self._view()
        if self._app.panes.generation.newest is None:
            self.generate()
        elif view is not None:
            self._app.panes.go_to_page("write")
            self._app.panes.generation.resume()
            self._write(view, self._app.panes.generation.text)

    def _write(self, view: View, prompt: str) -> None:
        app = self._app
        app.background.write(view, app.corpus.vocabulary, prompt, app.panes.generation.settings)

    def through_time(self) -> None:
        """The prompt at several points of the timeline."""
        from charembed_tui.screens.through_time import ThroughTimeScreen, spread

        app = self._app
        views = spread(app.session.timeline, app.snapshot.model)
        app.push_screen(
            ThroughTimeScreen(
                views,
                app.corpus.vocabulary,
                app.panes.generation.prompt,
                app.panes.generation.settings,
            )
        )

    def go_to_prompt(self) -> None:
        """Type a prompt."""
        self._app.panes.go_to_page("write")
        self._app.panes.generation.focus_prompt()

    def go_to_context(self) -> None:
        """Type a context into the inspector."""
        self._app.panes.go_to_page("write")
        self._app.panes.inspector.focus_context()

    def copy_sample(self) -> None:
        """Copy the newest sample to the clipboard, through the terminal."""
        text = self._written_text()
        if text:
            self._app.copy_to_clipboard(text.encode("utf-8", "replace").decode())
            self._app.notify(f"{len(text):,} characters are in the clipboard.")

    def save_sample(self) -> None:
        """Write the newest sample to a file."""
        app, text = self._app, self._written_text()
        if not text:
            return
        try:
            folder = new_export_folder(self._run_folder(), app.source.name, datetime.now())
            path = folder / "sample.txt"
            write_whole(path, text.encode("utf-8", "replace"))
        except OSError as error:
            self._tell_unwritten(error)
        else:
            self._tell_written(path)

    def _written_text(self) -> str:
        """The newest sample; says so where there is none yet."""
        text = self._app.panes.generation.text
        if not text:
            self._app.notify("Nothing is written yet: g writes.", severity="warning")
        return text

    def _run_folder(self) -> Path | None:
        """The run's folder, if it is ours to write into."""
        session = self._app.session
        return None if session.followed else session.saved_as

    # Text and screen

    def go_to_corpus(self) -> None:
        """Choose a text."""
        self._app.panes.go_to_page("setup")
        self._app.panes.corpus.focus_choice()

    def go_to_settings(self) -> None:
        """Change hyperparameters."""
        self._app.panes.go_to_page("setup")
        self._app.panes.hyperparameters.focus_first()

    def go_to_page(self, name: str) -> None:
        """Bring a page to the front of a small screen."""
        self._app.panes.go_to_page(name)

    def show_facts(self) -> None:
        """Details of the text."""
        from charembed_tui.screens.text_facts import TextFactsScreen

        facts = self._app.snapshot.facts
        if facts is None:
            self._app.notify(_COUNTING)
        else:
            self._app.push_screen(TextFactsScreen(self._app.corpus, facts))

    def export(self) -> None:
        """Write data or pictures to a folder."""
        from charembed_tui.screens.export import Exportable, ExportScreen

        app, view = self._app, self._view()
        if view is not None:
            session, components = app.session, self.plot.components
            what = Exportable(
                app.corpus,
                session.settings,
                app.snapshot,
                view,
                session.timeline,
                components,
                self._run_folder(),
            )
            app.push_screen(
                ExportScreen(what), lambda folder: self._tell_written(folder) if folder else None
            )

    def leave(self) -> None:
        """Take the focus from a field, so that keys act again; stop writing."""
        app = self._app
        app.set_focus(None)
        if app.panes.generation.is_writing:
            app.background.stop_writing()
            app.panes.generation.end("stopped · G continues")

    def help(self) -> None:
        """All keys."""
        from charembed_tui.screens.help import HelpScreen

        self._app.push_screen(HelpScreen())

    async def quit(self) -> None:
        """End the training, then the app."""
        await self._app.action_quit()

    def _view(self) -> View | None:
        """The parameters on show; says so where there are none yet."""
        view = self._app.view
        if view is None:
            self._app.notify(_COUNTING)
        return view

    def _tell_written(self, path: Path) -> None:
        self._app.notify(printable(str(path)), title="Written", markup=False, timeout=10)

    def _tell_unwritten(self, error: OSError) -> None:
        self._app.notify(
            printable(unwritten(error)),
            title="Not written",
            severity="error",
            markup=False,
            timeout=10,
        )
