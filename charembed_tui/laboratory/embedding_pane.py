"""The embedding: the scatter plot, the legend of its colours, and the timeline under it."""

from __future__ import annotations

from typing import Any

from rich.segment import Segment
from textual import on
from textual.app import ComposeResult

from charembed_tui.coordinates.views import Components, Difference, MapView, Projection
from charembed_tui.laboratory.legend import Legend
from charembed_tui.laboratory.timeline_bar import TimelineBar
from charembed_tui.plotting.embedding_plot import Array, EmbeddingPlot
from charembed_tui.text.selection import Selection, classes
from charembed_tui.training.snapshot import View
from charembed_tui.training.trajectory import Trajectory
from charembed_tui.widgets.cached import CachedVertical
from charembed_tui.widgets.line import Line
from charembed_tui.widgets.titles import entitle, fitting

_TRAIL_FRAMES = 40


class Remark(Line):
    """This row says what happens on the map."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.text = ""

    def show(self, text: str) -> None:
        """Put another sentence in its place."""
        if text != self.text:
            self.text = text
            self.refresh_rows()

    def segments(self, width: int) -> list[Segment]:
        """Return the sentence."""
        return [Segment(self.text)]


class EmbeddingPane(CachedVertical):
    """The embeddings are seen here from a side of one's choice, now or at a recorded step.

    Attributes:
        sides: how one says from which side and on which axes, the longest first.
    """

    BORDER_TITLE = "Embedding"

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.plot = EmbeddingPlot(id="embedding-plot")
        self.timeline_bar = TimelineBar(id="timeline-bar")
        self._legend = Legend(id="legend")
        self._remark = Remark(id="remark")
        self._view: View | None = None
        self._vocabulary: tuple[str, ...] = ()
        self._dimensions = 2
        self._alone = ""  # name of what is isolated
        self.sides: list[str] = []

    def compose(self) -> ComposeResult:
        """Yield plot, legend and timeline."""
        yield self.plot
        yield self._legend
        yield self._remark
        yield self.timeline_bar

    def show_vocabulary(self, vocabulary: tuple[str, ...], embedding_size: int) -> None:
        """Get ready for a text's characters."""
        if isinstance(self.plot.map.view, Components):
            self.plot.map.view = self.plot.map.view.within(embedding_size)
        elif isinstance(self.plot.map.view, Difference) and vocabulary != self._vocabulary:
            self.plot.map.view = Components().within(embedding_size)  # its codes mean others now
        self._vocabulary, self._dimensions = vocabulary, embedding_size
        self.plot.show_vocabulary(vocabulary)
        self._show_legend()
        self._alone = ""
        self._view = None
        self._entitle()

    def show_remark(self, text: str) -> None:
        """Say what happens on the map."""
        self._remark.show(text)

    def _show_legend(self) -> None:
        self._legend.show(
            [
                (
                    kind,
                    self.plot.get_component_rich_style(
                        f"embedding--{kind.name.lower()}", partial=True
                    ),
                )
                for kind in classes(self._vocabulary)
            ]
        )

    def notify_style_update(self) -> None:
        """Take the plot's colours for the legend: they changed with the theme."""
        super().notify_style_update()
        if self.is_mounted:
            self._show_legend()

    def show(self, view: View, timeline: Trajectory, *, flows: bool = True) -> None:
        """Draw the embeddings (V, H) on show, and the trail of the steps before.

        Where they do not flow from those before, axes fit them at once.
        """
        self._view = view

        def trail() -> list[Any]:
            frames = timeline.until(view.step, _TRAIL_FRAMES)
            return [view.model.embeddings(frame.theta) for frame in frames]

        self.plot.show(view.embeddings, trail, flows=flows)
        self._entitle()

    def cycle(self, axis: int, by: int) -> None:
        """Show the next or previous component on an axis (0 horizontal, 1 vertical).

        The one on the other axis is passed over, unless there is no third.
        """
        size = self._dimensions
        components = list(self.components)
        components[axis] = (components[axis] + by) % size
        if components[0] == components[1] and size > 2:
            components[axis] = (components[axis] + by) % size
        self.turn_to(Components(*components))

    @property
    def components(self) -> tuple[int, int]:
        """The components that are drawn, or that would be drawn first."""
        view = self.plot.map.view
        shown = view if isinstance(view, Components) else Components().within(self._dimensions)
        return shown.x, shown.y

    def turn_to(self, view: MapView) -> None:
        """See the embeddings from another side."""
        self.plot.turn_to(view)
        self._entitle()

    def toggle(self, view: MapView) -> None:
        """See the embeddings from another side, or by components where that is so already."""
        back = self.plot.map.view == view
        self.turn_to(Components().within(self._dimensions) if back else view)

    def take(self, embeddings: Array, projection: Projection) -> None:
        """Take a projection that a thread has made."""
        self.plot.take(embeddings, projection)
        self._entitle()

    def give_up(self, embeddings: Array) -> None:
        """Go back to components: these embeddings could not be projected."""
        if self.plot.awaits(embeddings):
            self.turn_to(Components().within(self._dimensions))

    def toggle_frozen(self) -> None:
        """Hold the axes, or let them follow."""
        self.plot.toggle_frozen()
        self._entitle()

    def change_scale(self) -> None:
        """Take the next scale: a lens on the crowd, linear axes, linear ones in equal units."""
        self.plot.change_scale()
        self._entitle()

    def isolate(self, selection: Selection) -> None:
        """Show some characters alone; all of them are nothing special."""
        is_all = len(selection.codes) == len(self._vocabulary)
        self._alone = "" if is_all else selection.name
        self.plot.isolate(None if is_all else selection.codes)
        self._entitle()

    @on(Legend.Chosen)
    def _class_chosen(self, event: Legend.Chosen) -> None:
        """Show a class alone, or all again where it is alone already."""
        event.stop()
        chosen = classes(self._vocabulary)[event.kind]
        again = self.plot.map.isolated == chosen.codes
        everything = frozenset(range(len(self._vocabulary)))
        self.isolate(Selection("", everything) if again else chosen)

    def on_resize(self) -> None:
        """Fit the title to the new width."""
        self._entitle()

    def _entitle(self) -> None:
        seen = self.plot.map
        names = [seen.projection.title if seen.projection else seen.view.name, seen.view.name]
        if seen.projection is not None and seen.projection.view != seen.view:
            names = [f"{seen.view.name} comes …"]
        more = f" · {seen.axes.scale.value}" if seen.axes else ""
        more += " · axes held" if seen.frozen else ""
        self.sides = [*(f"{name}{more}" for name in names), names[-1]]
        titles = [f"Embedding · {side}" for side in self.sides]
        subtitle = "counting the text …"
        if self._view is not None:
            hidden = seen.hidden
            more = f" · {hidden} without room: zoom in" if hidden else ""
            subtitle = f"{len(self._vocabulary)} characters, {self._dimensions} dimensions{more}"
            if self._alone:  # said here, where no narrow pane leaves it out
                subtitle = f"only {self._alone} · {subtitle}"
        entitle(self, fitting(self, *titles), fitting(self, subtitle))
