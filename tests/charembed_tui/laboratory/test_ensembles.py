"""N-grams and ensembles in the laboratory: fields, writing, the inspector's parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from laboratory import laboratory
from required import required
from waiting import until

from charembed_tui.app import CharembedApp
from charembed_tui.screens.through_time import ThroughTimeScreen
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.snapshot import SessionState

NGRAMS = replace(TrainingSettings.of_family("n-grams"), order=3)
MIXED = TrainingSettings(context_length=2, optimizer="Adam", mix_ngrams=3, cache=200)


def app_with(text: Path, settings: TrainingSettings) -> CharembedApp:
    return laboratory(text, Preferences(training=settings), save_runs=True)


async def test_n_grams_write_at_once_and_are_finished_after_a_key(text: Path) -> None:
    app = app_with(text, NGRAMS)
    async with app.run_test(size=(120, 36)) as pilot:
        laboratory_screen = app.laboratory
        await until(lambda: laboratory_screen.snapshot.theta is not None)
        await pilot.press("g")
        await until(lambda: len(laboratory_screen.panes.generation.written) == 300)
        await pilot.press("space")
        await until(lambda: laboratory_screen.snapshot.state is SessionState.FINISHED)
        assert laboratory_screen.snapshot.optimizer == "counting"
        await pilot.press("i", *"Th")
        bars = laboratory_screen.panes.inspector._bars
        await until(lambda: "counted" in bars.text)
        await pilot.press("escape", "t")
        through_time = app.screen
        assert isinstance(through_time, ThroughTimeScreen)
        await until(lambda: all(len(s.written) > 100 for s in through_time._samples))


async def test_the_inspector_has_all_parts_and_what_they_are_worth(text: Path) -> None:
    app = app_with(text, MIXED)
    async with app.run_test(size=(120, 36)) as pilot:
        laboratory_screen = app.laboratory
        await until(lambda: laboratory_screen.snapshot.theta is not None)
        await pilot.press("n")
        await until(lambda: laboratory_screen.snapshot.step == 1)
        bars = laboratory_screen.panes.inspector._bars
        await pilot.press("i", *"The boats, the boa", "escape")
        await pilot.press("g")
        await until(lambda: not laboratory_screen.panes.generation.is_writing)
        await until(lambda: "believed:" in bars.text)
        first, heads, *rows = bars.text.splitlines()
        for word in ("log-bilinear", "n-grams", "cache"):
            assert word in first
            assert word in heads
        shares = [int(part.split("%")[0].rsplit(" ", 1)[1]) for part in first.split(",")]
        assert sum(shares) == pytest.approx(100, abs=2)
        assert rows[0].strip().startswith("t")
        fit = required(required(laboratory_screen.session.fits).at(1))
        assert fit.order == 3
        # Where there is less room, whole columns are left out.
        await pilot.resize_terminal(80, 24)
        await until(lambda: bars.size.width < 30 and "counted" not in bars.text)
        assert "n-grams" in bars.text
        assert max(map(len, bars.text.splitlines())) <= bars.size.width


@pytest.mark.parametrize(
    ("model", "fields", "others"),
    [
        ("n-grams", {"order", "smoothing", "cache"}, {"mix_ngrams", "hidden", "context_length"}),
        ("network", {"hidden", "mix_ngrams", "cache"}, {"order", "smoothing"}),
        ("log-bilinear", {"context_length", "mix_ngrams", "cache"}, {"order", "hidden"}),
    ],
)
async def test_the_pane_has_what_belongs_to_the_family(
    text: Path, model: str, fields: set[str], others: set[str]
) -> None:
    app = app_with(text, TrainingSettings.of_family(model))
    async with app.run_test(size=(120, 50)):
        pane = app.laboratory.panes.hyperparameters
        await until(lambda: fields <= {n for n, row in pane._rows.items() if row.display})
        assert not others & {n for n, row in pane._rows.items() if row.display}
