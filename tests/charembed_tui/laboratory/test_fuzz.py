"""Any keys, any sizes, any texts: no traceback, no hang, nothing passed through to the terminal."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from laboratory import laboratory
from problems import PLAY
from waiting import until

from charembed_tui.laboratory.commands import COMMANDS
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.glyphs import printable, visible
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
from model.errors import CharembedError

KEYS = [
    *(key for c in COMMANDS if c.action != "app.quit" for key in c.key.split(",")),
    *("tab", "shift+tab", "enter", "up", "down", "left", "right", "home", "end", "pagedown"),
    *("backspace", "delete", "escape", "escape", "escape", "a", "5", "é", "世"),
]
SIZES = [(1, 1), (3, 2), (20, 5), (80, 24), (99, 29), (120, 36), (200, 60), (500, 200)]


@pytest.mark.parametrize("seed", range(2))
async def test_random_keys_and_sizes(seed: int, folders: Path) -> None:
    path = folders / "texts" / "play.txt"
    path.parent.mkdir()
    path.write_text(PLAY * 3, encoding="utf-8")
    preferences = Preferences(training=TrainingSettings(context_length=1))
    app = laboratory(path, preferences, save_runs=True)
    chance = random.Random(seed)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        sizes = SIZES[: len(SIZES) - seed]  # the largest takes half of the time: once will do
        for size in chance.sample(sizes, k=len(sizes)):
            await pilot.resize_terminal(*size)
            await pilot.press(*chance.choices(KEYS, k=8))
        await pilot.resize_terminal(120, 36)
        await pilot.press(*["escape"] * 4)
        assert len(app.screen_stack) == 1
        await pilot.press("escape", "r")
        await until(lambda: app.laboratory.snapshot.theta is not None)
        assert app._exception is None


texts = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=200).map(lambda t: t.encode("utf-8", "surrogatepass")),
    st.text(alphabet="ab\x00\x1b\ufeff\u202e😀\u0301\r\n\t", max_size=200).map(str.encode),
)


@given(texts, st.integers(1, 4), st.integers(1, 4))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_learned_or_refused(
    tmp_path: Path, data: bytes, context_length: int, minimum_count: int
) -> None:
    path = tmp_path / "text"
    path.write_bytes(data)
    chosen = TrainingSettings(context_length=context_length, minimum_count=minimum_count)
    try:
        corpus = Corpus.from_file(path).merge_rare(minimum_count)
        trainer = Trainer(1, chosen.prepare(corpus), chosen, Trajectory())
        trainer.step()
    except CharembedError:
        return
    assert trainer.steps == 1


@given(st.text(max_size=100))
def test_nothing_displayed_can_steer_the_terminal(text: str) -> None:
    for shown in (visible(text), printable(text)):
        controls = [c for c in shown if (c < " " and c != "\n") or "\x7f" <= c < "\xa0"]
        assert not controls
        assert not any(c in shown for c in "\u202e\u202d\u2066\u2067\u2068")
