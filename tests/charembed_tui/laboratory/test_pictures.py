"""Pictures of the whole screen at the three sizes: `pytest --snapshot-update` takes them anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from laboratory import laboratory
from problems import PLAY
from required import required
from textual.pilot import Pilot
from textual.widgets import Input, Static
from waiting import until, until_still

from charembed_tui.app import CharembedApp
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

SIZES = {"80x24": (80, 24), "120x36": (120, 36), "200x60": (200, 60)}


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


@pytest.fixture
def app(path: Path) -> CharembedApp:
    return laboratory(path)


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
    await until(
        lambda: all((p._strips is not None and not p._postponed) or not p.size.area for p in plots)
    )
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


def scene(
    app: CharembedApp, *keys: str, theme: str = ""
) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def play(pilot: Pilot[None]) -> None:
        await until(
            lambda: (
                app.laboratory.snapshot.theta is not None and app.laboratory.panes.loss._baselines
            )
        )
        app.laboratory.session.activity = lambda: Activity(is_wanted=True, is_paced=True)  # type: ignore[method-assign]
        app.laboratory.session.snapshot = halfway(app)
        await until_drawn(app, pilot)
        app.laboratory.panes.show_view(app.laboratory.session)
        if theme:
            app.theme = theme
        await until_drawn(app, pilot)
        # Letters keep their places, so that those depend on how often they were drawn before.
        app.laboratory.panes.embedding.plot.fit()
        await until_drawn(app, pilot)
        await pilot.press(*keys)
        for field in app.screen.query(Input):
            field.cursor_blink = False
        await until_drawn(app, pilot)

    return play


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_laboratory(app: CharembedApp, snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(app, terminal_size=size, run_before=scene(app))


def test_laboratory_in_a_light_theme(app: CharembedApp, snap_compare: Any) -> None:
    before = scene(app, "m", "right", theme="textual-light")
    assert snap_compare(app, terminal_size=(120, 36), run_before=before)


def test_laboratory_without_colour(
    path: Path, snap_compare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = laboratory(path)
    assert snap_compare(app, terminal_size=(120, 36), run_before=scene(app, "m"))


@pytest.mark.parametrize("key", ["1", "3"])
def test_other_pages_of_a_small_screen(app: CharembedApp, snap_compare: Any, key: str) -> None:
    assert snap_compare(app, terminal_size=(80, 24), run_before=scene(app, key))


DIALOGS = {
    "help": "?",
    "components": "c",
    "search": "slash",
    "runs": "R",
    "sweep": "S",
    "facts": "d",
    "export": "e",
}


@pytest.mark.parametrize("key", DIALOGS.values(), ids=DIALOGS.keys())
def test_dialogs_of_a_small_screen(app: CharembedApp, snap_compare: Any, key: str) -> None:
    assert snap_compare(app, terminal_size=(80, 24), run_before=scene(app, key))


@pytest.mark.parametrize("keys", ["p", "uvl", "b"], ids=["principal", "bits", "no lines"])
def test_other_views(app: CharembedApp, snap_compare: Any, keys: str) -> None:
    assert snap_compare(app, terminal_size=(120, 36), run_before=scene(app, *keys))


def test_invalid_setting(app: CharembedApp, snap_compare: Any) -> None:
    async def play(pilot: Pilot[None]) -> None:
        await scene(app, "h")(pilot)
        pilot.app.query_one("#history-terms").value = "many"  # type: ignore[attr-defined]
        await until_still(app)

    assert snap_compare(app, terminal_size=(120, 36), run_before=play)


def test_a_failed_run(app: CharembedApp, snap_compare: Any) -> None:
    async def play(pilot: Pilot[None]) -> None:
        await scene(app)(pilot)
        message = "The loss became non-finite at step 898.\nIts learning rate was 10: try 1."
        failed = replace(
            app.laboratory.snapshot, state=SessionState.FAILED, error=message, steps_per_second=0.0
        )
        app.laboratory.session.snapshot = failed
        await until_drawn(app, pilot)

    assert snap_compare(app, terminal_size=(120, 36), run_before=play)


def test_a_first_visit(path: Path, snap_compare: Any) -> None:
    app = laboratory(path, replace(Preferences(), is_new=True))

    async def play(pilot: Pilot[None]) -> None:
        await until(
            lambda: (
                app.laboratory.snapshot.theta is not None and app.laboratory.panes.loss._baselines
            )
        )
        await until_drawn(app, pilot)

    assert snap_compare(app, terminal_size=(80, 24), run_before=play)


def recorded(app: CharembedApp) -> None:
    """A timeline on which the embedding grows from a point."""
    theta = required(app.laboratory.snapshot.theta)
    for step in (1, 4, 15, 60, 230, 897):
        app.laboratory.session.trajectory.record(step, theta * step / 897)


@pytest.mark.parametrize("size", ["80x24", "120x36"])
def test_through_time(app: CharembedApp, snap_compare: Any, size: str) -> None:
    async def play(pilot: Pilot[None]) -> None:
        await scene(app)(pilot)
        recorded(app)
        app.laboratory.panes.generation._prompt.value = "KING"
        app.laboratory.panes.generation._bar.query_one("#sampling-seed", Input).value = "3"
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, ThroughTimeScreen))
        screen = app.screen
        assert isinstance(screen, ThroughTimeScreen)
        screen.query_one(Input).cursor_blink = False
        await until(lambda: all(len(s.written) == 240 for s in screen._samples))
        await until_still(app)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=play)


def test_an_earlier_step_with_its_sample(app: CharembedApp, snap_compare: Any) -> None:
    async def play(pilot: Pilot[None]) -> None:
        await scene(app)(pilot)
        recorded(app)
        app.laboratory.panes.generation._bar.query_one("#sampling-seed", Input).value = "3"
        await pilot.press("left_square_bracket", "left_square_bracket", "g")
        await until(lambda: len(app.laboratory.panes.generation.written) == 300)
        await until(lambda: required(app.laboratory.panes.generation.newest).novelty is not None)
        await until_still(app)

    assert snap_compare(app, terminal_size=(120, 36), run_before=play)


def test_saved_runs(app: CharembedApp, path: Path, snap_compare: Any) -> None:
    for number, optimizer in enumerate(("SFO", "Adam", "auto")):
        settings = TrainingSettings(optimizer=optimizer)
        corpus = app.laboratory.source
        started = datetime(2026, 1, 2, 3, 4 + number)
        configuration = Configuration.of(settings.prepare(corpus), path, settings, started)
        folder = RunFolder(new_run_folder(corpus.name, started), configuration)
        configuration.write(folder.path / "run.json")
        folder.metrics.append([Measurement(900 * number, 1.5, 2.0, 2.1, 2.2 + number / 10)])

    async def play(pilot: Pilot[None]) -> None:
        await scene(app, "O")(pilot)
        screen = app.screen
        assert isinstance(screen, SavedRunsScreen)
        await until(lambda: screen._runs)
        await until_still(app)

    assert snap_compare(app, terminal_size=(80, 24), run_before=play)


def test_no_saved_runs(
    app: CharembedApp, tmp_path: Path, snap_compare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHAREMBED_RUNS", "runs")  # the same words everywhere
    assert snap_compare(app, terminal_size=(80, 24), run_before=scene(app, "O"))


def test_a_window_that_is_too_small(app: CharembedApp, snap_compare: Any) -> None:
    assert snap_compare(app, terminal_size=(30, 8), run_before=scene(app))
