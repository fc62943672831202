"""The embedding: the scatter plot, the legend of its colours, and the timeline under it."""

from __future__ import annotations

from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult

from charembed_tui.laboratory.timeline_bar import TimelineBar
from charembed_tui.plotting.embedding_plot import EmbeddingPlot
from charembed_tui.text.glyphs import CharacterClass, classify
from charembed_tui.training.snapshot import View
from charembed_tui.training.trajectory import Trajectory
from charembed_tui.widgets.cached import CachedVertical
from charembed_tui.widgets.line import Line
from charembed_tui.widgets.titles import entitle

_TRAIL_FRAMES = 40


class Legend(Line):
    """The legend names the classes of characters that occur, shortened where there is no room."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._present: list[tuple[str, Style]] = []

    def show_vocabulary(self, vocabulary: tuple[str, ...], plot: EmbeddingPlot) -> None:
        """Take the characters of a text."""
        present = {classify(c) for c in vocabulary}
        self._present = [
            (
                kind.value,
                plot.get_component_rich_style(f"embedding--{kind.name.lower()}", partial=True),
            )
            for kind in CharacterClass
            if kind in present
        ]
        self.refresh()

    def segments(self, width: int) -> list[Segment]:
        """Return the names, all cut to as many letters as there is room for."""
        names = [name for name, _ in self._present]
        letters = max(map(len, names), default=0)
        while letters > 1 and sum(min(len(n), letters) + 1 for n in names) - 1 > width:
            letters -= 1
        return [
            segment
            for name, style in self._present
            for segment in (Segment(_cut(name, letters), style), Segment(" "))
        ][:-1]


def _cut(name: str, letters: int) -> str:
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


class EmbeddingPane(CachedVertical):
    """Two components or the principal plane are drawn here, now or at a recorded step."""

    BORDER_TITLE = "Embedding"

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.plot = EmbeddingPlot(id="embedding-plot")
        self.timeline_bar = TimelineBar(id="timeline-bar")
        self._legend = Legend(id="legend")
        self._view: View | None = None
        self._vocabulary: tuple[str, ...] = ()
        self._dimensions = 2

    def compose(self) -> ComposeResult:
        """Yield plot, legend and timeline."""
        yield self.plot
        yield self._legend
        yield self.timeline_bar

    def show_vocabulary(self, vocabulary: tuple[str, ...], embedding_size: int) -> None:
        """Get ready for a text's characters."""
        self._vocabulary, self._dimensions = vocabulary, embedding_size
        self.plot.show_vocabulary(vocabulary)
        self._legend.show_vocabulary(vocabulary, self.plot)
        components = self.plot.components
        if components is not None and max(components) >= embedding_size:
            last = embedding_size - 1
            self.plot.show_components((min(components[0], last), min(components[1], last)))
        self._view = None
        self._entitle()

    def notify_style_update(self) -> None:
        """Take the plot's colours for the legend: they changed with the theme."""
        super().notify_style_update()
        if self.is_mounted:
            self._legend.show_vocabulary(self._vocabulary, self.plot)

    def show(self, view: View, timeline: Trajectory) -> None:
        """Draw the embeddings (V, H) on show, and the trail of the steps before."""
        self._view = view

        def trail() -> list[Any]:
            frames = timeline.until(view.step, _TRAIL_FRAMES)
            return [view.model.embeddings(frame.theta) for frame in frames]

        self.plot.show(view.embeddings, trail)
        self._entitle()

    def cycle(self, axis: int, by: int) -> None:
        """Show the next or previous component on an axis (0 horizontal, 1 vertical).

        The one on the other axis is passed over, unless there is no third.
        """
        size = self._dimensions
        components = list(self.plot.components or (0, 1))
        components[axis] = (components[axis] + by) % size
        if components[0] == components[1] and size > 2:
            components[axis] = (components[axis] + by) % size
        self.show_components((components[0], components[1]))

    def show_components(self, components: tuple[int, int] | None) -> None:
        """Show two components, or (None) the principal plane."""
        self.plot.show_components(components)
        self._entitle()

    def toggle_principal(self) -> None:
        """Go from components to the principal plane, or back."""
        self.show_components((0, 1) if self.plot.components is None else None)

    def toggle_frozen(self) -> None:
        """Hold the axes, or let them follow."""
        self.plot.toggle_frozen()
        self._entitle()

    def _entitle(self) -> None:
        components = self.plot.components
        if components is not None:
            x, y = (component + 1 for component in components)
            title = f"Embedding · component {x} → · component {y} ↑"
        else:
            shares = self.plot.shares or (0.0, 0.0)
            title = f"Embedding · principal plane, {shares[0]:.0%} → · {shares[1]:.0%} ↑"
        title += " · axes held" if self.plot.frozen else ""
        subtitle = "counting the text …"
        if self._view is not None:
            hidden = self.plot.hidden
            more = f" · {hidden} without room: zoom in" if hidden else ""
            subtitle = f"{len(self._vocabulary)} characters, {self._dimensions} dimensions{more}"
        entitle(self, title, subtitle)
