"""Everything about the text in use: classes, common n-grams, entropies, warnings, a preview."""

from __future__ import annotations

import math
from typing import ClassVar

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from charembed_tui.screens.dialog import Dialog, scroll_hint
from charembed_tui.text.corpus_facts import CorpusFacts, counts_only
from charembed_tui.text.glyphs import glyph, printable, visible
from charembed_tui.text.reading_notes import reading_facts
from charembed_tui.widgets.titles import entitle
from model.corpus import Corpus

_PREVIEW = 1500
_BAR = 20


class TextFactsScreen(Dialog[None]):
    """This screen says what was counted of a text.

    Args:
        corpus: the text.
        facts: of it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("d", "close", "Close", show=False)]

    def __init__(self, corpus: Corpus, facts: CorpusFacts) -> None:
        super().__init__()
        self._corpus, self._facts = corpus, facts

    def compose(self) -> ComposeResult:
        """Yield one long text."""
        with VerticalScroll(classes="dialog wide", id="text-facts"):
            yield Static(self._describe())

    def on_mount(self) -> None:
        """Say how the rest can be seen, where there is more than fits."""
        self.hint_at_scrolling(self.query_one("#text-facts"), self._entitle)

    def _entitle(self) -> None:
        box, name = self.query_one("#text-facts"), visible(self._corpus.name)
        entitle(box, f"Text · {name}", f"{scroll_hint(box)}esc closes")

    def _describe(self) -> RenderableType:
        facts = self._facts
        parts: list[RenderableType] = [
            Text(f"! {warning}", style="bold") for warning in facts.warnings
        ]
        character, share = facts.dominating
        size = len(self._corpus.vocabulary)
        parts.append(
            Text(
                f"{facts.characters:,} characters, {size:,} different ones; the most frequent is "
                f"{glyph(character)} ({share:.1%})\n"
                f"{facts.positions:,} positions to learn from, {facts.ngrams:,} different n-grams "
                f"in {facts.contexts:,} contexts\n"
            )
        )
        if read := reading_facts(self._corpus):
            parts.append(Text("".join(f"{visible(fact)}\n" for fact in read)))
        entropies = Table.grid(padding=(0, 2))
        for name, nats in (
            ("knowing only the vocabulary", math.log(size)),
            ("knowing each character's frequency", facts.unigram),
            ("knowing what followed each context", facts.conditional),
        ):
            entropies.add_row(name, f"{nats:.4f} nats", f"{nats / math.log(2):.4f} bits")
        parts += [Text("Entropy per character", style="bold"), entropies, Text()]
        classes = Table.grid(padding=(0, 2))
        for kind, count in facts.classes:
            part = count / facts.characters
            classes.add_row(kind.value, f"{count:,}", "█" * round(part * _BAR), f"{part:.1%}")
        parts += [Text("Classes", style="bold"), classes, Text()]
        common = [
            Text.assemble((visible(ngram).replace(" ", "␣"), "bold"), (f" {count:,}", "dim"))
            for ngram, count in facts.common
        ]
        columns = Columns(common, padding=(0, 3))  # none ends a row without its count
        parts += [Text("Most common n-grams", style="bold"), columns, Text()]
        preview = self._corpus.decode(self._corpus.codes[:_PREVIEW])
        if self._corpus.counted is not None:
            preview = counts_only(self._corpus)
        parts += [Text("Beginning", style="bold"), Text(printable(preview), style="dim")]
        return Group(*parts)
