"""The file of what every visit begins with."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from laboratory import laboratory
from waiting import until

from charembed_tui.app import DEFAULT_THEME, default_keys, known_theme
from charembed_tui.cli.command import main
from charembed_tui.laboratory.commands import COMMANDS, Moment, help_columns, hints, with_keys
from charembed_tui.settings.config import Config, defaults
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.locations import config_file
from model.errors import SettingsError


def written(text: str) -> Path:
    path = config_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_nothing_changes() -> None:
    assert Config.load(config_file()).applied(Preferences()) == Preferences()


def test_the_file_goes_before_what_is_remembered() -> None:
    path = written(
        """
        theme = "Nord"
        [training]
        embedding_size = 8
        optimizer = "sfo"
        learning_rate = "auto"
        [writing]
        temperature = 0.5
        [loss]
        scale = "linear"
        """
    )
    remembered = Preferences(TrainingSettings(context_length=4, embedding_size=3), theme="dracula")
    found = Config.load(path).applied(remembered)
    assert found.training == TrainingSettings(context_length=4, embedding_size=8, optimizer="SFO")
    assert found.sampling.temperature == 0.5
    assert found.loss.scale == "linear"
    assert known_theme(found.theme) == "nord"


def test_another_family_brings_the_sizes_that_suit_it() -> None:
    path = written('[training]\nmodel = "network"\nhidden = 7')
    found = Config.load(path).training(TrainingSettings())
    expected = TrainingSettings.of_family("network")
    assert found.hidden == 7
    assert found.context_length == expected.context_length


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[trainnig]", "there is no section or setting 'trainnig': training?"),
        ("[training]\nembeding_size = 3", "no setting 'embeding_size': embedding_size?"),
        ("[training]\nembedding_size = 3000", "embedding size: from 2 to 512"),
        ("[loss]\nunit = 5", "unit: one of nats, bits"),
        ("theme = 5", "write its name in quotes"),
        ("training = 5", "training is a section"),
        ("[keys]\ntrain = 5", "write a key in quotes"),
        ("[keys", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        Config.load(written(text))


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as found:
        Config.load(written("[loss]\nunit = 5\n[writing]\nlength = 0\n[other]"))
    assert len(str(found.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"trane": "x"}, "there is no command 'trane'"),
        ({"start-or-pause": "spacebar"}, "there is no key 'spacebar'"),
        ({"start-or-pause": "meta+x"}, "there is no key"),
        ({"start-or-pause": ""}, "there is no key"),
        ({"start-or-pause": "n"}, "take-one-step and start-or-pause have the same key, n"),
    ],
)
def test_unknown_commands_and_keys_are_named(keys: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        with_keys(COMMANDS, keys)


def test_lists_speak_of_the_keys_there_are() -> None:
    commands = with_keys(COMMANDS, {"start-or-pause": "f5", "zoom-out": "_", "help": "ctrl+h"})
    rows = dict(row for column in help_columns(commands) for group in column for row in group.keys)
    assert rows["f5"].startswith("start")
    assert rows["+/_"] == "zoom"
    pages = with_keys(COMMANDS, {"page-watch": "f2", "next-component-on-the-x-axis": "f7"})
    assert {"1 f2 3", "f7/X"} <= {command.key_label for command in pages}
    (train,) = (hint for hint in hints(Moment.READY, commands) if hint.word == "Train")
    assert (train.key, train.key_label) == ("f5", "f5")
    assert [c.key_label for c in with_keys(COMMANDS, {})] == [c.key_label for c in COMMANDS]


async def test_keys_can_be_changed(sample: Path) -> None:
    keys = {"start-or-pause": "s", "smoothing": "space", "take-one-step": ";"}
    keys |= {"choose-another-text": "f6", "change-hyperparameters": "f7", "quit": "("}
    preferences = Preferences(TrainingSettings(optimizer="Adam"), is_new=True)
    app = laboratory(sample, preferences, keys=keys)
    async with app.run_test(size=(80, 24)) as pilot:
        panes = app.laboratory.panes
        assert set(app._keymap) == set(keys)  # all others are the bindings that there are
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await until(lambda: "s starts training" in panes.footer.notice)
        assert "f6 opens another text, ( quits" in panes.footer.notice
        for pane, key in ((panes.corpus, "f6"), (panes.hyperparameters, "f7")):
            assert pane.summary.segments(80)[-1].text == f"  {key}"
        await pilot.press("n", "space")
        assert app.laboratory.panes.loss.view.smoothing == "light"
        assert app.laboratory.snapshot.step == 0
        await pilot.press("semicolon")
        await until(lambda: app.laboratory.snapshot.step == 1)
        await pilot.press("s")
        await until(lambda: app.laboratory.snapshot.step > 5)


def test_the_command_prints_the_path_and_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["config"])
    found = capsys.readouterr().out
    assert str(config_file()) in found
    # As it is, it changes nothing; with every line in force, all is as without an app.
    assert Config.load(written(found)).applied(Preferences()) == Preferences()
    config = Config.load(written(re.sub("(?m)^# (?=[a-z0-9_-]+ =)", "", found)))
    assert config.applied(Preferences()) == Preferences(TrainingSettings(), theme=DEFAULT_THEME)
    assert with_keys(COMMANDS, config.keys) == with_keys(COMMANDS, {})
    assert set(config.keys) == {command.name for command in COMMANDS} == set(default_keys())
    assert set(config.sections["training"]) == set(TrainingSettings.FIELDS)


def test_headless_training_begins_with_it(tmp_path: Path) -> None:
    from charembed_tui.runs.catalogue import find_run

    written("[training]\nembedding_size = 4\ncontext_length = 1")
    text = tmp_path / "text.txt"
    text.write_text("to be or not to be " * 20, encoding="utf-8")
    with pytest.raises(SystemExit, match="0"):
        main(["train", str(text), "--steps", "2", "--context-length", "2"])
    settings = find_run(None).configuration.settings
    assert (settings.embedding_size, settings.context_length) == (4, 2)


def test_what_is_printed_can_be_read_whatever_is_in_it() -> None:
    text = defaults(Path("x"), 'a "b" \\', {})
    assert tomllib.loads(text.replace("# theme", "theme"))["theme"] == 'a "b" \\'
