"""Everything else a person can do in the laboratory, by its keys."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from emulation import Emulation
from laboratory import laboratory
from required import required
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, Select
from waiting import until, until_still

from charembed_tui.app import CharembedApp
from charembed_tui.coordinates.views import PrincipalPlane
from charembed_tui.screens.components import ComponentsScreen
from charembed_tui.screens.runs import RunsScreen
from charembed_tui.screens.search import SearchScreen, matches
from charembed_tui.screens.sweep import SweepScreen
from charembed_tui.screens.text_facts import TextFactsScreen
from charembed_tui.screens.through_time import ThroughTimeScreen, spread
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.loss_log import Curve
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.sweep import Sweep
from charembed_tui.training.trajectory import Frame, Trajectory
from charembed_tui.widgets.line import Lines
from charembed_tui.widgets.prompt_input import PromptInput
from model.families.log_bilinear.shape import LogBilinear
from model.sampling import Sampler

SIZE, SMALL = (120, 36), (80, 24)


async def trained(app: CharembedApp, pilot: Pilot[None], steps: int = 40) -> None:
    """Train for some steps, and pause; on a screen for all panes afterwards.

    What is set up has been folded by then: begun on a small screen it is never made.
    """
    await pilot.press("space")
    await until(lambda: app.laboratory.snapshot.step >= steps)
    await pilot.press("space")
    await until(lambda: app.laboratory.snapshot.state is SessionState.PAUSED)
    await pilot.resize_terminal(*SIZE)
    await until(lambda: app.screen.size == SIZE)
    await until(
        lambda: (
            app.laboratory.snapshot
            is app.laboratory._displayed
            is app.laboratory.panes._drawn
            is app.laboratory.panes._read
        )
    )


async def test_the_map_is_turned_held_and_searched(app: CharembedApp) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await trained(app, pilot)
        pane = app.laboratory.panes.embedding
        await pilot.press("p")
        assert pane.plot.map.view == PrincipalPlane()
        assert "principal plane" in required(pane.border_title)
        plane = required(required(pane.plot.map.projection).plane)
        assert sum(plane.shares) == pytest.approx(1, abs=0.5)
        await pilot.press("f")
        assert "axes held" in required(pane.border_title)
        await pilot.press("+", "shift+left", "shift+up")
        axes = pane.plot.map.axes
        await pilot.press("-")
        assert pane.plot.map.axes != axes
        await pilot.press("0", "x")
        assert pane.components == (2, 1)
        await pilot.pause()
        assert "axes held" not in required(pane.border_title)

        # The component chooser.
        await pilot.press("c")
        assert isinstance(app.screen, ComponentsScreen)
        order = app.screen._order
        await pilot.press("x", "down", "y", "enter")
        assert pane.components == (order[0], order[1])
        # Putting the other axis's component on this one exchanges the two.
        await pilot.press("c", "y", "enter")
        assert pane.components == (order[1], order[0])
        await pilot.press("c", "down", "down", "x", "escape")
        assert pane.components == (order[1], order[0])

        # Find a character, and read about it.
        await pilot.press("slash")
        assert isinstance(app.screen, SearchScreen)
        await pilot.press(*"space", "enter")
        await pilot.pause()
        cursor = required(app.laboratory.panes.embedding.plot.cursor)
        assert app.laboratory.corpus.vocabulary[cursor] == " "
        assert "␣ · space" in required(app.laboratory.panes.character.border_title)
        times = app.laboratory.corpus.counts()[app.laboratory.corpus.vocabulary.index(" ")]
        assert f"{times:,} times" in required(app.laboratory.panes.character.border_subtitle)
        # The arrows now move the cursor.
        await pilot.press("left")
        await until(lambda: "space" not in required(app.laboratory.panes.character.border_title))
        await pilot.press("escape", "m")
        assert app.focused is app.laboratory.panes.embedding.plot


def test_searching_by_character_name_and_code_point() -> None:
    vocabulary = ("\n", " ", "A", "a", "é", "世")
    for wanted, expected in (
        ("a", "a"),
        ("A", "A"),
        ("latin small letter e", "é"),
        ("U+4E16", "世"),
        ("line feed", "\n"),
        ("space", " "),
        (" ", " "),
    ):
        assert vocabulary[matches(vocabulary, wanted)[0]] == expected
    assert matches(vocabulary, "omega") == []
    assert len(matches(vocabulary, "")) == 6


async def test_after_training_at_full_speed_all_is_the_newest_and_drawn(app: CharembedApp) -> None:
    emulation = Emulation(app, SIZE)
    async with app.run_test(size=SIZE) as pilot:
        laboratory, loss = app.laboratory, app.laboratory.panes.loss
        await until(lambda: laboratory.snapshot.theta is not None)
        assert laboratory.session.activity().is_paced is False
        await trained(app, pilot)
        del emulation.updates[:]
        await pilot.press("space")
        goal = list[int]()
        for key in "xyp":
            goal.append(laboratory.snapshot.step + 20)
            await until(lambda: laboratory.snapshot.step >= goal[-1])
            await pilot.press(key)
        await pilot.press("space")
        await until(lambda: laboratory.snapshot.state is SessionState.PAUSED)
        step = laboratory.snapshot.step
        await until(lambda: f"step {step:,} " in laboratory.panes.status.text)
        await until(lambda: required(loss._displayed)[0] is laboratory.snapshot)
        await until(lambda: laboratory.panes.generation._live.step == step)
        await until_still(app)
        assert "_RowsUpdate" in emulation.updates
        assert emulation.shows_all()


async def test_the_timeline_shows_what_was_loses_nothing_and_plays_to_the_end(
    app: CharembedApp,
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await trained(app, pilot)
        bar = app.laboratory.panes.embedding.timeline_bar
        frames = [frame.step for frame in app.laboratory.session.trajectory.frames()]
        await pilot.press("[", "[")
        step = bar.step
        assert step in frames[:-1]
        view = required(app.laboratory.view)
        assert view.step == step
        assert not view.live
        np.testing.assert_array_equal(
            required(app.laboratory.panes.embedding._view).theta,
            required(app.laboratory.session.trajectory.at(step)).theta,
        )
        # What is written here is written by the parameters of this step, and stays attached.
        await pilot.press("g")
        await until(lambda: len(app.laboratory.panes.generation.written) == 300)
        sample = required(app.laboratory.panes.generation.newest)
        assert sample.step == step
        await pilot.press("[")
        assert not sample.has_class("-at-step")
        await pilot.press("]")
        await pilot.pause()
        assert sample.has_class("-at-step")
        await pilot.press("]", "]")
        assert bar.step is None
        assert required(app.laboratory.view).live
        await pilot.press("{")
        assert required(app.laboratory.view).step == 0
        await pilot.press("}")
        assert required(app.laboratory.view).live
        assert [frame.step for frame in app.laboratory.session.trajectory.frames()] == frames

        # Playback goes on to the end.
        await pilot.press("<", "\\")
        assert bar.is_playing
        await until(lambda: bar.step)
        await pilot.press("\\")
        assert not bar.is_playing
        here = bar.step
        await pilot.press(">", ">", ">", "\\")
        await until(lambda: bar.step is None)
        assert not bar.is_playing
        assert here is not None
        # The mouse goes anywhere too.
        await pilot.click(bar, offset=(2, 0))
        assert bar.step == 0
        newest = app.laboratory.snapshot.step
        await pilot.press("n")
        await until(lambda: app.laboratory.snapshot.step > newest)
        assert bar.step == 0  # what is looked at stays


async def test_a_sample_can_be_stopped_continued_copied_and_saved(
    app: CharembedApp, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_full_speed = Sampler.write

    def slowly(*arguments: Any) -> Iterator[str]:
        for character in at_full_speed(*arguments):
            time.sleep(0.001)
            yield character

    monkeypatch.setattr(Sampler, "write", slowly)
    async with app.run_test(size=SMALL) as pilot:
        await trained(app, pilot)
        length = app.query_one("#sampling-length", Input)
        length.value = "1000000"
        await pilot.pause()
        await pilot.press("g")
        await until(lambda: len(app.laboratory.panes.generation.written) > 0)
        await pilot.press("escape")
        await until(lambda: not app.laboratory.panes.generation.is_writing)
        stopped = app.laboratory.panes.generation.written
        assert 0 < len(stopped) < 1_000_000
        assert "G continues" in required(app.laboratory.panes.generation.border_subtitle)
        length.value = "50"
        await pilot.pause()
        await pilot.press("G")
        await until(lambda: not app.laboratory.panes.generation.is_writing)
        assert app.laboratory.panes.generation.written[:-50] == stopped
        assert len(app.query("#samples-written GeneratedTextView")) == 1
        await pilot.press("k")
        assert app.clipboard == app.laboratory.panes.generation.text
        await pilot.press("w")
        await until(lambda: list((folders / "runs").glob("*/sample.txt")))
        (saved,) = (folders / "runs").glob("*/sample.txt")
        assert saved.read_bytes().decode() == app.laboratory.panes.generation.text


async def test_prompts_are_remembered_and_followed_through_time(app: CharembedApp) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await trained(app, pilot)
        prompt = app.query_one("#prompt", PromptInput)

        async def ask(text: str) -> None:
            prompt.value = text
            await pilot.press("escape", "a", "enter")
            await until(lambda: prompt._earlier[-1:] == [text])

        await ask("one")
        await ask("two")
        prompt.value = "draft"
        await pilot.press("up")
        assert prompt.value == "two"
        await pilot.press("up", "up")
        assert prompt.value == "one"
        await pilot.press("down", "down")
        assert prompt.value == "draft"

        # The prompt through time.
        prompt.value = "the "
        await pilot.press("escape", "t")
        screen = app.screen
        assert isinstance(screen, ThroughTimeScreen)
        samples = screen._samples
        await until(lambda: all(len(sample.written) == 240 for sample in samples))
        assert [s.step for s in samples] == sorted({s.step for s in samples})
        assert samples[0].step == 0
        best = required(app.laboratory.snapshot.best)
        assert samples[-1].step == best.step
        assert "best" in samples[-1]._heading
        end = screen.query_one("#through-time-end", Input)
        end.value = "last"
        await pilot.press("enter")
        await until(lambda: screen._samples[-1].step == app.laboratory.snapshot.step)
        end.value = "2"
        await pilot.press("enter")
        await until(lambda: [s.step for s in screen._samples] == [0, 1, 2])
        samples = screen._samples
        await until(lambda: all(len(sample.written) == 240 for sample in samples))
        end.value = "tomorrow"
        await pilot.press("enter")
        box = screen.query_one("#through-time")
        await until(lambda: "best, last" in required(box.border_subtitle))
        assert screen._samples is samples
        await pilot.press("escape")
        assert not isinstance(app.screen, ThroughTimeScreen)

        # The same seed writes the same text.
        app.query_one("#sampling-seed", Input).value = "4"
        app.query_one("#sampling-top_k", Input).value = "3"
        await pilot.pause()
        generation = app.laboratory.panes.generation

        async def written() -> str:
            before = generation.newest
            await pilot.press("g")
            await until(lambda: generation.newest is not before and len(generation.written) == 300)
            return generation.written

        first = await written()
        assert await written() == first
        app.query_one("#sampling-top_p", Input).value = "7"
        await until(lambda: "top-p: from" in str(generation.border_subtitle))


def test_points_of_a_timeline() -> None:
    timeline, model = Trajectory(), LogBilinear(2, 1, 1)
    assert spread(timeline, model) == []
    steps = np.arange(1001.0)
    for step in range(1001):  # characters do not move; the loss falls for 50 steps, then rests
        timeline.record(step, np.zeros(4))
    curve = Curve(steps, steps, steps, np.maximum(50 - steps, 0))
    views = spread(timeline, model, curve=curve)
    assert [view.step for view in views] == [0, 10, 20, 30, 40, 1000]
    best = Frame(45, np.ones(4))  # not what is recorded
    views = spread(timeline, model, end=best, curve=curve)
    assert [view.step for view in views] == [0, 9, 18, 27, 36, 45]
    assert views[-1].theta is best.theta


async def test_inspector_and_loss_as_one_likes(app: CharembedApp) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await trained(app, pilot)
        await pilot.press("i", *"the")
        await pilot.pause()
        training = app.laboratory.corpus.decode(
            app.laboratory.corpus.codes[: int(0.9 * len(app.laboratory.corpus))]
        )
        times = sum(training[i : i + 3] == "the" for i in range(len(training) - 3))
        assert f"{times:,} times" in required(app.laboratory.panes.inspector.border_subtitle)
        shown = app.query_one("#bars", Lines).text
        assert len(shown.splitlines()) > 5
        await pilot.press("backspace", "~")
        await pilot.pause()
        assert "not in the text" in required(app.laboratory.panes.inspector.border_subtitle)
        await pilot.press("enter")
        assert app.focused is None

        # The loss in other units, against other things, and norms in its place.
        await until(lambda: len(app.laboratory.panes.loss._baselines) >= 5)
        await pilot.press("u", "v", "l", "s", "b")
        view = app.laboratory.panes.loss.view
        assert (view.unit, view.against, view.scale) == ("bits", "passes", "log y")
        assert (view.smoothing, view.baselines) == ("light", "off")
        assert "bits" in required(app.laboratory.panes.loss.border_title)
        assert f"{app.laboratory.snapshot.loss / np.log(2):.4f}" in required(
            app.laboratory.panes.loss.border_title
        )
        await pilot.press("j", "left")
        await pilot.pause()
        assert "passes" in required(app.laboratory.panes.loss.border_subtitle)
        await pilot.press("escape", "W")
        norms = app.laboratory.snapshot.norms
        assert "Norm of the gradient" in required(app.laboratory.panes.loss.border_title)
        gradient = f"{norms.gradient.losses[-1]:.3g} · passes → · log ↑"  # not in bits
        assert required(app.laboratory.panes.loss.border_subtitle).startswith(gradient)
        await pilot.press("W")
        assert "Norms of weights" in required(app.laboratory.panes.loss.border_title)
        for name, curve in zip(norms.blocks, norms.weights, strict=True):
            said = f"{name} {curve.losses[-1]:.3g}"
            assert said in required(app.laboratory.panes.loss.border_subtitle)
        await pilot.press("j", "left")
        await pilot.pause()
        assert "outputs" in required(app.laboratory.panes.loss.border_subtitle)
        assert "passes" in required(app.laboratory.panes.loss.border_subtitle)
        await pilot.press("escape", "W")
        assert app.laboratory.panes.loss.view.quantity == "losses"


async def test_a_loss_above_where_it_began_is_remarked_on(text: Path) -> None:
    settings = TrainingSettings(
        context_length=1, embedding_size=2, optimizer="SGD", learning_rate=20.0, prior=0.0
    )
    app = laboratory(text, Preferences(training=settings))
    async with app.run_test(size=(200, 36)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await pilot.press("n")
        await until(lambda: "not below where it began" in app.laboratory.panes.status.text)
        await until(lambda: app._notifications)
        remarks = [n.message for n in app._notifications]
        assert len(remarks) == 1
        assert f"above the {app.laboratory.snapshot.curve.losses[0]:.4f} it began" in remarks[0]
        await pilot.press("n")
        await until(lambda: app.laboratory.snapshot.step == 2)
        await until(lambda: "step 2" in app.laboratory.panes.status.text)
        assert len(app._notifications) == 1  # once is enough


async def test_runs_are_compared_and_lend_their_settings(app: CharembedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("R")
        await pilot.press("escape")
        await trained(app, pilot)
        first = app.laboratory.snapshot.run
        app.query_one("#optimizer", Select).value = "SFO"
        await pilot.pause()
        app.query_one("#embedding-size", Input).value = "3"
        await pilot.press("r")
        await until(
            lambda: (
                app.laboratory.snapshot.run != first and app.laboratory.snapshot.theta is not None
            )
        )
        await trained(app, pilot)
        past = app.laboratory.panes.loss.plot._past
        assert len(past) == 1
        await pilot.press("R")
        assert isinstance(app.screen, RunsScreen)
        table = app.screen.query_one(DataTable)
        assert table.row_count == 2
        place = [run.number for run in app.laboratory.history.ranked()].index(first)
        table.move_cursor(row=place)
        # The run has the colour of its curve.
        sign = table.get_row_at(place)[0]
        colour = app.laboratory.panes.loss.plot.run_style(first).color
        assert [span.style.color for span in sign.spans] == [colour]
        await pilot.press("space", "enter")
        await until(lambda: not isinstance(app.screen, RunsScreen))
        await pilot.pause()
        assert app.query_one("#embedding-size", Input).value == "5"
        assert app.laboratory.panes.loss.plot._past == {}  # hidden


async def test_a_sweep_runs_by_itself_and_can_be_stopped(app: CharembedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await pilot.press("S")
        assert isinstance(app.screen, SweepScreen)
        values = app.screen.query_one("#values-0", Input)
        values.value = "2, many"
        await until(lambda: app.screen.query_one("#sweep-plan").has_class("error"))
        values.value = "2, 3"
        app.screen.query_one("#seconds", Input).value = "0.2"
        await pilot.pause()
        await pilot.press("enter")
        await until(lambda: any("R compares" in n.message for n in app._notifications))
        assert app.laboratory.running_sweep is None
        found = {run.settings.embedding_size for run in app.laboratory.history.ranked()}
        assert found == {2, 3}
        # Fields and model agree, also about the run that is left.
        await until(lambda: app.laboratory.session.settings.embedding_size == 3)
        assert app.query_one("#embedding-size", Input).value == "3"
        assert app.laboratory.displayed_settings() == app.laboratory.session.settings

        # Another one can be stopped.
        await pilot.press("S", "enter")
        await until(lambda: app.laboratory.snapshot.state is SessionState.RUNNING)
        await pilot.press("S")
        await until(lambda: app.laboratory.snapshot.state is SessionState.PAUSED)
        assert app.laboratory.running_sweep is None


async def test_details_of_the_text_and_presets_of_the_fields(app: CharembedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: app.laboratory.snapshot.facts is not None)
        await pilot.press("d")
        assert isinstance(app.screen, TextFactsScreen)
        await pilot.press("d")
        assert not isinstance(app.screen, TextFactsScreen)

        await pilot.press("h")
        assert app.focused is app.query_one("#preset")
        app.query_one("#preset", Select).value = "the source's"
        await until(
            lambda: app.laboratory.session.settings == TrainingSettings(optimizer="SFO", prior=0.0)
        )


async def test_rare_characters_are_merged_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("common words and a rare Q here " * 20 + "Z", encoding="utf-8")
    app = laboratory(path, Preferences(TrainingSettings(context_length=1)))
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        field = app.query_one("#minimum-count", Input)
        field.value = "2"
        await until(
            lambda: (
                "\ufffd" in app.laboratory.corpus.vocabulary
                and app.laboratory.snapshot.theta is not None
            )
        )
        assert "Z" not in app.laboratory.corpus.vocabulary
        assert app.laboratory.source.vocabulary != app.laboratory.corpus.vocabulary
        # A minimum that leaves nothing is explained and not used.
        field.value = "1000000"
        await until(lambda: any("smaller minimum" in n.message for n in app._notifications))
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await pilot.pause()
        assert app.laboratory.corpus.vocabulary == app.laboratory.source.vocabulary


async def test_a_run_that_ends_after_its_state_was_shown_is_remembered(
    app: CharembedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        laboratory = app.laboratory
        await until(lambda: laboratory.snapshot.theta is not None)
        monkeypatch.setattr(laboratory, "_show_state", lambda: None)  # which comes too early
        await pilot.press("n")
        await until(lambda: laboratory.snapshot.step == 1)
        laboratory.running_sweep = Sweep((), 1, 0.0)
        await until(lambda: laboratory.running_sweep is None)
        assert [run.snapshot.step for run in laboratory.history.ranked()] == [1]
