"""What the keys of the plots do: components, zoom, cursor, timeline, and the loss curves."""

from __future__ import annotations

from charembed_tui.coordinates.neighbours import ScikitLearnMissing, require_scikit_learn
from charembed_tui.coordinates.views import Components, Difference, Neighbours, PrincipalPlane
from charembed_tui.laboratory.base_screen import BaseScreen
from charembed_tui.text.glyphs import glyph
from charembed_tui.text.selection import Selection
from model.projection import component_variances


class PlotActions(BaseScreen):
    """These actions work on the embedding, its timeline and the loss."""

    # The embedding

    def action_cycle_component(self, axis: int, by: int) -> None:
        """Draw the next or previous component on an axis (0 horizontal, 1 vertical)."""
        self.panes.embedding.cycle(axis, by)

    def action_choose_components(self) -> None:
        """Open the component chooser."""
        from charembed_tui.screens.components import ComponentsScreen

        view = self.require_view()
        if view is None:
            return

        def show(chosen: tuple[int, int] | None) -> None:
            if chosen is not None:
                self.panes.embedding.turn_to(Components(*chosen))

        shares = component_variances(view.embeddings)
        drawn = self.panes.embedding.components
        self.app.push_screen(ComponentsScreen(shares, drawn), show)

    def action_toggle_principal_plane(self) -> None:
        """Go from components to the principal plane, or back."""
        self.panes.embedding.toggle(PrincipalPlane())

    def action_show_neighbours(self) -> None:
        """Keep neighbours near, or go back to components."""
        try:
            require_scikit_learn()
        except ScikitLearnMissing as error:
            self.notify(str(error), severity="warning", timeout=15, markup=False)
        else:
            self.panes.embedding.toggle(Neighbours())

    def action_make_axis(self) -> None:
        """Make an axis from some characters to others."""
        from charembed_tui.screens.difference import DifferenceScreen

        def show(chosen: Difference | None) -> None:
            if chosen is not None:
                self.panes.embedding.turn_to(chosen)

        vocabulary, cursor = self.corpus.vocabulary, self.panes.embedding.plot.cursor
        start = "" if cursor is None else glyph(vocabulary[cursor])
        self.app.push_screen(DifferenceScreen(vocabulary, start), show)

    def action_change_scale(self) -> None:
        """Take the next scale: a lens on the crowd, linear axes, linear ones in equal units."""
        self.panes.embedding.change_scale()

    def action_isolate(self) -> None:
        """Show a class or a selection alone, or all again."""
        from charembed_tui.screens.isolate import IsolateScreen

        def show(chosen: Selection | None) -> None:
            if chosen is not None:
                self.panes.embedding.isolate(chosen)

        self.app.push_screen(IsolateScreen(self.corpus.vocabulary), show)

    def action_toggle_frozen(self) -> None:
        """Hold the axes, or let them follow."""
        self.panes.embedding.toggle_frozen()

    def action_zoom(self, steps: int) -> None:
        """Go nearer (positive) or farther."""
        self.panes.embedding.plot.zoom(steps)

    def action_pan(self, right: int, up: int) -> None:
        """Move the frame by parts of its size: 1 or -1 for each."""
        self.panes.embedding.plot.pan(right, up)

    def action_fit(self) -> None:
        """Show all characters again."""
        self.panes.embedding.plot.fit()

    def action_move_cursor(self) -> None:
        """Let the arrows move a cursor among the characters."""
        plot = self.panes.embedding.plot
        self.panes.go_to_page("watch", "map")
        plot.focus()
        if plot.cursor is None:
            plot.action_select(0, 0)

    def action_find_character(self) -> None:
        """Find a character and put the cursor on it."""
        from charembed_tui.screens.search import SearchScreen

        def select(character: int | None) -> None:
            if character is not None:
                self.panes.go_to_page("watch", "map")
                self.panes.embedding.plot.select(character)
                self.panes.embedding.plot.focus()

        self.app.push_screen(SearchScreen(self.corpus.vocabulary), select)

    # The timeline

    def action_scrub(self, by: int) -> None:
        """Go back or forth by some recorded steps."""
        self.panes.embedding.timeline_bar.scrub(by)

    def action_scrub_to_end(self, which: int) -> None:
        """Go to the first step (-1), or to the newest parameters (1)."""
        self.panes.embedding.timeline_bar.to_end(which)

    def action_play(self) -> None:
        """Play the recording, or stop."""
        self.panes.embedding.timeline_bar.toggle_playback()

    def action_change_speed(self, by: int) -> None:
        """Play faster or slower."""
        self.panes.embedding.timeline_bar.change_speed(by)

    # The loss

    def action_change_loss(self, name: str) -> None:
        """Take the next option of one choice of `LossView`."""
        self.panes.loss.change(name)

    def action_read_off(self) -> None:
        """Let the arrows move a cursor along the loss curves."""
        self.panes.go_to_page("watch", "loss")
        self.panes.loss.plot.focus()
        self.panes.loss.plot.action_move(0)
