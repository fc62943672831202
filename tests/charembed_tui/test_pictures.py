"""Pictures of the whole screen at the three sizes: `pytest --snapshot-update` takes them anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from problems import PLAY
from textual.pilot import Pilot
from waiting import until

from charembed_tui.app import CharembedApp
from charembed_tui.settings import TrainingSettings
from charembed_tui.snapshot import SessionState, Snapshot
from model.corpus import Corpus

SIZES = {"80x24": (80, 24), "120x36": (120, 36), "200x60": (200, 60)}


@pytest.fixture
def app(tmp_path: Path) -> CharembedApp:
    path = tmp_path / "texts" / "a_play.txt"
    path.parent.mkdir()
    path.write_text(PLAY * 3, encoding="utf-8")
    return CharembedApp(Corpus.from_file(path), path, TrainingSettings())


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
    return Snapshot(
        run=ready.run,
        state=SessionState.RUNNING,
        model=ready.model,
        step=897,
        counts=ready.counts,
        theta=theta,
        loss=float(losses[-1]),
        curve=(steps, losses),
        held_out=float(losses[-1]) + 0.1,
        held_out_curve=(steps, losses + 0.1),
        counted=1.0,
        optimizer="SFO",
        switches=(450,),
        objective_share=0.6,
        steps_per_second=512.0,
    )


def scene(app: CharembedApp, *keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def play(pilot: Pilot[None]) -> None:
        await until(lambda: app.snapshot.theta is not None)
        app.session.snapshot = halfway(app)
        await pilot.pause(0.4)
        await pilot.press(*keys)
        await pilot.pause(0.4)

    return play


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_laboratory(app: CharembedApp, snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(app, terminal_size=size, run_before=scene(app))


@pytest.mark.parametrize("key", ["1", "3"])
def test_other_pages_of_a_small_screen(app: CharembedApp, snap_compare: Any, key: str) -> None:
    assert snap_compare(app, terminal_size=(80, 24), run_before=scene(app, key))


def test_help(app: CharembedApp, snap_compare: Any) -> None:
    assert snap_compare(app, terminal_size=(80, 24), run_before=scene(app, "?"))


def test_invalid_setting(app: CharembedApp, snap_compare: Any) -> None:
    async def play(pilot: Pilot[None]) -> None:
        await scene(app)(pilot)
        pilot.app.query_one("#minibatches").value = "many"  # type: ignore[attr-defined]
        await pilot.pause(0.3)

    assert snap_compare(app, terminal_size=(120, 36), run_before=play)
