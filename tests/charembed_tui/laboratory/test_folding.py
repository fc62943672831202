"""Corpus and hyperparameters make room for what there is to watch."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from laboratory import laboratory
from problems import PLAY
from textual.geometry import Region
from textual.widgets import Input, Select
from waiting import until, until_still

from charembed_tui.app import CharembedApp
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.snapshot import SessionState

MAP = "#embedding"


async def ready(app: CharembedApp) -> None:
    await until(lambda: app.laboratory.snapshot.theta is not None and app.query("#samples"))


def cells(app: CharembedApp, pane: str) -> int:
    return app.query_one(pane).region.area


def is_displayed_with_focus(app: CharembedApp, name: str) -> bool:
    return app.focused is not None and app.focused.id == name and bool(app.focused.region)


async def test_training_folds_what_is_set_up_and_keys_unfold_it(app: CharembedApp) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(app)
        panes = app.laboratory.panes
        assert panes.corpus.size.height > 3
        assert not panes.corpus.summary.display
        # Before training nothing folds when a field is left.
        await pilot.press("h")
        await until(partial(is_displayed_with_focus, app, "preset"))
        await pilot.press("escape")
        await until(lambda: app.focused is None)
        assert not app.laboratory.is_folded
        await pilot.press("space")
        await until(lambda: app.laboratory.is_folded)
        await until(lambda: panes.corpus.region.height == panes.hyperparameters.region.height == 1)
        assert (
            panes.corpus.summary.text
            == "Corpus · the_salt_crown.txt · 20,704 characters · 57 different"
        )
        assert "log-bilinear · context 3 · embedding 5 · Adam" in panes.hyperparameters.summary.text
        for key, name in (("o", "samples"), ("h", "preset")):
            await pilot.press(key)
            await until(partial(is_displayed_with_focus, app, name))
            assert not app.laboratory.is_folded
            await pilot.press("escape")
            await until(lambda: app.laboratory.is_folded and app.focused is None)
        await pilot.press("H")
        await until(lambda: panes.corpus.region.height > 3)
        await pilot.press("H")
        await until(lambda: panes.corpus.region.height == 1)
        await pilot.click(panes.hyperparameters.summary)
        await until(lambda: panes.corpus.region.height > 3)
        await pilot.click(panes.hyperparameters, offset=(4, 0))
        await until(lambda: panes.corpus.region.height == 1)


async def test_what_was_unfolded_in_mid_run_stays_until_training_starts_again(
    app: CharembedApp,
) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(app)
        await pilot.press("space")
        await until(lambda: app.laboratory.is_folded)
        await pilot.press("H")
        step = app.laboratory.snapshot.step
        await until(lambda: app.laboratory.snapshot.step > step + 20)
        assert not app.laboratory.is_folded
        await pilot.press("space")
        await until(lambda: "paused" in app.laboratory.panes.status.text)
        assert not app.laboratory.is_folded
        await pilot.press("space")
        await until(lambda: app.laboratory.is_folded)


async def test_the_map_has_more_than_half_of_the_cells_and_one_column_beside_it(
    app: CharembedApp,
) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(app)
        await pilot.press("n")
        await until(lambda: app.laboratory.is_folded)
        await until(lambda: cells(app, MAP) >= 120 * 36 / 2)
        await pilot.resize_terminal(200, 60)
        await until(lambda: cells(app, MAP) >= 200 * 60 / 2)
        canvas = app.laboratory.panes.embedding.plot.canvas
        assert abs(canvas.columns / 2 - canvas.rows) <= 0.05 * canvas.rows
        # One of character and inspector has the narrow column.
        await pilot.resize_terminal(120, 36)
        await pilot.press("i")
        await until(lambda: cells(app, "#inspector") and not cells(app, "#character"))
        await pilot.press("escape", "m")
        await until(lambda: cells(app, "#character") and not cells(app, "#inspector"))
        await pilot.resize_terminal(200, 60)
        await until(lambda: cells(app, "#character") and cells(app, "#inspector"))


async def test_contents_are_made_when_they_are_first_on_the_screen(app: CharembedApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        assert not app.query("#setup Input, #setup OptionList, #setup Tree")
        assert app.laboratory.displayed_settings() == TrainingSettings(optimizer="Adam")
        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.step > 5 and app.laboratory.is_folded)
        await pilot.resize_terminal(120, 36)
        await until(lambda: app.laboratory.panes.corpus.region.height == 1)
        assert not app.query("#setup Input, #setup OptionList, #setup Tree")
        await pilot.press("H")
        await until(lambda: app.query("#embedding-size") and app.query("#samples"))


async def test_small_screens_turn_to_the_map_which_has_lines_also_off_the_screen(
    app: CharembedApp,
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await pilot.press("H")
        await until(lambda: cells(app, "#setup") and not cells(app, MAP))
        for plot in (app.laboratory.panes.loss.plot, app.laboratory.panes.embedding.plot):
            assert not plot.size
            assert len(plot.render_lines(Region(0, 0, 28, 12))) == 12
        await pilot.press("space")
        await until(lambda: cells(app, MAP) and not cells(app, "#setup"))


async def test_training_that_is_over_before_it_is_seen_folds_as_well(sample: Path) -> None:
    settings = TrainingSettings(optimizer="L-BFGS", context_length=1, embedding_size=2)
    app = laboratory(sample, Preferences(settings))
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(app)
        await pilot.press("n")
        await until(lambda: app.laboratory.is_folded)
        await until(lambda: "paused" in app.laboratory.panes.status.text)
        await pilot.press("H")
        await until(lambda: not app.laboratory.is_folded)
        app.laboratory.session.toggle()
        # The interface sees nothing of it...
        while app.laboratory.session.snapshot.state is not SessionState.FINISHED:
            time.sleep(0.05)  # ...until it is over
        await until(lambda: app.laboratory.is_folded)


async def test_a_setting_that_cannot_be_seen_does_not_stay_invalid(tmp_path: Path) -> None:
    path = tmp_path / "play.txt"
    path.write_text(PLAY, encoding="utf-8")
    app = laboratory(path, Preferences(TrainingSettings(optimizer="Adam")))
    async with app.run_test(size=(120, 36)):
        await ready(app)
        app.query_one("#learning-rate", Input).value = "quick"
        pane = app.laboratory.panes.hyperparameters
        await until(lambda: pane.displayed_settings() == app.laboratory.session.settings)
        app.query_one("#optimizer", Select).value = "SFO"
        await until(lambda: app.laboratory.session.settings.optimizer == "SFO")
        assert pane.settings().learning_rate == 0


async def test_no_word_is_cut(sample: Path) -> None:
    # With less patience it has finished sooner.
    app = laboratory(sample, Preferences(replace(Preferences().training, patience=1.0)))
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(app)
        panes = app.laboratory.panes
        await until(lambda: app.laboratory.snapshot.loss and "nats" in panes.status.text)
        await until_still(app)
        assert "…" not in panes.status.render_line(0).text
        rows = [strip.text for strip in app.screen._compositor.render_strips()]
        assert f"Loss {app.laboratory.snapshot.loss:.4f} nats · " in rows[1]
        assert "…" not in rows[1]  # the titles
        await pilot.press("space")
        await until(lambda: app.laboratory.snapshot.state is SessionState.FINISHED)
        await until(lambda: "finished" in panes.status.text and app.laboratory.is_folded)
        await until_still(app)
        rows = [strip.text for strip in app.screen._compositor.render_strips()]
        assert not [row for row in rows if "…" in row]
