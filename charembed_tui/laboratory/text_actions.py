"""What the keys of the text and the screen do: another text, its facts, export, pages, help."""

from __future__ import annotations

from pathlib import Path

from charembed_tui.laboratory.base_screen import COUNTING
from charembed_tui.laboratory.commands import help_columns
from charembed_tui.laboratory.writing_actions import WritingActions


class TextActions(WritingActions):
    """These actions work on the text in use, and on what is on the screen."""

    def action_choose_corpus(self) -> None:
        """Choose a text."""
        self.open_setup()
        self.panes.corpus.focus_choice()

    def action_show_facts(self) -> None:
        """Show details of the text."""
        from charembed_tui.screens.text_facts import TextFactsScreen

        facts = self.snapshot.facts
        if facts is None:
            self.notify(COUNTING)
        else:
            self.app.push_screen(TextFactsScreen(self.corpus, facts))

    def action_export(self) -> None:
        """Write data or pictures to a folder."""
        from charembed_tui.exports.scene import Side
        from charembed_tui.screens.export import Exportable, ExportScreen

        view = self.require_view()
        if view is None:
            return
        seen = self.panes.embedding.plot.map
        exportable = Exportable(
            self.corpus,
            self.session.settings,
            self.snapshot,
            view,
            self.session.trajectory,
            Side(seen.view, seen.scale, seen.isolated),
            seen.projection,
            self.panes.generation.prompt,
            self.panes.generation.settings,
            self.own_run_folder,
        )

        def report(folder: Path | None) -> None:
            if folder is not None:
                self.notify_written(folder)

        self.app.push_screen(ExportScreen(exportable), report)

    def action_show_page(self, name: str) -> None:
        """Bring a page to the front of a small screen."""
        self.panes.go_to_page(name)

    def action_fill_screen(self, name: str) -> None:
        """Let the map, the loss or the text fill the screen, or show all panes again."""
        self.app.set_focus(None)
        self.panes.fill_screen(None if self.panes.alone == name else name)

    def action_leave(self) -> None:
        """Take the focus from a field, so that keys act again; stop writing."""
        if self.focused is None and self.panes.alone:
            self.panes.fill_screen(None)
        self.app.set_focus(None)
        self.stop_writing()
        if self.background.is_reading:
            self.background.stop_reading()
            self.panes.corpus.show_error("Not read: esc stopped it. The text in use stays.")
        if self.snapshot.has_begun:
            self.fold()

    def action_help(self) -> None:
        """Show all keys."""
        from charembed_tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(help_columns(self.commands)))
