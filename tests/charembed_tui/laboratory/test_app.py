"""The laboratory as a person uses it: keys in, pictures out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from laboratory import laboratory
from required import required
from terminals import SMALL
from textual.command import CommandList, CommandPalette
from textual.widget import MountError, Widget
from textual.widgets import DirectoryTree, Input, OptionList, Select, Static, Tabs
from waiting import until

from charembed_tui.app import CharembedApp
from charembed_tui.coordinates.views import Components
from charembed_tui.laboratory.commands import COMMANDS
from charembed_tui.laboratory.embedding_pane import EmbeddingPane
from charembed_tui.laboratory.generation_pane import GenerationPane
from charembed_tui.screens.dialog import Palette
from charembed_tui.screens.help import HelpScreen
from charembed_tui.screens.runs import RunsScreen
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.cost_hint import CostHint
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.trainer import Trainer
from model.errors import OptimizerError


def is_ready(app: CharembedApp) -> bool:
    return app.laboratory.snapshot.theta is not None


async def test_a_whole_visit(app: CharembedApp) -> None:
    """Open a sample, watch it learn, look from another side, let it write, pause, leave."""
    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: is_ready(app))
        start = app.laboratory.snapshot.loss
        assert start is not None
        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.step >= 60)
        assert app.laboratory.snapshot.state is SessionState.RUNNING

        pane = app.query_one(EmbeddingPane)
        before = pane.border_title
        await pilot.press("x")
        assert app.laboratory.panes.embedding.components == (2, 1)  # past the one on the other
        assert pane.border_title != before
        await pilot.press("X", "y", "Y", "Y")
        assert app.laboratory.panes.embedding.components == (0, 4)

        await pilot.press("g")
        console = app.query_one(GenerationPane)
        await until(lambda: len(console.written) == 300)
        assert set(console.written) <= set(app.laboratory.corpus.vocabulary)

        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.state is SessionState.PAUSED)
        steps = app.laboratory.snapshot.step
        await pilot.pause(0.3)
        assert app.laboratory.snapshot.step == steps
        assert required(app.laboratory.snapshot.loss) < start - 1.0

        session = app.laboratory.session
        await pilot.press("q")
        await until(lambda: session.join(0))
    assert app.return_code == 0


async def test_one_step_at_a_time_and_a_reset_to_step_0(app: CharembedApp) -> None:
    async with app.run_test() as pilot:
        await pilot.press("n", "n", "n")
        await until(
            lambda: (
                app.laboratory.snapshot.step >= 3
                and app.laboratory.snapshot.state is SessionState.PAUSED
            )
        )
        assert app.laboratory.snapshot.step == 3

        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.step > 5)
        old = app.laboratory.session
        await pilot.press("r")
        await until(lambda: app.laboratory.session is not old and is_ready(app))
        assert old.join(0)
        assert app.laboratory.snapshot.step == 0
        assert app.laboratory.snapshot.state is SessionState.IDLE


def is_focused(app: CharembedApp, kind: type[Widget]) -> bool:
    return app.focused is app.query_one(kind).focus()


async def test_keys_act_whichever_pane_has_the_focus_but_fields_keep_theirs(
    app: CharembedApp,
) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: is_ready(app))
        for kind in (OptionList, DirectoryTree):
            app.laboratory.fold(False)
            await until(partial(is_focused, app, kind))
            await pilot.press("x")
            await pilot.press("space")
            await until(lambda: app.laboratory.snapshot.state is SessionState.RUNNING)
            await pilot.press("space")
            await until(lambda: app.laboratory.snapshot.state is SessionState.PAUSED)
        assert app.laboratory.panes.embedding.components == (3, 1)
        prompt = app.query_one("#prompt", Input)
        prompt.focus()
        await pilot.press("q", "x", "space", "g")
        assert prompt.value == "qx g"
        await pilot.press("escape", "x")
        assert app.laboratory.panes.embedding.components == (4, 1)
        prompt.focus()
        await pilot.press("enter")
        await until(lambda: len(app.query_one(GenerationPane).written) == 300)


async def test_settings_are_checked_as_typed_and_applied_before_the_first_step(
    app: CharembedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, describe = set(), CostHint.describe

    def noted(hint: CostHint, settings: TrainingSettings) -> str:
        threads.add(threading.current_thread())
        return describe(hint, settings)

    monkeypatch.setattr(CostHint, "describe", noted)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: is_ready(app))
        line = app.query_one("#parameters", Static)
        vocabulary = len(app.laboratory.corpus.vocabulary)
        await until(lambda: f"{vocabulary * 5 * 4:,} parameters" in str(line.content))
        field = app.query_one("#embedding-size", Input)
        field.focus()
        field.value = "zwei"
        await until(lambda: "whole number" in str(line.content))
        assert field.has_class("-invalid")
        field.value = "9000"
        await until(lambda: "from 2 to 512" in str(line.content))
        field.value = "7"
        await until(lambda: app.laboratory.session.settings.embedding_size == 7 and is_ready(app))
        await until(lambda: f"{vocabulary * 7 * 4:,} parameters" in str(line.content))
        assert "ms a step" in str(line.content)
        assert not field.has_class("-invalid")

        # In the middle of a run they wait for the reset.
        await pilot.press("escape")
        await until(lambda: app.focused is None)
        await pilot.press("n")
        await until(lambda: app.laboratory.snapshot.step == 1)
        field.value = "3"
        await until(lambda: "r resets and applies" in str(line.content))
        assert app.laboratory.session.settings.embedding_size == 7
        app.laboratory.panes.embedding.turn_to(Components(6, 5))
        await pilot.press("r")
        await until(lambda: app.laboratory.session.settings.embedding_size == 3 and is_ready(app))
        assert app.laboratory.panes.embedding.components == (2, 2)
    assert threading.main_thread() not in threads  # which draws and answers keys


def is_displayed(app: CharembedApp, setting: str) -> bool:
    """Whether there is a row for a setting; some are made when they are first of use."""
    return any(row.display for row in app.query(f"#field-{setting}"))


async def test_the_optimizer_can_be_changed_in_mid_run(app: CharembedApp) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: is_ready(app))
        app.query_one("#optimizer", Select).value = "SFO"
        await until(lambda: app.laboratory.snapshot.optimizer == "SFO" and is_ready(app))
        shown = {"minibatches": True, "history-terms": True, "learning-rate": False}
        for name, display in shown.items():
            assert is_displayed(app, name) is display
        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.step > 20)
        app.query_one("#optimizer", Select).value = "Adam"
        await until(lambda: app.laboratory.snapshot.optimizer == "Adam")
        switched = app.laboratory.snapshot.switches
        assert len(switched) == 1
        assert switched[0].step > 0
        await until(lambda: app.laboratory.snapshot.step > switched[0].step + 20)
        await until(lambda: all(is_displayed(app, n) is not d for n, d in shown.items()))


async def test_choosing_a_sample_makes_it_the_corpus(app: CharembedApp) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: is_ready(app))
        await pilot.press("o")
        await until(lambda: app.focused is not None and app.focused.id == "samples")
        await pilot.press("home", "enter")
        await until(lambda: app.laboratory.corpus.name == "invented_words.txt" and is_ready(app))
        facts = str(app.query_one("#facts", Static).content)
        await until(lambda: "contexts" in str(app.query_one("#facts", Static).content))
        facts = str(app.query_one("#facts", Static).content)
        assert f"{len(app.laboratory.corpus):,} characters" in facts
        assert f"vocabulary of {len(app.laboratory.corpus.vocabulary)} characters" in facts
        assert "24.0 kB" in facts
        assert "4-grams" in facts
        assert str(app.query_one("#preview", Static).content)


async def test_a_file_that_is_no_text_leaves_the_corpus_in_use(
    tmp_path: Path,
) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.bin"
    good.write_text("to be or not to be, that is the question " * 5)
    bad.write_bytes(b"\0\1\2")
    app = laboratory(good)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: is_ready(app))
        tree = app.query_one(DirectoryTree)
        await until(lambda: len(tree.root.children) == 2)
        tree.focus()
        await pilot.press("down", "enter")
        await until(lambda: "binary" in str(app.query_one("#facts", Static).content))
        await pilot.press("down", "enter")
        await until(lambda: "characters" in str(app.query_one("#facts", Static).content))
        assert app.laboratory.corpus.name == "good.txt"


async def test_a_failure_is_displayed_and_a_reset_helps(
    app: CharembedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: is_ready(app))
        with monkeypatch.context() as patch:

            def fail(self: Trainer) -> None:
                raise OptimizerError("the hill is too steep")

            patch.setattr(Trainer, "step", fail)
            await pilot.press("space")
            await until(lambda: app.laboratory.snapshot.state is SessionState.FAILED)
            await until(lambda: app._notifications)
        assert any("too steep" in n.message for n in app._notifications)
        await pilot.press("r")
        await until(lambda: app.laboratory.snapshot.state is SessionState.IDLE and is_ready(app))
        await pilot.press("n")
        await until(lambda: app.laboratory.snapshot.step == 1)


async def test_small_screens_show_a_page_at_a_time(app: CharembedApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.query_one(Tabs).display
        parts = (["setup"], ["embedding", "numbers"], ["write"])
        for key, expected in zip("123", parts, strict=True):
            await pilot.press(key)
            await pilot.pause()
            assert [p.id for p in app.query(".page") if p.display] == expected
        await pilot.press("o")
        await pilot.pause()
        assert app.query_one("#setup").display
        assert app.focused is app.query_one(OptionList)
        await pilot.resize_terminal(120, 36)
        await until(lambda: all(p.display for p in app.query(".page")))
        assert not app.query_one(Tabs).display


async def test_help_and_palette_know_every_key_and_close_nothing_else(app: CharembedApp) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("?")
        assert isinstance(app.screen, HelpScreen)
        assert app.screen.query_one("#help").max_scroll_y == 0  # all of it fits
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {command.title for command in COMMANDS} <= titles
        await pilot.press("ctrl+p")
        palette = app.screen.query_one(CommandList)
        await until(lambda: palette.option_count > len(COMMANDS))
        message = "\n".join(str(option.prompt) for option in palette.options)
        assert "Timeline · [/]" in message
        await pilot.press(*"comp", "enter")
        await until(lambda: isinstance(app.screen, RunsScreen))
        await pilot.press("escape")
        await until(lambda: len(app.screen_stack) == 1)

        # A dialog that is closed twice closes nothing else.
        await pilot.press("question_mark")
        help_screen = app.screen
        await pilot.press("ctrl+p")
        help_screen.dismiss()  # it is not in front
        await pilot.pause()
        palette = app.screen
        assert palette is not help_screen
        palette.dismiss()
        palette.dismiss()
        await pilot.pause()
        assert app.screen is help_screen
        await pilot.press("escape")
        assert len(app.screen_stack) == 1


async def test_the_palette_opens_while_the_last_one_is_leaving(app: CharembedApp) -> None:
    async with app.run_test(size=SMALL) as pilot:
        app.action_command_palette()
        first = app.screen
        assert isinstance(first, Palette)
        first.dismiss()  # which takes until the loop turns
        await until(lambda: app.screen is not first)
        first_is_here = first.is_attached
        app.action_command_palette()
        await until(lambda: isinstance(app.screen, Palette) and app.screen is not first)
        await pilot.pause()
        assert first_is_here
        assert app._exception is None


async def test_what_comes_after_the_end_is_no_fault(app: CharembedApp) -> None:
    async with app.run_test(size=(120, 36)):
        await until(lambda: is_ready(app))
        app.exit()
        with pytest.raises(MountError) as found:
            app.laboratory.action_generate()  # by a key that was on its way
        app._handle_exception(found.value)
        assert app._exception is None


async def test_a_window_that_is_too_small_says_so(app: CharembedApp) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: is_ready(app))
        for size in ((39, 36), (120, 11), (1, 1)):
            await pilot.resize_terminal(*size)
            await pilot.press("space", "question_mark", "o")
            assert app.query_one("#too-small").display
            assert not app.query_one("#pages").display
            assert app.laboratory.snapshot.state is SessionState.IDLE
            assert app.focused is None
        # Keys that were under way when it became too small turn no pages.
        await pilot.resize_terminal(120, 36)
        await pilot.press("ctrl+p")
        await until(lambda: app.screen.query_one(CommandList).option_count)
        await pilot.resize_terminal(1, 1)
        palette = app.screen
        assert isinstance(palette, CommandPalette)
        palette._action_command_list("page_up")
        await pilot.press("escape")
        samples = app.query_one("#samples", OptionList)
        samples.highlighted = 0
        turns: tuple[Callable[[], None], ...] = (samples.action_page_up, samples.action_page_down)
        for turn in turns:
            turn()
        await pilot.resize_terminal(40, 12)
        assert not app.query_one("#too-small").display
        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.step)
        await pilot.resize_terminal(20, 5)
        await pilot.press("q")


async def test_training_goes_on_while_writing_and_behind_the_help(app: CharembedApp) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.step > 5)
        await pilot.press("g")
        await until(lambda: len(app.query_one(GenerationPane).written) == 300)
        written_at = app.laboratory.snapshot.step
        await until(lambda: app.laboratory.snapshot.step > written_at)
        await pilot.press("?")
        steps = app.laboratory.snapshot.step
        await until(lambda: app.laboratory.snapshot.step > steps + 20)
        await pilot.resize_terminal(80, 24)
        await until(lambda: app.screen.size == (80, 24))
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)


UNUSUAL = {
    "japanese": "日本語のテキスト、世界。" * 30,
    "emoji": "😀🎉 party\u0301 " * 40,
    "escapes": "\x1b[31mred\x07" * 30,
}


@pytest.mark.parametrize("text", UNUSUAL.values(), ids=UNUSUAL.keys())
async def test_unusual_texts_are_learned_and_displayed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "text.txt"
    path.write_text(text, encoding="utf-8")
    app = laboratory(path, Preferences(training=TrainingSettings(context_length=1)))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.step > 20)
        await pilot.press("g")
        await until(lambda: len(app.query_one(GenerationPane).written) == 300)
        assert "\x1b[31m" not in app.export_screenshot()
