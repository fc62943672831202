"""Texts chosen in the corpus pane: several at once, read as the options say."""

from __future__ import annotations

from pathlib import Path

from laboratory import laboratory
from problems import PLAY
from textual.widgets import Input
from waiting import until

from charembed_tui.laboratory.corpus_pane import _Tree
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings

PREFERENCES = Preferences(training=TrainingSettings(context_length=1, embedding_size=2))


async def test_several_texts_are_marked_and_opened(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text(PLAY + name, encoding="utf-8")
    app = laboratory(tmp_path / "a.txt", PREFERENCES)
    async with app.run_test(size=(120, 50)) as pilot:
        await pilot.press("o")
        tree = app.laboratory.query_one(_Tree)
        await until(lambda: len(tree.root.children) == 3)
        tree.focus()
        await pilot.press("down", "m", "m", "enter")
        await until(lambda: app.laboratory.source.name == "a.txt + 1 more")
        assert [file.name for file in app.laboratory.source.files] == ["a.txt", "b.txt"]
        assert not tree.marked


async def test_the_options_are_those_of_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(PLAY, encoding="utf-8")
    app = laboratory(path, PREFERENCES)
    async with app.run_test(size=(120, 50)) as pilot:
        await pilot.press("o")
        await until(lambda: app.laboratory.query("#reading"))
        words = app.laboratory.query_one("#reading", Input)
        words.value = "--fold-case --lines"
        words.focus()
        await pilot.press("enter")
        await until(lambda: app.laboratory.source.is_list)
        assert not any(c.isupper() for c in app.laboratory.source.vocabulary)
        await until(lambda: "26 characters" in str(app.laboratory.panes.corpus._facts.content))
        words.value = "--encoding nonsense"
        words.focus()
        await pilot.press("enter")
        await until(lambda: "no encoding" in str(app.laboratory.panes.corpus._facts.content))
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await pilot.press("g")
        await until(lambda: app.laboratory.panes.generation.written.count("\n") == 20)
        # More than it may take is counted; for longer contexts it is counted again.
        words.value = "--limit 500"
        words.focus()
        await pilot.press("enter")
        await until(lambda: app.laboratory.source.was_streamed)
        await until(
            lambda: "takes more memory" in str(app.laboratory.panes.corpus._preview.content)
        )
        await until(lambda: app.laboratory.snapshot.theta is not None)
        app.laboratory.query_one("#context-length", Input).value = "2"
        await until(lambda: app.laboratory.displayed_settings().context_length == 2)
        await pilot.press("r")
        await until(lambda: app.laboratory.snapshot.model.context_length == 2)
        await until(lambda: app.laboratory.snapshot.theta is not None)
