"""Pictures of the whole screen at the three sizes: `pytest --snapshot-update` takes them anew.

An app takes two seconds to start, so that each test takes many pictures of one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from laboratory import laboratory
from problems import PLAY
from pytest_textual_snapshot import SVGImageExtension
from required import required
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.widgets import Input, Static
from waiting import until, until_still

from charembed_tui.app import CharembedApp
from charembed_tui.plotting.plot import Plot
from charembed_tui.runs.configuration import Configuration
from charembed_tui.runs.folder import RunFolder
from charembed_tui.screens.saved_runs import SavedRunsScreen
from charembed_tui.screens.through_time import ThroughTimeScreen
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.locations import new_run_folder
from charembed_tui.training.cost_hint import CostHint
from charembed_tui.training.loss_log import Curve, Measurement
from charembed_tui.training.session import Activity
from charembed_tui.training.snapshot import SessionState, Snapshot, Switch
from model.families.log_bilinear.shape import LogBilinear

SMALL, MIDDLE, LARGE = (80, 24), (120, 36), (200, 60)


@pytest.fixture(autouse=True)
def always_as_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take steps to last as long everywhere, and to need as much."""
    cost = CostHint.cost
    monkeypatch.setattr(CostHint, "step_seconds", lambda *_: 2e-4)
    monkeypatch.setattr(CostHint, "cost", lambda *a: replace(cost(*a), bytes=152_000_000))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "texts" / "a_play.txt"
    path.parent.mkdir()
    path.write_text(PLAY * 3, encoding="utf-8")
    return path


def halfway(app: CharembedApp) -> Snapshot:
    """A snapshot that looks like training and is the same everywhere."""
    ready = app.laboratory.snapshot
    characters = len(app.laboratory.corpus.vocabulary)
    angle = np.arange(characters) * 2.4
    radius = np.sqrt(np.arange(characters) + 1)
    theta = np.zeros(ready.model.parameter_count)
    assert isinstance(ready.model, LogBilinear)
    embeddings, _ = ready.model.unpack(theta)
    embeddings[:, 0] = radius * np.cos(angle)
    embeddings[:, 1] = radius * np.sin(angle)
    steps = np.arange(0.0, 900.0, 3.0)
    losses = 2.0 + 1.5 * np.exp(-steps / 120)
    curve = Curve(steps, steps / 500, steps, losses)
    return Snapshot(
        run=ready.run,
        state=SessionState.RUNNING,
        model=ready.model,
        step=897,
        seconds=1.8,
        facts=ready.facts,
        theta=theta,
        loss=float(losses[-1]),
        curve=curve,
        held_out=float(losses[-1]) + 0.1,
        held_out_curve=Curve(curve.steps, curve.seconds, curve.passes, losses + 0.1),
        counted=1.0,
        optimizer="SFO",
        switches=(Switch(450, "SFO"),),
        objective_share=0.6,
        steps_per_second=512.0,
    )


async def until_drawn(app: CharembedApp, pilot: Pilot[None]) -> None:
    """Wait until every part of the screen has had its turn with the newest snapshot."""
    panes = app.laboratory.panes
    plots = (panes.embedding.plot, panes.loss.plot)
    laboratory = app.laboratory
    await until(lambda: laboratory.snapshot is laboratory._displayed is panes._drawn is panes._read)
    await until_still(app)

    def is_built(plot: Plot) -> bool:
        if plot._strips is None:  # its styles were looked up anew, and nothing asked for lines yet
            plot.refresh()
        return not plot.size.area or (plot._strips is not None and not plot._postponed)

    await until(lambda: all(map(is_built, plots)))
    await until_still(app)

    def is_rewritten() -> bool:
        view = panes.displayed(laboratory.session)
        if view is None or not laboratory.snapshot.step or not panes.generation.follows:
            return True
        written = laboratory._rewritten_theta is view.theta
        return written and not laboratory.background.is_rewriting

    await until(is_rewritten)
    await until(
        lambda: all(
            "estimating" not in str(s.content)
            for s in app.laboratory.query("#parameters").results(Static)
        )
    )
    await until_still(app)


class Album:
    """Pictures of one app, each beside the one taken before.

    Args:
        app: that is on the pictures.
        pilot: of it.
        snapshot: of the test.
        folder: for those that differ.
    """

    def __init__(
        self, app: CharembedApp, pilot: Pilot[None], snapshot: SnapshotAssertion, folder: Path
    ) -> None:
        self._app, self._pilot, self._folder = app, pilot, folder
        self._snapshot = snapshot.use_extension(SVGImageExtension)
        self.different: list[str] = []

    async def add(self, name: str, *keys: str) -> None:
        """Take a picture after some keys, once everything has been drawn."""
        await self._pilot.press(*keys)
        for field in self._app.screen.query(Input):
            field.cursor_blink = False
        await until_drawn(self._app, self._pilot)
        picture = self._app.export_screenshot(simplify=True)
        if self._snapshot(name=name) != picture:
            path = self._folder / f"{name}.svg"
            path.write_text(picture, encoding="utf-8")
            self.different.append(str(path))

    async def resize(self, size: tuple[int, int]) -> None:
        """Give the app another size, and its letters places as if it had begun with it."""
        await self._pilot.resize_terminal(*size)
        await until(lambda: self._app.screen.size == size)
        await until_drawn(self._app, self._pilot)
        await self.place_anew()

    async def place_anew(self) -> None:
        """Have letters placed anew: where they are depends on how often they were drawn before."""
        self._app.laboratory.panes.embedding.plot.fit()
        await until_drawn(self._app, self._pilot)


