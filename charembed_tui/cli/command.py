"""`charembed`: training, writing and measuring without a screen, on the same run folders."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from charembed_tui.cli.command_parser import parser
from charembed_tui.cli.exit_status import DONE, FAILED, INTERRUPTED, UNUSABLE
from charembed_tui.cli.streams import discard
from charembed_tui.exhaustion import USED_UP, is_exhaustion, shortage_at_start
from charembed_tui.interpreter import give_back_large_arrays, one_thread_for_blas


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its status."""
    one_thread_for_blas()
    give_back_large_arrays()
    if shortage := shortage_at_start(with_screen=False):
        print(f"charembed: {shortage}", file=sys.stderr)
        sys.exit(UNUSABLE)
    try:
        status = _main(arguments)
    except Exception as error:
        if not is_exhaustion(error):
            raise
        print(f"charembed: {USED_UP}", file=sys.stderr)
        status = UNUSABLE
    sys.exit(status)


def _main(arguments: Sequence[str] | None) -> int:
    options = parser().parse_args(arguments)
    from charembed_tui.storage.locations import set_runs_directory
    from charembed_tui.text.glyphs import visible
    from model.errors import CharembedError, OptimizerError

    # Messages may name what the terminal cannot write. What is written is not to be changed: where
    # it cannot be written, that is an error.
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")
    if getattr(options, "runs", None):
        set_runs_directory(options.runs)
    try:
        status = _run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has enough; nothing more can be written, not even by the interpreter's end.
        discard(sys.stdout)
        status = DONE
    except UnicodeEncodeError as error:
        print(
            f"charembed: the output's encoding, {error.encoding}, cannot hold "
            f"{error.object[error.start]!a}: set PYTHONUTF8=1 or PYTHONIOENCODING=utf-8.",
            file=sys.stderr,
        )
        status = UNUSABLE
    except KeyboardInterrupt:  # training hears signals itself; nothing else has begun to save
        print("charembed: interrupted", file=sys.stderr)
        status = INTERRUPTED
    except (CharembedError, OSError) as error:
        if not isinstance(error, CharembedError) and is_exhaustion(error):
            raise
        for line in str(error).splitlines():
            print(f"charembed: {visible(line)}", file=sys.stderr)
        status = FAILED if isinstance(error, OptimizerError) else UNUSABLE
    return status


def _run(options: argparse.Namespace) -> int:
    # Each is loaded when it is asked for, so that --help answers at once.
    if options.command == "completion":
        from charembed_tui.cli.completion import completion

        return completion(options.shell)
    module = {"runs": "list_runs"}.get(options.command, options.command)
    run: Callable[[argparse.Namespace], int] = import_module(f"charembed_tui.cli.{module}").run
    return run(options)
