"""Pictures of the whole screen at the three sizes: `pytest --snapshot-update` takes them anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from laboratory import laboratory
from problems import PLAY
from textual.pilot import Pilot
from waiting import until

from charembed_tui.app import CharembedApp
from charembed_tui.loss_curve import Curve
from charembed_tui.snapshot import SessionState, Snapshot

SIZES = {"80x24": (80, 24), "120x36": (120, 36), "200x60": (200, 60)}


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
    ready = app.snapshot
    characters = len(app.corpus.vocabulary)
    angle = np.arange(characters) * 2.4
    radius = np.sqrt(np.arange(characters) + 1)
    theta = np.zeros(ready.model.parameter_count)
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
        switches=(450,),
        objective_share=0.6,
        steps_per_second=512.0,
    )


def scene(app: CharembedApp, *keys: str, theme: str = "") -> Callable[[Pilot[None]], Awaitable]:
    async def play(pilot: Pilot[None]) -> None:
        await until(lambda: app.snapshot.theta is not None and app.loss._lines)
        app.session.snapshot = halfway(app)
        await pilot.pause(0.3)
        app.show_view()
        if theme:
            app.theme = theme
        await pilot.pause(0.4)
        await pilot.press(*keys)
        await pilot.pause(0.4)

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
        await scene(app)(pilot)
        pilot.app.query_one("#history-terms").value = "many"  # type: ignore[attr-defined]
        await pilot.pause(0.3)

    assert snap_compare(app, terminal_size=(120, 36), run_before=play)
