"""The embedding: every character drawn as its own glyph at two chosen components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.containers import Vertical

from charembed_tui.glyphs import CharacterClass, classify
from charembed_tui.snapshot import Snapshot
from charembed_tui.widgets.plot import Plot, marker, placeholder

Array = NDArray[np.float64]

_MARGIN = 0.08  # of the range, left free on each side
_SLACK = 0.6  # shrink the range once the characters take less than this part of it


@dataclass(frozen=True)
class Range:
    """An axis: from `low` to `high`."""

    low: float
    high: float

    def following(self, values: Array) -> Range:
        """The range for new values: this one while they fit and fill it, for a calm picture."""
        low, high = float(values.min()), float(values.max())
        fits = self.low <= low and high <= self.high
        if fits and high - low >= _SLACK * (self.high - self.low):
            return self
        room = max(high - low, 1e-6) * _MARGIN
        return Range(low - room, high + room)


class EmbeddingPlot(Plot):
    """The scatter plot."""

    INKS: ClassVar[tuple[str, ...]] = tuple(f"embedding--{c.name.lower()}" for c in CharacterClass)
    COMPONENT_CLASSES: ClassVar[set[str]] = {*INKS}

    def __init__(self) -> None:
        super().__init__()
        self._embeddings: Array | None = None
        self._components = (0, 1)
        self._ink_of: list[int] = []
        self._ranges: tuple[Range, Range] | None = None

    def show_vocabulary(self, vocabulary: tuple[str, ...]) -> None:
        """Take the characters that the rows of later embeddings belong to."""
        classes = list(CharacterClass)
        self._glyphs = vocabulary
        self._ink_of = [classes.index(classify(c)) for c in vocabulary]
        self._embeddings = None
        self._ranges = None
        self.redraw()

    def show(self, embeddings: Array | None, components: tuple[int, int]) -> None:
        """Draw embeddings, (V, H), at two components."""
        if components != self._components:
            self._ranges = None
        self._embeddings, self._components = embeddings, components
        self.redraw()

    def draw(self, figure: Any, width: int, height: int) -> None:
        """One marker a character; where two share a cell, the later in the vocabulary shows."""
        if self._embeddings is None or len(self._embeddings) != len(self._glyphs):
            return
        x, y = (self._embeddings[:, component] for component in self._components)
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            return
        before = self._ranges or (Range(0.0, -1.0), Range(0.0, -1.0))
        self._ranges = (before[0].following(x), before[1].following(y))
        markers = [marker(placeholder(i), ink) for i, ink in enumerate(self._ink_of)]
        signal = figure.signal(x.tolist(), y.tolist(), marker=markers)
        for axis, shown in zip("xy", self._ranges, strict=True):
            figure.ruler(axis).lim(shown.low, shown.high)
        figure.draw(signal)


class EmbeddingPane(Vertical):
    """The plot with its title: which components, or why there is nothing to see."""

    BORDER_TITLE = "Embedding"

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._plot = EmbeddingPlot()

    def compose(self) -> ComposeResult:
        """The plot alone; the border says the rest."""
        yield self._plot

    def show_vocabulary(self, vocabulary: tuple[str, ...]) -> None:
        """Get ready for a text's characters."""
        self._plot.show_vocabulary(vocabulary)
        self.border_subtitle = "counting the text …"

    def show(self, snapshot: Snapshot, components: tuple[int, int]) -> None:
        """Draw a snapshot's embeddings."""
        x, y = (component + 1 for component in components)
        self.border_title = f"Embedding · component {x} → · component {y} ↑"
        if snapshot.theta is None:
            return
        embeddings, _ = snapshot.model.unpack(snapshot.theta)
        self._plot.show(embeddings, components)
        size = snapshot.model.embedding_size
        self.border_subtitle = f"{len(embeddings)} characters in {size} dimensions"
