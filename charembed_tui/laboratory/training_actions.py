"""What the keys of training do: start, pause, reset, sweep, and runs before this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from charembed_tui.laboratory.base_screen import BaseScreen
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.glyphs import printable
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.sweep import Sweep

if TYPE_CHECKING:
    from charembed_tui.runs.folder import RunFolder
    from charembed_tui.runs.use import Use


class TrainingActions(BaseScreen):
    """These actions work on the session."""

    def action_train(self) -> None:
        """Start or pause."""
        if self._is_followed():
            return
        if self.snapshot.state is SessionState.FAILED:
            message = f"Training stopped; {self.key_of['reset']} starts again."
            self.notify(message, severity="warning", markup=False)
            return
        if not self.session.activity().is_wanted:
            self.panes.generation.follow()
        self.session.toggle()

    def action_step(self) -> None:
        """Take one step."""
        if not self._is_followed():
            self.session.step_once()

    def action_toggle_pace(self) -> None:
        """Go from a pace that can be watched to full speed, or back."""
        if not self._is_followed():
            self.sessions.toggle_pace()

    def _is_followed(self) -> bool:
        """Return whether another process trains; says so."""
        name = self.session.followed
        if name:
            self.notify(
                f"{printable(name)} is trained by another process. "
                f"{self.key_of['reset']} starts a run of your own.",
                markup=False,
            )
        return name is not None

    def action_reset(self) -> None:
        """Start again at step 0 with the settings in the fields."""
        self.running_sweep = None
        self.begin_here(self.displayed_settings())

    def action_edit_settings(self) -> None:
        """Change hyperparameters."""
        self.open_setup()
        self.panes.hyperparameters.focus_first()

    def action_toggle_setup(self) -> None:
        """Fold corpus and hyperparameters, or unfold them."""
        if self.is_small:
            in_front = self.panes.tabs.active == "tab-setup"
            self.panes.go_to_page("watch" if in_front else "setup")
        else:
            self.fold(not self.is_folded)

    def action_compare_runs(self) -> None:
        """Show the table of runs; the one chosen there lends its settings."""
        from charembed_tui.screens.runs import RunsScreen

        def take(settings: TrainingSettings | None) -> None:
            self.refresh_loss()
            if settings is not None:
                self.panes.hyperparameters.choose(settings)
                message = f"{self.key_of['reset']} starts a run with these settings."
                self.notify(message, markup=False)

        self.app.push_screen(
            RunsScreen(
                self.history,
                self.snapshot.run,
                self.panes.loss.plot.run_style,
                self.key_of["train"],
            ),
            take,
        )

    def action_open_saved_run(self) -> None:
        """Show the runs on disk, and open the one that is chosen."""
        from charembed_tui.screens.saved_runs import SavedRunsScreen

        def open_run(chosen: tuple[RunFolder, Use] | None) -> None:
            if chosen is not None:
                self.running_sweep = None
                settings = self.displayed_settings()
                self.background.open_run(*chosen, self.sessions.plan, settings)

        self.app.push_screen(SavedRunsScreen(self.session.saved_as), open_run)

    def action_sweep(self) -> None:
        """Plan a sweep, or end the one that goes on."""
        from charembed_tui.screens.sweep import SweepScreen

        if self.running_sweep is not None:
            self.running_sweep = None
            self.session.pause()
            message = f"The sweep is stopped. {self.key_of['compare_runs']} compares its runs."
            self.notify(message, markup=False)
            return

        def start(sweep: Sweep | None) -> None:
            if sweep is not None:
                self.continue_sweep(sweep)

        self.app.push_screen(SweepScreen(self.displayed_settings()), start)
