"""How texts are read, in the words of the command line, which the corpus pane takes too."""

from __future__ import annotations

import argparse
import shlex
from typing import Any, NoReturn

from model.errors import SettingsError
from model.texts.reading import NEWLINES, Reading

TEXTS = (
    "what to learn from: files, folders, patterns, archives (gz, bz2, xz, zip), or - for standard "
    "input; a sample text without any"
)


def add_text_options(parser: argparse.ArgumentParser, *, lists: bool = True) -> None:
    """How texts are read; with `lists` what a list is, too."""
    group = parser.add_argument_group("texts")
    group.add_argument(
        "--encoding",
        metavar="NAME",
        help="any of Python's, UTF-8 without it; bytes takes each byte as a character",
    )
    group.add_argument(
        "--newlines",
        choices=NEWLINES,
        help="unify makes line feeds of CRLF and CR, keep leaves them as they are",
    )
    group.add_argument(
        "--fold-case",
        action=argparse.BooleanOptionalAction,
        help="read capitals as small letters",
    )
    if lists:
        group.add_argument(
            "--lines",
            action=argparse.BooleanOptionalAction,
            help="a list: each line is a sequence of its own; without it, lists are recognized by "
            "their many short lines",
        )
    group.add_argument(
        "--limit",
        type=_size,
        metavar="SIZE",
        help="memory that a text may take, as 500MB or 2GB; auto for a quarter of what is free; "
        "what takes more is counted as it streams by",
    )


def option_words() -> str:
    """All of these options as they are typed, for where a person types them in the app."""
    parser = _Words(add_help=False, prog="")
    add_text_options(parser)
    words = []
    for action in parser._actions:
        value = action.metavar or " or ".join(map(str, action.choices or ()))
        words.append(" or ".join(action.option_strings) + f" {value}" * bool(value))
    return ", ".join(words)


def reading_changes(options: argparse.Namespace) -> dict[str, Any]:
    """What the command line says of how texts are read: fields of `Reading`."""
    names = ("encoding", "newlines", "fold_case", "lines", "limit")
    given = {name: getattr(options, name, None) for name in names}
    return {name: value for name, value in given.items() if value is not None}


_UNITS = {"": 1, "b": 1, "k": 10**3, "kb": 10**3, "m": 10**6, "mb": 10**6, "g": 10**9, "gb": 10**9}


def _size(text: str) -> int:
    """A size as people write it, in bytes."""
    if text == "auto":
        return 0
    digits = text.rstrip("bBkKmMgG ")
    try:
        size = int(float(digits) * _UNITS[text[len(digits) :].strip().lower()])
    except (ValueError, KeyError, OverflowError):
        size = 0
    if size < 1:
        raise argparse.ArgumentTypeError("write a size such as 500MB or 2GB, or auto")
    return size


class _Words(argparse.ArgumentParser):
    """A parser that raises SettingsError where others end the program."""

    def error(self, message: str) -> NoReturn:
        """Raise the message."""
        raise SettingsError(message)


def parse_reading(words: str) -> dict[str, Any]:
    """What such options say, as somebody typed them: fields of `Reading`.

    Raises:
        SettingsError: they cannot be understood.
    """
    parser = _Words(add_help=False, prog="")
    add_text_options(parser)
    try:
        changes = reading_changes(parser.parse_args(shlex.split(words)))
    except ValueError as error:  # an open quotation mark
        raise SettingsError(str(error)) from None
    Reading(**changes)
    return changes
