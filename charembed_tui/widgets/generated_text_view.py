"""A text that a model wrote, coloured by how surprising the model found it, or by how new it is."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.content import Content
from textual.strip import Strip
from textual.style import Style as VisualStyle
from textual.widget import _RenderCache
from textual.widgets import Static

from charembed_tui.text.glyphs import printable, visible
from charembed_tui.text.novelty_words import novelty_note
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.generation import Chunk
from model.novelty import PIECES, Novelty

SURPRISING = (0.7, 1.6, 3.0, 5.0)  # nats, from which on a character has the next colour
_MOST_DISPLAYED = 6000  # characters of a sample that are on the screen; all are kept


class GeneratedTextView(Static):
    """A text stands here as it comes: a heading, the prompt, and what followed.

    Args:
        heading: a line on the model that writes.
        prompt: what the text follows.
        run: number of the run.
        step: at which the model stood.
    """

    LEVELS: ClassVar[tuple[str, ...]] = tuple(
        f"sample--surprise-{level}" for level in range(len(SURPRISING) + 1)
    )
    COMPONENT_CLASSES: ClassVar[set[str]] = {*LEVELS}
    # What is new has the colour of what surprises least, and a copy stands out.
    NOVELTY_LEVELS: ClassVar[tuple[str, ...]] = LEVELS[: len(PIECES) + 1]

    def __init__(self, heading: str, prompt: str, run: int, step: int, **keywords: Any) -> None:
        super().__init__(classes="sample", markup=False, **keywords)
        self._heading = heading
        self.prompt, self.run, self.step = prompt, run, step
        self._parts: list[str] = []
        self._length = 0
        # The end of it, which is drawn anew with every chunk.
        self._tail = ""
        self._tail_surprises = np.empty(0)
        self.novelty: Novelty | None = None
        self._by_novelty = False
        self._styles: list[Style] = []  # of the levels, once they are known

    @property
    def written(self) -> str:
        """The text without its prompt."""
        return "".join(self._parts)

    def to_generated_text(self) -> GeneratedText:
        """Return the text as it is saved with its run."""
        surprises: tuple[float, ...] = ()
        if len(self._tail_surprises) == self._length:
            surprises = tuple(self._tail_surprises.round(2).tolist())
        return GeneratedText(self.step, self._heading, self.prompt, self.written, surprises)

    def on_mount(self) -> None:
        """Show the prompt at once."""
        self._render_text()

    def extend(self, chunk: Chunk) -> None:
        """Add characters with their surprises, nats."""
        self.novelty = None  # of what was there
        self._parts.append(chunk.text)
        self._length += len(chunk.text)
        self._tail = (self._tail + chunk.text)[-_MOST_DISPLAYED:]
        surprises = np.concatenate([self._tail_surprises, chunk.surprises])
        self._tail_surprises = surprises[-_MOST_DISPLAYED:]
        if self.is_mounted:
            self._render_text()

    def show_novelty(self, novelty: Novelty | None) -> None:
        """Say how much of the text stands in the training text.

        Args:
            novelty: of the text without its prompt.
        """
        self.novelty = novelty
        if self.is_mounted:
            self._render_text()

    def colour(self, *, by_novelty: bool) -> None:
        """Colour the text by its novelty, where that is known, or by surprise."""
        if by_novelty != self._by_novelty:
            self._by_novelty = by_novelty
            if self.is_mounted:
                self._render_text()

    def rewrite(
        self, heading: str, prompt: str, step: int, chunk: Chunk, novelty: Novelty | None = None
    ) -> None:
        """Put another text in the place of this one."""
        self._heading, self.prompt, self.step = heading, prompt, step
        self._parts, self._length = [], 0
        self._tail, self._tail_surprises = "", np.empty(0)
        self.extend(chunk)
        if novelty is not None:
            self.show_novelty(novelty)

    def notify_style_update(self) -> None:
        """Draw the text anew: colours changed with the theme."""
        super().notify_style_update()
        self._styles = []
        if self.is_mounted:
            self._render_text()

    def _level_styles(self) -> list[Style]:
        """Return the styles of all levels: Textual's own cache ends with every refresh."""
        if not self._styles:
            lit = Style(dim=False)
            self._styles = [
                lit + self.get_component_rich_style(name, partial=True) for name in self.LEVELS
            ]
        return self._styles

    def on_enter(self) -> None:
        """Get ready for a selection."""
        self.refresh()

    def _render_content(self) -> None:
        """Make the lines, without what only a selection needs: where each piece is in the text.

        That gives every piece a style of its own, which nothing has seen before.
        """
        content = self._render()
        if (
            self.is_mouse_over
            or self.text_selection is not None
            or not isinstance(content, Content)
            or not self.size.width
        ):
            super()._render_content()
            return
        base = self.visual_style

        @cache
        def rich_style(style: VisualStyle) -> Style:
            return (base + style).rich_style

        strips = [
            Strip([Segment(text, rich_style(style)) for text, style in line.render(base, end="")])
            for line in content.wrap(self.size.width)[: self.size.height]
        ]
        self._render_cache = _RenderCache(self.size, strips)
        self._dirty_regions.clear()

    def _render_text(self) -> None:
        content = Text(f"{visible(self._heading)}\n", style="dim")
        text = self._tail
        if self._length > len(text):
            content.append(f"… {self._length - len(text):,} characters before these\n")
        else:
            content.append(printable(self.prompt), style="bold not dim")
        styles = self._level_styles()
        levels = np.searchsorted(SURPRISING, self._tail_surprises, "right")
        if self._by_novelty:
            levels = np.zeros(len(text), dtype=np.intp)
            if self.novelty is not None and len(text):
                within = self.novelty.within[-len(text) :]
                levels = np.searchsorted(PIECES, within, "right")
        bounds = [*np.flatnonzero(np.diff(levels, prepend=-1)).tolist(), len(text)]
        for start, stop in pairwise(bounds):
            content.append(printable(text[start:stop]), style=styles[levels[start]])
        if self.novelty is not None:
            content.append(f"\n{novelty_note(self.novelty)}")
        # A layout of the whole screen takes 20 ms, and is not needed where the height is given.
        height = self.styles.height
        self.update(content, layout=height is None or height.is_auto)
