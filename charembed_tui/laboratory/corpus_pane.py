"""The corpus: sample texts, a directory tree, and what the chosen text holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import DirectoryTree, Input, Static
from textual.widgets.option_list import Option

from charembed_tui.settings.text_options import option_words, parse_reading
from charembed_tui.text.corpus_facts import counts_only
from charembed_tui.text.glyphs import visible
from charembed_tui.text.reading_notes import PLAIN, reading_facts
from charembed_tui.text.sample_texts import samples, title
from charembed_tui.training.snapshot import Snapshot
from charembed_tui.widgets.folding import FoldingPane
from charembed_tui.widgets.option_list import OptionList
from model.corpus import Corpus
from model.errors import SettingsError
from model.texts.reading import Reading
from model.texts.roots import is_inside, roots

_PREVIEW_CHARACTERS = 400


class _Tree(DirectoryTree, inherit_bindings=False):
    """This directory tree leaves the space bar to the app and shows no hidden files."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Open", show=False),
        Binding("up", "cursor_up", show=False),
        Binding("down", "cursor_down", show=False),
        Binding("left", "cursor_parent", show=False),
        Binding("right", "toggle_node", show=False),
        Binding("m", "mark", "Mark", show=False),
    ]

    def __init__(self, path: Path, **keywords: Any) -> None:
        super().__init__(path, **keywords)
        self.marked: list[Path] = []

    def action_mark(self) -> None:
        """Mark the file or folder under the cursor, to open several; or mark it no more."""
        node = self.cursor_node
        if node is None or node.data is None:
            return
        path = node.data.path
        if path in self.marked:
            self.marked.remove(path)
        else:
            self.marked.append(path)
        node.refresh()
        self.action_cursor_down()

    def filter_paths(self, paths: Any) -> Any:
        """Return everything but dot-files, and links to what is not to be read."""
        return [path for path in paths if not path.name.startswith(".") and is_inside(path)]

    def render_label(self, node: Any, base_style: Any, style: Any) -> Text:
        """Return the label with control characters in file names made visible."""
        label = super().render_label(node, base_style, style)
        label.plain = visible(label.plain)
        if node.data is not None and node.data.path in self.marked:
            label = Text.assemble(("✓ ", "bold"), label)
        return label


