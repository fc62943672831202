"""What the keys of writing do: generate, continue, inspect, copy and save."""

from __future__ import annotations

from datetime import datetime

from charembed_tui.laboratory.base_screen import BaseScreen
from charembed_tui.storage.atomic import write_whole
from charembed_tui.storage.locations import export_folder, unwritten
from charembed_tui.text.glyphs import printable
from charembed_tui.training.loss_log import in_words
from charembed_tui.training.snapshot import View


class WritingActions(BaseScreen):
    """These actions work on what the model writes."""

    def action_generate(self) -> None:
        """Write by the parameters on show."""
        view = self.require_view()
        if view is None:
            return
        self.panes.go_to_page("write", "text")
        loss, generation = self.snapshot.loss, self.panes.generation
        note = f" · {in_words(loss)} nats per character" if view.live and loss is not None else ""
        generation.begin(f"step {view.step:,}{note}", self.snapshot.run, view.step)
        self.mark_samples()
        self._write(view, generation.prompt)

    def action_continue_text(self) -> None:
        """Write on where the newest sample ends."""
        view = self.require_view()
        if self.panes.generation.newest is None:
            self.action_generate()
        elif view is not None:
            self.panes.go_to_page("write", "text")
            self.panes.generation.resume()
            self._write(view, self.panes.generation.text)

    def _write(self, view: View, prompt: str) -> None:
        settings = self.panes.generation.settings
        self.background.write(view, self.corpus, prompt, settings)

    def stop_writing(self) -> None:
        """Leave the sample that is being written unfinished, if there is one."""
        if self.panes.generation.is_writing:
            self.background.stop_writing()
            self.panes.generation.end(f"stopped · {self.key_of['continue_text']} continues")
            self.find_novelty()

    def mark_samples(self) -> None:
        """Mark on the timeline where the run's samples were written."""
        steps = self.panes.generation.steps_of(self.snapshot.run)
        self.panes.embedding.timeline_bar.mark_samples(steps)

    def save_with_run(self) -> None:
        """Save the newest sample with the run that wrote it, if that still goes on."""
        sample = self.panes.generation.newest
        if sample is not None and sample.run == self.snapshot.run:
            self.background.add_sample(self.session, sample.to_generated_text())

    def action_toggle_colours(self) -> None:
        """Colour what is written by what stands in the training text, or by surprise again."""
        self.panes.go_to_page("write", "text")
        self.panes.generation.toggle_colours()
        self.find_novelty()

    def find_novelty(self) -> None:
        """Compare the samples of this run with its training text, where that was not done yet."""
        if samples := self.panes.generation.not_compared(self.snapshot.run):
            self.background.find_novelty(samples, self.session.dataset)

    def action_through_time(self) -> None:
        """Write after the prompt at several points of the timeline."""
        from charembed_tui.screens.through_time import ThroughTimeScreen

        generation = self.panes.generation
        self.app.push_screen(
            ThroughTimeScreen(
                self.session.trajectory,
                self.snapshot,
                self.corpus,
                generation.prompt,
                generation.settings,
                self.session.fits,
                trained_by=self.key_of["train"],
            )
        )

    def action_edit_prompt(self) -> None:
        """Type a prompt."""
        self.panes.go_to_page("write", "text")
        self.panes.generation.focus_prompt()

    def action_inspect(self) -> None:
        """Type a context into the inspector."""
        self.panes.go_to_page("write")
        self.add_class("-inspecting")
        self.panes.inspector.focus_context()

    def action_copy_sample(self) -> None:
        """Copy the newest sample to the clipboard, through the terminal."""
        text = self._newest_text()
        if text:
            self.app.copy_to_clipboard(text.encode("utf-8", "replace").decode())
            self.notify(f"{len(text):,} characters are in the clipboard.")

    def action_save_sample(self) -> None:
        """Write the newest sample to a file."""
        text = self._newest_text()
        if not text:
            return
        try:
            with export_folder(self.own_run_folder, self.source.name, datetime.now()) as folder:
                path = folder / "sample.txt"
                write_whole(path, text.encode("utf-8", "replace"))
        except OSError as error:
            message = printable(unwritten(error))
            self.notify(message, title="Not written", severity="error", markup=False, timeout=10)
        else:
            self.notify_written(path)

    def _newest_text(self) -> str:
        """Return the newest sample with its prompt; says so where there is none yet."""
        text = self.panes.generation.text
        if not text:
            message = f"Nothing is written yet: {self.key_of['generate']} writes."
            self.notify(message, severity="warning", markup=False)
        return text
