"""Texts of strangers on every screen: none of it reaches the terminal as anything but signs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from laboratory import laboratory
from rich.segment import Segment
from saved_run import saved_run
from textual.color import BLACK
from textual.pilot import Pilot
from waiting import until

from charembed_tui.app import CharembedApp
from charembed_tui.cli.command import main
from charembed_tui.runs.folder import RunFolder
from charembed_tui.screens.questions import ConfirmScreen, NameScreen
from charembed_tui.screens.saved_runs import SavedRunsScreen
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.widgets.printable_filter import PrintableFilter

HOSTILE = "a\x1b]0;title\x07b\x1b]52;c;eA==\x07\x9b2J\x85\u202e"
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202e]")
# Everything that opens a dialog, unfolds a pane or fills the screen with one.
DOORS = (
    *("d", "c", "A", "I", "slash", "R", "S", "t", "i", "e", "question_mark", "ctrl+p"),
    *("W", "j", "4", "5", "6"),
    "H",  # last: what is unfolded is drawn behind everything that comes after
)
SETTINGS = TrainingSettings(context_length=1, embedding_size=2, optimizer="Adam")


@pytest.fixture
def hostile(text: Path) -> RunFolder:
    """A run in whose folder everything that is text is hostile."""
    folder = saved_run(text, SETTINGS, steps=3)[0]
    folder.samples.append(GeneratedText(2, HOSTILE, HOSTILE, HOSTILE))
    folder.rename(HOSTILE)
    configuration = replace(folder.configuration, started=HOSTILE, corpus_name=HOSTILE)
    configuration.write(folder.path / "run.json")
    return RunFolder.open(folder.path.rename(folder.path.with_name(HOSTILE)))


async def harmless(pilot: Pilot[None]) -> None:
    await pilot.pause()
    strips = pilot.app.screen._compositor.render_strips()
    rows = ["".join(segment.text for segment in strip) for strip in strips]
    assert any(row.strip() for row in rows)
    assert [row for row in rows if CONTROLS.search(row)] == []


async def test_every_widget_makes_foreign_text_printable(
    hostile: RunFolder, text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Widgets do it themselves; what stands behind them is tested below.
    monkeypatch.setattr(PrintableFilter, "apply", lambda _self, segments, _background: segments)
    folder = text.parent / HOSTILE
    folder.mkdir()
    path = folder / f"{HOSTILE}.txt"
    path.write_bytes(text.read_bytes() + 3 * HOSTILE.encode())
    app: CharembedApp = laboratory(path, Preferences(training=SETTINGS), save_runs=True)
    async with app.run_test(size=(150, 50)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        app.laboratory.panes.generation._prompt.value = HOSTILE
        app.notify(HOSTILE, title=HOSTILE, markup=False)
        await harmless(pilot)
        app.laboratory.session.problem = HOSTILE
        await until(lambda: app.laboratory.session.problem is None)
        await harmless(pilot)
        await pilot.press("O")
        await until(lambda: isinstance(app.screen, SavedRunsScreen) and app.screen._runs)
        await harmless(pilot)
        for key in ("n", "d"):
            await pilot.press(key)
            await until(lambda: isinstance(app.screen, NameScreen | ConfirmScreen))
            await harmless(pilot)
            await pilot.press("escape")
            await until(lambda: isinstance(app.screen, SavedRunsScreen))
        await pilot.press("enter")
        await until(lambda: app.laboratory.snapshot.step == 3)
        await until(lambda: app.laboratory.panes.generation._samples)
        await harmless(pilot)
        seen = set()
        for key in DOORS:
            await pilot.press(key)
            await harmless(pilot)
            seen.add(type(app.screen))
            await pilot.press("escape", "escape")
            await until(lambda: app.screen is app.laboratory)
        assert len(seen) > 10, seen


def test_what_a_widget_lets_through_is_taken_away_without_a_change_of_width() -> None:
    plain = [Segment("as it was")]
    assert PrintableFilter().apply(plain, BLACK) is plain
    hostile = [Segment(HOSTILE)]
    (found,) = PrintableFilter().apply(hostile, BLACK)
    assert not CONTROLS.search(found.text)
    assert found.cell_length == hostile[0].cell_length


def test_commands_print_no_foreign_controls(
    hostile: RunFolder, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (
        ["runs"],
        ["runs", "--json"],
        ["train", str(text), "--from", hostile.path.name, "--steps", "1"],
        ["train", "--resume", HOSTILE + "x"],
    ):
        with pytest.raises(SystemExit):
            main(arguments)
        printed = capsys.readouterr()
        for line in (*printed.out.split("\n"), *printed.err.split("\n")):
            assert not CONTROLS.search(line), (arguments, line)
