"""Completion of both commands' arguments in a shell."""

from __future__ import annotations

from charembed_tui.headless.status import DONE
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
    from charembed_tui import cli
    from charembed_tui.headless import command_line

    for parser in (command_line.parser(), cli.parser()):
        print(shtab.complete(parser, shell=shell))
    return DONE
