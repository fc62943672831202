"""Completion of both commands' arguments in a shell."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from charembed_tui.cli import app_parser, command_parser
from charembed_tui.cli.exit_status import DONE
from model.errors import CharembedError

_FILES, _FOLDERS = ("corpus", "texts", "table"), ("folder", "runs")


def completion(shell: str) -> int:
    """Print the script for a shell.

    Raises:
        CharembedError: shtab, which makes it, is not installed.
    """
    try:
        import shtab
    except ImportError:
        raise CharembedError(
            "Completion needs shtab: pip install 'charembed-tui[completion]'."
        ) from None
    for parser in (command_parser.parser(), app_parser.parser()):
        for action in _actions(parser):
            if action.dest in _FILES:
                action.complete = shtab.FILE
            elif action.dest in _FOLDERS:
                action.complete = shtab.DIRECTORY
        print(shtab.complete(parser, shell=shell))
    return DONE


def _actions(parser: argparse.ArgumentParser) -> Iterator[Any]:
    """All arguments of a parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
