"""Completion of both commands' arguments in a shell."""

from __future__ import annotations

from charembed_tui.cli import app_parser, command_parser
from charembed_tui.cli.exit_status import DONE
from model.errors import CharembedError


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
        print(shtab.complete(parser, shell=shell))
    return DONE
