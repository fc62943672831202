from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from full_disk import files_of_at_most
from hypothesis import given
from hypothesis import strategies as st
from laboratory import laboratory
from textual.widgets import Input
from waiting import until

from charembed_tui.cli.app_command import _with_options
from charembed_tui.cli.app_parser import parser
from charembed_tui.settings.loss_view import LossView
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.locations import preferences_file

OTHER = Preferences(
    TrainingSettings(context_length=4, optimizer="SFO", minibatches=7),
    SamplingSettings(temperature=0.5, seed=3),
    LossView(unit="bits", against="seconds"),
    "nord",
)
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def test_what_is_saved_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "preferences.json"
    assert Preferences.load(path) == Preferences(is_new=True)
    OTHER.save(path)
    assert Preferences.load(path) == OTHER


@given(st.binary(max_size=200) | json_values.map(lambda v: json.dumps(v).encode()))
def test_any_file_gives_preferences(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("p") / "preferences.json"
    path.write_bytes(data)
    assert Preferences.load(path) == Preferences()


@given(json_values)
def test_any_part_may_be_spoilt(tmp_path_factory: pytest.TempPathFactory, spoilt: object) -> None:
    path = tmp_path_factory.mktemp("p") / "preferences.json"
    OTHER.save(path)
    saved = json.loads(path.read_text())
    path.write_text(json.dumps({**saved, "training": spoilt, "theme": 5}))
    loaded = Preferences.load(path)
    assert (loaded.sampling, loaded.loss) == (OTHER.sampling, OTHER.loss)
    assert loaded.theme == ""


def test_options_go_before_what_is_remembered() -> None:
    options = parser().parse_args(["--context-length", "2", "--temperature", "0.7", "--theme", "x"])
    changed = _with_options(OTHER, options)
    assert changed.training == replace(OTHER.training, context_length=2)
    assert changed.sampling == replace(OTHER.sampling, temperature=0.7)
    assert changed.loss == OTHER.loss
    assert changed.theme == "x"


def test_a_bad_option_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parser().parse_args(["--context-length", "900"])
    assert "context length: from 1 to 32" in capsys.readouterr().err


def test_a_full_disk_leaves_what_was_remembered_before(tmp_path: Path) -> None:
    path = tmp_path / "preferences.json"
    OTHER.save(path)
    with files_of_at_most(100), pytest.raises(OSError, match="too large"):
        Preferences().save(path)
    assert Preferences.load(path) == OTHER
    assert list(tmp_path.iterdir()) == [path]


async def test_a_visit_is_remembered_in_the_next(sample: Path) -> None:
    path = preferences_file()
    app = laboratory(sample, Preferences.load(path), remember_in=path)
    async with app.run_test(size=(120, 36)) as pilot:
        footer = app.laboratory.panes.footer
        await until(lambda: "space starts" in footer.notice)
        await until(lambda: app.laboratory.snapshot.theta is not None)
        app.query_one("#embedding-size", Input).value = "4"
        app.query_one("#sampling-temperature", Input).value = "0.5"
        await pilot.press("u")
        app.theme = "nord"
        await until(lambda: app.laboratory.session.settings.embedding_size == 4)
        await pilot.press("q")
    after = Preferences.load(path)
    assert after.training.embedding_size == 4
    assert after.sampling.temperature == 0.5
    assert after.loss.unit == "bits"
    app = laboratory(sample, after)
    async with app.run_test(size=(80, 24)):
        assert app.theme == "nord"
        assert app.laboratory.session.settings.embedding_size == 4
        assert not app.laboratory.panes.footer.notice
