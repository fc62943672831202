"""Opening saved runs from inside the app, and starting from their parameters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from laboratory import laboratory
from required import required
from saved_run import saved_run
from textual.coordinate import Coordinate
from waiting import until

from charembed_tui.app import CharembedApp
from charembed_tui.cli.app_command import _plan
from charembed_tui.cli.app_parser import parser
from charembed_tui.runs.catalogue import all_runs, find_run
from charembed_tui.runs.errors import RunError
from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.opening import resume
from charembed_tui.screens.questions import ConfirmScreen
from charembed_tui.screens.saved_runs import SavedRunsScreen
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from model.families.log_bilinear.shape import LogBilinear

SETTINGS = TrainingSettings(context_length=1, embedding_size=2, optimizer="Adam")
PREFERENCES = Preferences(training=SETTINGS)


@pytest.fixture
def saved(text: Path) -> RunFolder:
    """A run of 12 steps."""
    return saved_run(text, SETTINGS, steps=12)[0]


@pytest.fixture
def other(tmp_path: Path) -> Path:
    path = tmp_path / "other.txt"
    path.write_text("a king and a crown § " * 40, encoding="utf-8")
    return path


async def listed(app: CharembedApp) -> SavedRunsScreen:
    await until(lambda: isinstance(app.screen, SavedRunsScreen) and app.screen._runs)
    assert isinstance(app.screen, SavedRunsScreen)
    return app.screen


async def test_a_saved_run_goes_on_with_its_text_timeline_and_samples(
    saved: RunFolder, other: Path
) -> None:
    app = laboratory(other, PREFERENCES, save_runs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("O")
        await listed(app)
        await pilot.press("enter")
        await until(lambda: app.laboratory.snapshot.step == 12)
        assert app.laboratory.source.name == "play.txt"
        assert len(app.laboratory.session.trajectory.frames()) == 13
        await pilot.press("g")
        await until(lambda: (saved.path / "samples.jsonl").exists())
        await pilot.press("n")
        await until(lambda: app.laboratory.snapshot.step == 13)
        await pilot.press("O")
        screen = await listed(app)
        assert "►" in str(screen._table.get_cell_at(Coordinate(0, 0)))
        await pilot.press("enter")  # the run that goes on: nothing changes
        await until(lambda: app.screen is app.screen_stack[0])
        written = app.laboratory.panes.generation.text
        await pilot.press("q")
    assert saved.load()["steps"] == 13

    app = CharembedApp(resume(None).plan(), save_runs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.laboratory.snapshot.step == 13)
        await until(lambda: app.laboratory.panes.generation.text == written)
        assert app.laboratory.panes.generation.steps_of(app.laboratory.snapshot.run) == [12]
        await pilot.press("q")


async def test_a_run_that_another_process_trains_is_followed(saved: RunFolder, text: Path) -> None:
    pytest.importorskip("fcntl", reason="there are no such locks on Windows")
    saved.lock()
    app = laboratory(text, PREFERENCES, save_runs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("O")
        await listed(app)
        await pilot.press("enter")
        await until(lambda: app.laboratory.session.followed and app.laboratory.snapshot.step == 12)
        await pilot.press("q")
    saved.unlock()


async def test_a_run_starts_from_the_parameters_of_another(saved: RunFolder, other: Path) -> None:
    app = laboratory(other, PREFERENCES, save_runs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("O")
        await listed(app)
        await pilot.press("p")
        await until(lambda: any("characters start as in" in n.message for n in app._notifications))
        await until(lambda: app.laboratory.snapshot.theta is not None)
        assert app.laboratory.source.name == "other.txt"
        vocabulary = app.laboratory.corpus.vocabulary
        embeddings = required(app.laboratory.view).embeddings
        model = saved.configuration.model
        assert isinstance(model, LogBilinear)
        before = model.unpack(saved.parameters())[0]
        shared = set(vocabulary) & set(saved.configuration.vocabulary)
        assert "§" in set(vocabulary) - shared
        for character in shared:
            np.testing.assert_array_equal(
                embeddings[vocabulary.index(character)],
                before[saved.configuration.vocabulary.index(character)],
            )
        await pilot.press("q")


async def test_a_run_whose_text_is_gone_is_explained(
    saved: RunFolder, text: Path, other: Path
) -> None:
    text.unlink()
    app = laboratory(other, PREFERENCES)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("O")
        await listed(app)
        await pilot.press("enter")
        await until(lambda: any("no longer at" in n.message for n in app._notifications))
        assert app.laboratory.source.name == "other.txt"
    assert not saved.is_in_use


async def test_no_saved_runs(other: Path) -> None:
    app = laboratory(other, PREFERENCES)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("O")
        await until(lambda: "no run is saved" in str(app.screen.query_one(".hint").render()))
        await pilot.press("enter", "p", "escape")
        assert len(app.screen_stack) == 1


def test_the_command_line_starts_from_a_run(saved: RunFolder, other: Path) -> None:
    options = parser().parse_args([str(other), "--from", saved.path.name, "--optimizer", "SFO"])
    plan = _plan(options, TrainingSettings())
    assert plan.settings.optimizer == "SFO"
    assert plan.settings.embedding_size == 2
    assert "characters start as in" in plan.note
    options = parser().parse_args([str(other), "--from", "--embedding-size", "7"])
    with pytest.raises(RunError, match="embedding size of 2"):
        _plan(options, TrainingSettings())
    other.write_text("世界" * 20, encoding="utf-8")
    with pytest.raises(RunError, match="share no character"):
        _plan(parser().parse_args([str(other), "--from"]), TrainingSettings())


def test_what_a_stranger_writes_into_a_checkpoint_is_no_parameters(saved: RunFolder) -> None:
    good = saved.load()
    for slots in range(2):
        saved.save({**good, "steps": 99 + slots, "theta": np.zeros(5)})
    with pytest.raises(RunError, match="of another model"):
        find_run(None).parameters()


@pytest.mark.parametrize(("name", "value"), [("held_out", False), ("seed", 7), ("cache", 500)])
def test_a_checkpoint_has_the_settings_of_its_run(
    saved: RunFolder, name: str, value: object
) -> None:
    """What would be measured from there on would not fit what was measured before."""
    good = saved.load()
    saved.save({**good, "settings": {**good["settings"], "optimizer": "SFO", "minibatches": 3}})
    assert find_run(None).load()["settings"]["optimizer"] == "SFO"
    for _ in range(2):
        saved.save({**good, "settings": {**good["settings"], name: value}})
    with pytest.raises(RunError, match="not those of"):
        resume(None)


async def test_what_is_saved_and_exported_of_a_run_goes_into_its_folder(other: Path) -> None:
    app = laboratory(other, PREFERENCES, save_runs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await pilot.press("n", "g")
        await until(lambda: app.laboratory.session.saved_as is not None)
        await until(lambda: len(app.laboratory.panes.generation.written) == 300)
        folder = required(app.laboratory.session.saved_as)
        await pilot.press("w")
        await until(lambda: list(folder.glob("exports/*/sample.txt")))
        await pilot.press("e", "enter")
        await until(lambda: len(list(folder.glob("exports/*/*.*"))) > 1)
        await pilot.press("escape", "q")
    assert [run.path for run in all_runs()] == [folder]


async def test_runs_are_named_and_deleted(saved: RunFolder, text: Path) -> None:
    second, _ = saved_run(text, PREFERENCES.training, 3)
    app = laboratory(text, PREFERENCES)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("O")
        screen = await listed(app)
        place = [run.folder.path for run in screen._runs].index(saved.path)
        screen._table.move_cursor(row=place)
        await until(lambda: saved.path.name in str(screen._details.content))
        await pilot.press("n", *"first", "enter")
        await until(lambda: str(screen._table.get_cell_at(Coordinate(place, 1))) == "first")
        assert find_run("first").path == saved.path
        # Names tell runs apart.
        screen._table.move_cursor(row=1 - place)
        await pilot.press("n", *"first", "enter")
        await until(lambda: "Another run is called first" in str(screen._details.content))
        assert not second.name
        # Deleting asks, and only y deletes.
        screen._table.move_cursor(row=place)
        for keys in (("d", "escape"), ("d", "n"), ("d", "enter", "escape")):
            await pilot.press(*keys)
            await until(lambda: app.screen is screen)
            assert saved.path.exists()
        await pilot.press("delete")
        await until(lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(lambda: not saved.path.exists())
        await until(lambda: [run.folder.path for run in screen._runs] == [second.path])
        # A run that is being trained stays.
        second.lock()
        await pilot.press("d")
        await until(lambda: "in use" in str(screen._details.content))
        assert app.screen is screen
    second.unlock()
    assert second.path.exists()


def test_a_run_in_use_cannot_be_deleted_by_any_way(saved: RunFolder) -> None:
    pytest.importorskip("fcntl", reason="there are no such locks on Windows")
    saved.lock()
    with pytest.raises(RunError, match="being trained"):
        RunFolder.open(saved.path).delete()
    saved.unlock()
    saved.rename("x" * 1000)
    assert len(saved.name) == 240
    saved.rename("")
    assert not saved.name
    RunFolder.open(saved.path).delete()
    assert not saved.path.exists()
