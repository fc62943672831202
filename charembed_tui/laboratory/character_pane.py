"""One character: how often it occurs, what is like it, what it predicts and what predicts it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from charembed_tui.text.glyphs import glyph, name
from charembed_tui.training.snapshot import View
from charembed_tui.widgets.titles import entitle, fitting
from model.associations import by_cosine, by_distance, counted_after, predecessors, successors
from model.corpus import Corpus

if TYPE_CHECKING:
    from model.ngrams import NgramTable

_MOST = 8
_TITLE = 10  # cells of a row that its title and what pads it take
_CONTEXTS = 4000  # that a small model is asked for in 5 ms
_LARGE_MODEL = 50_000  # parameters
_LARGE_VOCABULARY = 1500  # from here on, what predicts a character takes too long to keep up


class CharacterPane(VerticalScroll, can_focus=False):
    """This pane describes the character under the cursor.

    Args:
        found_by: the key that finds a character, as people know it.
    """

    BORDER_TITLE = "Character"

    def __init__(self, found_by: str, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._empty = f"arrows in the embedding, a click or {found_by} choose a character"
        self._vocabulary: tuple[str, ...] = ()
        self._corpus: Corpus | None = None
        self._facts = Static(Text(self._empty, style="dim"), id="character-facts")
        self._displayed: tuple[int, View] | None = None
        self._counted: NgramTable | None = None
        self._titles = "Character", ""

    def compose(self) -> ComposeResult:
        """Yield the one text there is."""
        yield self._facts

    def show_corpus(self, corpus: Corpus) -> None:
        """Take the text whose characters are to be described."""
        self._vocabulary, self._corpus = corpus.vocabulary, corpus
        self.clear()

    def on_resize(self) -> None:
        """Fit titles and rows to the new width."""
        self._entitle(*self._titles)
        if self._displayed is not None:
            self._describe(*self._displayed, self._counted)

    def _entitle(self, title: str, subtitle: str = "") -> None:
        self._titles = title, subtitle
        entitle(self, fitting(self, title), fitting(self, subtitle))

    def clear(self) -> None:
        """Forget the character that was chosen."""
        self._displayed = None
        self._entitle("Character")
        self._facts.update(Text(self._empty, style="dim"))

    def show(self, character: int | None, view: View, counted: NgramTable | None) -> None:
        """Describe a character by the parameters on show, and by the counts of the text."""
        if character is None or character >= len(self._vocabulary):
            if self._displayed is not None:
                self.clear()
            return
        if self._displayed == (character, view):
            return
        other = self._displayed is None or self._displayed[0] != character
        self._displayed, self._counted = (character, view), counted
        self._describe(character, view, counted, layout=other)

    def _describe(
        self, character: int, view: View, counted: NgramTable | None, *, layout: bool = True
    ) -> None:
        letter = self._vocabulary[character]
        subtitle = ""
        if self._corpus is not None:
            count = int(self._corpus.counts()[character])
            subtitle = f"{count:,} times · {count / len(self._corpus):.2%} · (counted)"
        self._entitle(f"Character {glyph(letter)} · {name(letter)}".removesuffix(" · "), subtitle)
        predictor, embeddings = view.predictor, view.embeddings
        rows = [
            (title, [(c, f"{value:.2f}") for c, value in ranking])
            for title, ranking in (
                ("like it", by_cosine(embeddings, character, _MOST)),
                ("near it", by_distance(embeddings, character, _MOST)),
            )
        ]
        if counted is not None:
            most = _CONTEXTS if view.model.parameter_count < _LARGE_MODEL else _CONTEXTS // 10
            share = counted_after(counted, character)
            then = [
                (c, f"{p:.0%} ({share[c]:.0%})")
                for c, p in successors(predictor, counted, character, _MOST, most)
            ]
            rows.append(("then", then))
            if len(self._vocabulary) <= _LARGE_VOCABULARY:
                after = [
                    (c, f"{p:.0%} ({counted_after(counted, c)[character]:.0%})")
                    for c, p in predecessors(predictor, counted, character, _MOST, most)
                ]
                rows.append(("after", after))
        table = Table.grid(padding=(0, 1))
        for title, ranking in rows:
            table.add_row(Text(title, style="dim"), self._ranked(ranking))
        self._facts.update(table, layout=layout)

    def _ranked(self, ranking: Sequence[tuple[int, str]]) -> Text:
        """Return as many as there is room for, none of them cut."""
        text = Text(no_wrap=True)
        for character, value in ranking:
            sign = f"{'  ' * bool(text)}{glyph(self._vocabulary[character])}"
            number = f" {value}"
            if text and text.cell_len + cell_len(sign + number) > self.size.width - _TITLE:
                break
            text.append(sign, style="bold")
            text.append(number, style="dim")
        return text
