"""The inspector: what the model expects after a context, beside what the text has there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from charembed_tui.text.glyphs import glyph, visible, width
from charembed_tui.training.snapshot import View
from charembed_tui.widgets.cached import CachedVertical
from charembed_tui.widgets.line import Lines
from charembed_tui.widgets.titles import entitle, fitting
from model.sampling import Sampler

if TYPE_CHECKING:
    from model.dataset import Dataset
    from model.families.ensemble.explanation import Explanation

Array = NDArray[np.float64]

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_WIDE = 40  # cells, from which on a family has its name
_LEAST_BAR = 2
_BOLD, _DIM = Style(bold=True), Style(dim=True)


class InspectorPane(CachedVertical):
    """After a context, bars show the next character's probability: by the model, and counted.

    Args:
        written_by: the key that has the model write, as people know it.
    """

    BORDER_TITLE = "Inspector"

    def __init__(self, written_by: str, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._written_by = written_by
        self._field = Input(placeholder="context to inspect", id="context", compact=True)
        self._bars = Lines(id="bars")
        self._vocabulary: tuple[str, ...] = ()
        self._view: View | None = None
        self._dataset: Dataset | None = None
        self._counted: dict[tuple[int, ...], Array] = {}

    def compose(self) -> ComposeResult:
        """Yield the context above its bars."""
        yield self._field
        yield self._bars

    def focus_context(self) -> None:
        """Put the cursor into the context."""
        self._field.focus()

    def show_vocabulary(self, vocabulary: tuple[str, ...]) -> None:
        """Take a text's characters."""
        self._vocabulary, self._view, self._dataset = vocabulary, None, None
        self._counted.clear()
        self._bars.show(())

    def show(self, view: View, dataset: Dataset) -> None:
        """Draw the bars by the parameters on show and the counts of the training text."""
        self._view, self._dataset = view, dataset
        self._draw()

    def on_resize(self) -> None:
        """Draw the bars at their new length."""
        self._draw()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._draw()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.set_focus(None)

    def _draw(self) -> None:
        view = self._view
        if view is None or view.model.vocabulary_size != len(self._vocabulary):
            return
        rows = self._bars.size.height - 1
        if rows < 1:
            return
        from model.families.ensemble.explanation import explain  # with scipy: not at start-up

        predictor = view.predictor
        context = Sampler(predictor, self._vocabulary).context(self._field.value)
        found = explain(predictor, context)
        p = found.whole
        unknown = len(self._vocabulary)
        # A predictor that remembers more than its window has the whole text as its context.
        context = context[-view.model.context_length :]
        typed = context[len(context) - min(len(context), len(self._field.value)) :]
        counts = self._counts(typed)
        seen = counts.sum()
        counted = counts / seen if seen else counts
        times = f"{int(seen):,} times"
        subtitles = (f"{times} in the text", times) if seen else ("not in the text",)
        after = visible("".join(self._vocabulary[c] if c < unknown else "…" for c in context))
        after = f"after “{after}”" if typed else "after anything"
        title = fitting(self, f"Inspector · {after}", after)
        entitle(self, title, fitting(self, *subtitles))
        if view.fits is not None:
            self._bars.show(self._parts(view, found, counted, rows))
            return
        half = max(2, (self._bars.size.width - 16) // 2)
        rows_of_bars = [[Segment(f"   {'model':<{half + 6}}{'counted':<{half}}", _DIM)]]
        for c in np.argsort(-p, kind="stable")[:rows].tolist():
            name = self._in_cells(c)
            percent = f"{counted[c]:5.0%}" if seen else ""
            rows_of_bars.append(
                [
                    Segment(name + _bar(p[c], half), _BOLD),
                    Segment(f"{p[c]:5.0%} "),
                    Segment(_bar(counted[c], half) + percent, _DIM),
                ]
            )
        self._bars.show(rows_of_bars)

    def _counts(self, context: tuple[int, ...]) -> Array:
        """How often each character follows a context, of any length, in the training text; (V,)."""
        if self._dataset is None or len(self._vocabulary) in context:
            return np.zeros(len(self._vocabulary))
        if context not in self._counted:
            self._counted[context] = self._dataset.following(context).astype(float)
        return self._counted[context]

    def _in_cells(self, character: int) -> str:
        """Return a character in three cells."""
        sign = self._vocabulary[character]
        return glyph(sign) + " " * (3 - width(sign))

    def _parts(
        self, view: View, found: Explanation, counted: Array, rows: int
    ) -> list[list[Segment]]:
        """Return rows of all parts together as bars, and each part in percent beside.

        Whole columns only: the last ones are left out where there is no room for them.
        """
        width = self._bars.size.width
        of_each: list[tuple[str, Array | None]] = [
            (view.model.family if width >= _WIDE else "model", found.family),
            ("n-grams", found.ngrams),
            ("cache", found.cache),
            ("counted", counted),
        ]
        columns = [(name, part) for name, part in of_each if part is not None]
        cells = [max(len(name), 4) + 1 for name, _ in columns]
        while columns and sum(cells) > width - _LEAST_BAR - 8:
            columns.pop()
            cells.pop()
        below = 1.0 - found.cached
        believed = [
            f"{view.model.family} {below * (1.0 - found.gate):.0%}",
            *([f"n-grams {below * found.gate:.0%}"] if found.ngrams is not None else []),
            *([f"cache {found.cached:.0%}"] if view.fits and view.fits.has_cache else []),
        ]
        notes = [f"believed: {', '.join(believed)}", ", ".join(believed), ", ".join(believed[1:])]
        if view.fits is None or view.fits.at(view.step) is None:
            key = self._written_by
            notes = [f"{key} fits n-grams and cache to this step", f"{key} fits all to this step"]
        note = next((each for each in notes if len(each) <= width), "")
        bar = max(_LEAST_BAR, width - 8 - sum(cells))
        heads = "".join(f"{name:>{n}}" for (name, _), n in zip(columns, cells, strict=True))
        lines = [
            [Segment(note, _DIM)],
            [Segment(f"{'together':<{bar + 8}}" + heads, _DIM)],
        ]
        for c in np.argsort(-found.whole, kind="stable")[: rows - 1].tolist():
            parts = "".join(
                f"{part[c]:>{n}.0%}" for (_, part), n in zip(columns, cells, strict=True)
            )
            lines.append(
                [
                    Segment(self._in_cells(c) + _bar(found.whole[c], bar), _BOLD),
                    Segment(f"{found.whole[c]:5.0%}"),
                    Segment(parts, _DIM),
                ]
            )
        return lines


def _bar(part: float, cells: int) -> str:
    """Return a bar over a part, from 0 to 1, of some cells, padded to all of them."""
    eighths = round(float(part) * cells * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(cells)
