"""The words: a sample that follows the parameters, prompts of several lines, unseen signs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from laboratory import laboratory
from required import required
from rich.cells import cell_len
from rich.text import Text
from textual import events
from waiting import until

from charembed_tui.app import CharembedApp
from charembed_tui.exports.poster import SAMPLE_LINES, write_sample
from charembed_tui.screens.through_time import ThroughTimeScreen
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.text.unseen import never_seen
from charembed_tui.training.generation import Chunk
from charembed_tui.training.run_history import RunHistory
from charembed_tui.training.snapshot import Between
from model.sampling import Sampler, generate

SIZE = (120, 36)


async def test_while_it_learns_one_sample_is_written_again_and_again(app: CharembedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        pane = app.laboratory.panes.generation
        await until(lambda: app.laboratory.view is not None)
        await pilot.press("space")
        seen: list[str] = []

        def has_another() -> bool:
            if pane._live.display and pane._live.written not in seen:
                seen.append(pane._live.written)
            return len(seen) >= 3

        await until(has_another)
        await pilot.press("space")
        assert {len(text) for text in seen} == {160}
        # Scrubbing rewrites it too, always with the same seed.
        await pilot.press("{")
        frame = app.laboratory.session.trajectory.frames()[0]
        predictor = app.laboratory.snapshot.model.predictor(frame.theta)
        expected = "".join(generate(predictor, app.laboratory.corpus.vocabulary, "", 160, seed=0))
        await until(lambda: pane._live.written == expected)
        # C colours it by what stands in the training text; what is asked for has figures, too.
        await pilot.press("C")
        await until(lambda: pane._live.novelty is not None)
        await pilot.press("g")
        await until(lambda: pane.newest is not None and pane.newest.novelty is not None)
        dataset = app.laboratory.session.dataset
        text = dataset.corpus.decode(dataset.training.codes.tolist())
        for sample in (pane._live, required(pane.newest)):
            novelty = required(sample.novelty)
            assert sample.written[novelty.start : novelty.stop] in text
            pieces = [sample.written[i : i + 5] for i in range(len(sample.written) - 4)]
            assert novelty.shares[5] == pytest.approx(np.mean([piece in text for piece in pieces]))
        newest = required(pane.newest)
        within = np.repeat([0, 5, 10, 20], 75).astype(np.int8)
        newest.show_novelty(replace(required(newest.novelty), within=within))
        content = newest.content
        assert isinstance(content, Text)
        start = content.plain.rindex("\nas in the training text: ") - len(newest.written)
        for level, name in enumerate(newest.NOVELTY_LEVELS):
            style = content.get_style_at_offset(app.console, start + 75 * level)
            assert style.color == newest.get_component_rich_style(name, partial=True).color


async def test_a_text_that_was_asked_for_stays(app: CharembedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        pane = app.laboratory.panes.generation
        await pilot.press("space")
        await until(lambda: pane._live.display)
        await pilot.press("g")
        await until(lambda: len(pane.written) == 300)
        text, live = pane.written, pane._live.written
        step = app.laboratory.snapshot.step
        await until(lambda: app.laboratory.snapshot.step > step)
        await asyncio.sleep(1.0)  # twice as long as from one rewriting to the next
        assert (pane.written, pane._live.written) == (text, live)
        assert pane._box.display
        assert not pane._live.display
        # Lines that do not fit are seen to their end; where there is room, they begin at the top.
        newest, lines = required(pane.newest), "\n".join("abcdefghijklmn")
        newest.rewrite("of 14 lines", "", newest.step, Chunk(lines, np.zeros(len(lines))))
        await until(lambda: newest.region.height >= 14)
        await until(lambda: newest.region.bottom == pane._box.region.bottom - 1)
        assert newest.region.y < pane._box.region.y
        await pilot.resize_terminal(200, 60)
        await until(lambda: newest.region.bottom < pane._box.region.bottom - 1)
        await until(lambda: newest.region.y == pane._box.region.y + 1)
        # Who goes somewhere else in time wants to see the words there; all of them where they
        # fill the screen.
        await pilot.press("{")
        await until(lambda: pane._live.display)
        await pilot.press("6")
        await until(lambda: len(pane._live.written) == 300)


async def test_a_prompt_keeps_its_lines_and_names_what_was_never_seen(app: CharembedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        pane = app.laboratory.panes.generation
        await until(lambda: app.laboratory.view is not None)
        await pilot.press("a")
        pane._prompt.post_message(events.Paste("the\r\nking\r世"))
        await until(lambda: pane.prompt == "the\nking\n世")
        assert pane._prompt._value.plain == "the⏎king⏎世"
        await until(lambda: pane._beside.display)
        assert str(pane._beside.content) == "never seen: 世"
        await pilot.press("backspace", "ctrl+j", "a")
        assert pane.prompt == "the\nking\n\na"
        await until(lambda: not pane._beside.display)
        await pilot.press("enter")
        await until(lambda: len(pane.written) == 300)
        assert pane.text.startswith("the\nking\n\na")


def test_many_characters_that_were_never_seen_are_counted() -> None:
    assert never_seen("abc", "abc") == ""
    assert never_seen("x\ny x", "") == "never seen: x ⏎ y ␣"
    assert never_seen("0123456789", "9") == "never seen: 0 1 2 3 4 5 6 7 and 1 more"


async def test_the_inspector_counts_contexts_of_every_length(app: CharembedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        pane = app.laboratory.panes.inspector
        await until(lambda: app.laboratory.view is not None)
        dataset = app.laboratory.session.dataset
        text = "".join(dataset.vocabulary[c] for c in dataset.training.codes)
        await pilot.press("i")
        for context in ("t", "th", "the", text[:1], text[:2], "qq", "zzz"):
            pane._field.value = context
            codes = tuple(map(dataset.vocabulary.index, context))
            await until(lambda codes=codes: codes in pane._counted)  # type: ignore[misc]
            places = range(len(text) - len(context))
            after = [text[i + len(context)] for i in places if text.startswith(context, i)]
            times = f"{len(after):,} times in the text" if after else "not in the text"
            assert str(pane.border_subtitle) == times
            for code, count in enumerate(pane._counted[codes].tolist()):
                assert count == after.count(dataset.vocabulary[code])


async def test_the_loss_in_the_title_is_that_of_the_picture(app: CharembedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        pane = app.laboratory.panes.loss
        await until(lambda: app.laboratory.view is not None)
        await pilot.pause()
        snapshot = app.laboratory.snapshot
        on_its_way = replace(snapshot, between=Between(np.zeros(3), 3.25, 3.5))
        pane.show(on_its_way, RunHistory(), "")
        assert "3.2500 nats" in str(pane.border_title)
        assert "held out 3.5000" in str(pane.border_subtitle)


async def test_a_prompt_that_is_empty_is_not_quoted(app: CharembedApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: app.laboratory.view is not None)
        await pilot.press("n")
        await until(lambda: app.laboratory.snapshot.step == 1)
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, ThroughTimeScreen))
        box = app.screen.query_one("#through-time")
        await until(lambda: "Through time · without a prompt" in str(box.border_title))


async def test_a_list_is_rewritten_by_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    names = [f"{a}{b}{c}" for a in "abcde" for b in "fghij" for c in "klmnop"]
    path.write_text("\n".join(names), encoding="utf-8")
    app = laboratory(path)
    async with app.run_test(size=SIZE) as pilot:
        corpus, view = app.laboratory.corpus, app.laboratory.panes.generation._live
        assert corpus.is_list
        await until(lambda: app.laboratory.view is not None)
        await pilot.press("n")
        await until(lambda: app.laboratory.snapshot.step == 1)
        await pilot.press("{")
        frame = app.laboratory.session.trajectory.frames()[0]
        sampler = Sampler(app.laboratory.snapshot.model.predictor(frame.theta), corpus.vocabulary)
        entries = islice(sampler.entries("", np.random.default_rng(0), "\n"), 20)
        expected = "".join(f"{entry}\n" for entry in entries)
        await until(lambda: view.written == expected)
        sample = write_sample(
            required(app.laboratory.view),
            corpus,
            "",
            SamplingSettings(count=SAMPLE_LINES, seed=0),
            lambda: False,
        )
        assert sample.text.splitlines() == expected.splitlines()[:SAMPLE_LINES]
        # What is said of those that are asked for fits on a small screen, too.
        await pilot.resize_terminal(80, 24)
        await pilot.press("g")
        pane = app.laboratory.panes.generation
        await until(lambda: "in the list" in str(pane.border_subtitle))
        assert cell_len(str(pane.border_subtitle)) <= pane.region.width - 6