class CorpusPane(FoldingPane):
    """A person chooses a text here, and sees what is in it.

    Args:
        path: the text in use. The tree starts at its folder, or where the program was started
            if it is a sample; at the first root where that is outside of all of them.
        unfolded_by: the key that leads here, as people know it.
    """

    BORDER_TITLE = "Corpus"

    @dataclass
    class Selected(Message):
        """Texts were chosen.

        Attributes:
            paths: where they are.
            reading: how they are to be read.
        """

        paths: tuple[Path, ...]
        reading: Reading

    def __init__(self, path: Path, unfolded_by: str, **keywords: Any) -> None:
        super().__init__(unfolded_by, **keywords)
        self._path = path
        self._chosen: tuple[Path, ...] = ()
        self._samples = samples()
        here = Path.cwd() if path in self._samples else path.absolute().parent
        self._folder = here if is_inside(here) else roots()[0]
        self._facts = Static("no text yet", id="facts")
        self._corpus: Corpus | None = None
        self._problem: Text | None = None  # with what was chosen last
        self._preview = Static("", id="preview")
        self._list: OptionList | None = None
        self._tree: _Tree | None = None
        self._options = Input(placeholder="--encoding cp1252 --lines …", id="reading", compact=True)
        self._options.tooltip = (
            f"how a text is read, as on the command line: {option_words()}; enter reads it again"
        )

    def contents(self) -> Iterable[Widget]:
        """Return sample texts, files and facts."""
        options = (Option(title(path), id=str(i)) for i, path in enumerate(self._samples))
        self._list = OptionList(*options, id="samples", compact=True)
        self._mark_sample()
        self._tree = _Tree(self._folder, id="files")
        self._tree.tooltip = "enter opens a text; m marks several texts and folders for enter"
        return self._list, self._tree, self._options, self._facts, self._preview

    def focus_choice(self) -> None:
        """Put the cursor where a text is chosen."""
        self.make_contents()
        if self._list is not None:
            self._list.focus()

    def show_loading(self, paths: Sequence[Path]) -> None:
        """Say that texts are being read."""
        more = f" and {len(paths) - 1:,} more" * (len(paths) > 1)
        self._problem = None
        self._say(Text(f"reading {visible(paths[0].name)}{more} …"))
        self._preview.update("")

    def show_counting(self, path: Path, part: float | None) -> None:
        """Say how much of a text there is no room for is counted."""
        how_much = "" if part is None else f", {part:.0%}"
        self._say(
            Text(f"{visible(path.name)} takes too much memory: counting it{how_much} · esc stops")
        )

    def show_error(self, message: str) -> None:
        """Say why a file could not be used, until the next choice; the text stays in use."""
        self._problem = Text(visible(message), style="bold")
        self._say(self._problem)

    def _say(self, message: Text) -> None:
        """Show a message in place of the facts, folded or not."""
        self._facts.update(message)
        self.summary.show([message.plain])

    def show(self, corpus: Corpus, path: Path, snapshot: Snapshot) -> None:
        """Show the facts of the text in use."""
        self.entitle(f"Corpus · {visible(corpus.name)}")
        self._path = path
        self._mark_sample()
        facts = snapshot.facts
        counted = "counting n-grams …"
        if facts is not None:
            counted = (
                f"{facts.ngrams:,} {snapshot.model.context_length + 1}-grams "
                f"in {facts.contexts:,} contexts"
            )
        length, size = f"{len(corpus):,} characters", len(corpus.vocabulary)
        text = Text(f"{_bytes(path)}{length}\nvocabulary of {size:,} characters\n{counted}")
        for fact in reading_facts(corpus):
            if fact != PLAIN:
                text.append(f"\n{visible(fact)}")
        for warning in facts.warnings if facts is not None else ():
            text.append(f"\n! {warning}", style="bold")
        if self._corpus is not corpus:
            self._corpus, self._problem = corpus, None
        if self._problem is None:
            self._facts.update(text)
            self.summary.show([corpus.name, length, f"{size:,} different"])
        preview = corpus.decode(corpus.codes[:_PREVIEW_CHARACTERS])
        if corpus.counted is not None:
            preview = counts_only(corpus)
        self._preview.update(Text(visible(preview), style="dim"))

    def _mark_sample(self) -> None:
        """Put the list's cursor on the sample in use, or on none."""
        if self._list is not None:
            place = self._samples.index(self._path) if self._path in self._samples else None
            self._list.highlighted = place

    @on(OptionList.OptionSelected)
    def _choose_sample(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._choose(self._samples[event.option_index])

    @on(DirectoryTree.FileSelected)
    def _choose_file(self, event: DirectoryTree.FileSelected) -> None:
        event.stop()
        self._choose_marked_or(event.path)

    @on(DirectoryTree.DirectorySelected)
    def _choose_folder(self, event: DirectoryTree.DirectorySelected) -> None:
        event.stop()
        if self._tree is not None and event.path in self._tree.marked:
            self._choose_marked_or(event.path)

    @on(Input.Changed)
    def _words_changed(self, event: Input.Changed) -> None:
        event.stop()

    @on(Input.Submitted)
    def _read_again(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.set_focus(None)
        self._choose(*(self._chosen or (self._path,)))

    def _choose_marked_or(self, path: Path) -> None:
        """Open all that is marked, and a path where nothing is."""
        marked = self._tree.marked if self._tree is not None else []
        paths = tuple(marked) or (path,)
        marked.clear()
        if self._tree is not None:
            self._tree.refresh(layout=True)
        self._choose(*paths)

    def _choose(self, *paths: Path) -> None:
        try:
            reading = Reading(**parse_reading(self._options.value))
        except SettingsError as error:
            self.show_error(str(error))
            return
        self._chosen = paths
        self.post_message(self.Selected(paths, reading))


def _bytes(path: Path) -> str:
    """Return a file's size for people, or nothing where it is gone."""
    try:
        size = float(path.stat().st_size)
    except OSError:
        return ""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:,.0f} {unit} · " if unit == "bytes" else f"{size:,.1f} {unit} · "
        size /= 1000
    return f"{size:,.1f} GB · "