@asynccontextmanager
async def album(
    app: CharembedApp, size: tuple[int, int], snapshot: SnapshotAssertion, folder: Path
) -> AsyncIterator[Album]:
    """Open an app that looks like training, and compare all its pictures in the end."""
    async with app.run_test(size=size) as pilot:
        await until(
            lambda: (
                app.laboratory.snapshot.theta is not None and app.laboratory.panes.loss._baselines
            )
        )
        app.laboratory.session.activity = lambda: Activity(is_wanted=True, is_paced=True)  # type: ignore[method-assign]
        app.laboratory.session.snapshot = halfway(app)
        await until_drawn(app, pilot)
        app.laboratory.panes.show_view(app.laboratory.session)
        pictures = Album(app, pilot, snapshot, folder)
        await pictures.place_anew()
        yield pictures
    assert pictures.different == []


DIALOGS = {
    "help": "?",
    "components": "c",
    "search": "slash",
    "runs": "R",
    "sweep": "S",
    "facts": "d",
    "export": "e",
    "no saved runs": "O",
}


def save_runs(app: CharembedApp, path: Path) -> None:
    """Three runs on disk."""
    for number, optimizer in enumerate(("SFO", "Adam", "auto")):
        settings = TrainingSettings(optimizer=optimizer)
        corpus = app.laboratory.source
        started = datetime(2026, 1, 2, 3, 4 + number)
        configuration = Configuration.of(settings.prepare(corpus), path, settings, started)
        folder = RunFolder(new_run_folder(corpus.name, started), configuration)
        configuration.write(folder.path / "run.json")
        folder.metrics.append([Measurement(900 * number, 1.5, 2.0, 2.1, 2.2 + number / 10)])


async def test_a_small_screen(
    path: Path, snapshot: SnapshotAssertion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHAREMBED_RUNS", "runs")  # the same words everywhere
    app = laboratory(path)
    async with album(app, SMALL, snapshot, tmp_path) as pictures:
        for name, key in (("setup", "1"), ("write", "3"), ("watch", "2")):
            await pictures.add(name, key)
        for name, key in DIALOGS.items():
            await pictures.add(name, key)
            assert len(app.screen_stack) == 2, name
            await app.pop_screen()
        save_runs(app, path)
        await app.run_action("open_saved_run", app.laboratory)
        screen = app.screen
        assert isinstance(screen, SavedRunsScreen)
        await until(lambda: screen._runs)
        await pictures.add("saved runs")
        await app.pop_screen()
        await pictures.resize((30, 8))
        await pictures.add("too small")


def recorded(app: CharembedApp) -> None:
    """A timeline on which the embedding grows from a point."""
    theta = required(app.laboratory.snapshot.theta)
    for step in (1, 4, 15, 60, 230, 897):
        app.laboratory.session.trajectory.record(step, theta * step / 897)


async def through_time(app: CharembedApp, pictures: Album, name: str) -> None:
    await app.run_action("through_time", app.laboratory)
    screen = app.screen
    assert isinstance(screen, ThroughTimeScreen)
    await until(
        lambda: len(screen._samples) and all(len(s.written) == 240 for s in screen._samples)
    )
    await pictures.add(name)
    await app.pop_screen()


async def test_larger_screens(path: Path, snapshot: SnapshotAssertion, tmp_path: Path) -> None:
    app = laboratory(path)
    async with album(app, MIDDLE, snapshot, tmp_path) as pictures:
        lab, generation = app.laboratory, app.laboratory.panes.generation
        await pictures.add("120x36")
        await pictures.resize(LARGE)
        await pictures.add("200x60")
        await pictures.resize(MIDDLE)
        app.theme = "textual-light"
        await pictures.add("light", "m", "right")
        app.theme = "textual-dark"
        await pictures.add("principal plane", "escape", "p")
        await pictures.add("bits", "p", "u", "v", "l")
        await pictures.add("no baselines", "b")
        recorded(app)
        generation._bar.query_one("#sampling-seed", Input).value = "3"
        await pictures._pilot.press("left_square_bracket", "left_square_bracket", "g")
        await until(lambda: len(generation.written) == 300)
        await until(lambda: required(generation.newest).novelty is not None)
        await pictures.add("an earlier step")
        generation._prompt.value = "KING"
        await through_time(app, pictures, "through time")
        await pictures.resize(SMALL)
        await through_time(app, pictures, "through time 80x24")
        await pictures.resize(MIDDLE)
        await pictures._pilot.press("right_curly_bracket", "h")
        lab.query_one("#history-terms", Input).value = "many"
        await pictures.add("invalid setting")
        message = "The loss became non-finite at step 898.\nIts learning rate was 10: try 1."
        lab.session.snapshot = replace(
            lab.snapshot, state=SessionState.FAILED, error=message, steps_per_second=0.0
        )
        await pictures.add("failed", "escape", "H")


async def test_without_colour(
    path: Path, snapshot: SnapshotAssertion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with album(laboratory(path), MIDDLE, snapshot, tmp_path) as pictures:
        await pictures.add("cursor", "m")


async def test_a_first_visit(path: Path, snapshot: SnapshotAssertion, tmp_path: Path) -> None:
    app = laboratory(path, replace(Preferences(), is_new=True))
    async with app.run_test(size=SMALL) as pilot:
        await until(
            lambda: (
                app.laboratory.snapshot.theta is not None and app.laboratory.panes.loss._baselines
            )
        )
        pictures = Album(app, pilot, snapshot, tmp_path)
        await pictures.add("welcome")
    assert pictures.different == []
