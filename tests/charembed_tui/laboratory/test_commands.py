from __future__ import annotations

import inspect

import pytest
from textual.actions import parse
from textual.screen import Screen

from charembed_tui.app import CharembedApp
from charembed_tui.laboratory.commands import COMMANDS, Command, help_columns
from charembed_tui.laboratory.screen import LaboratoryScreen


def test_every_command_has_a_key_and_a_title_of_its_own() -> None:
    keys = [key for command in COMMANDS for key in command.key.split(",")]
    assert len(set(keys)) == len(keys)
    assert len({command.action for command in COMMANDS}) == len(COMMANDS)
    assert len({command.title for command in COMMANDS}) == len(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.action)
def test_every_row_has_its_method_with_its_parameters(command: Command) -> None:
    namespace, name, parameters = parse(command.action)
    owner: type = CharembedApp if namespace == "app" else LaboratoryScreen
    method = getattr(owner, f"action_{name}")
    inspect.signature(method).bind(None, *parameters)


def test_every_method_has_its_row() -> None:
    rows = {
        name for namespace, name, _ in map(parse, (c.action for c in COMMANDS)) if not namespace
    }
    methods = {name.removeprefix("action_") for name in dir(LaboratoryScreen) if "action_" in name}
    inherited = {name.removeprefix("action_") for name in dir(Screen) if "action_" in name}
    assert not rows & inherited  # nothing of Textual's is replaced
    assert methods - inherited == rows


def test_the_help_speaks_of_every_key_once() -> None:
    rows = [row for column in help_columns() for group in column for row in group.keys]
    assert sorted(rows) == sorted((c.key_label, c.help) for c in COMMANDS if c.help)
    without_help = [i for i, command in enumerate(COMMANDS) if not command.help]
    for i in without_help:  # the command before it speaks of both
        assert COMMANDS[i - 1].group == COMMANDS[i].group
