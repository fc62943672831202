"""The command line: everything that can be wrong with it is said before the screen is touched."""

from __future__ import annotations

import argparse
import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from charembed_tui.cli.app_parser import parser
from charembed_tui.cli.exit_status import INTERRUPTED, UNUSABLE
from charembed_tui.exhaustion import USED_UP, is_exhaustion, shortage_at_start
from charembed_tui.interpreter import (
    answer_keys_sooner,
    give_back_large_arrays,
    one_thread_for_blas,
)

STDIN = "-"

if TYPE_CHECKING:
    from charembed_tui.app import CharembedApp
    from charembed_tui.runs.plan import Plan
    from charembed_tui.settings.training_settings import TrainingSettings


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the app. Exits with status 2 and one line where it cannot begin."""
    one_thread_for_blas()
    give_back_large_arrays()
    answer_keys_sooner()
    if shortage := shortage_at_start(with_screen=True):
        _refuse(shortage)
    try:
        app = _app(arguments)
    except KeyboardInterrupt:  # a text may take long to count
        print("charembed-tui: interrupted before the first picture", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except Exception as error:
        if not is_exhaustion(error):
            raise
        _refuse(USED_UP)
    sys.exit(app.run_to_end())


def _refuse(message: str) -> NoReturn:
    """Say in one line why the app cannot begin, and exit."""
    for row in message.splitlines():
        print(f"charembed-tui: {row}", file=sys.stderr)
    sys.exit(UNUSABLE)


def _app(arguments: Sequence[str] | None) -> CharembedApp:
    """The app that is to run; exits where there is something wrong."""
    options = parser().parse_args(arguments)
    # Loaded late, so that --help and --version answer at once.
    from charembed_tui.settings.config import Config
    from charembed_tui.settings.preferences import Preferences
    from charembed_tui.storage.locations import config_file, preferences_file, set_runs_directory
    from model.errors import CharembedError
    from model.texts.roots import is_inside

    if options.runs:
        set_runs_directory(options.runs)
    try:
        _keep_to_roots(options)
        remembered = None if options.fresh else preferences_file()
        if remembered is not None and not is_inside(remembered):
            remembered = None
        preferences = Preferences.load(remembered) if remembered else Preferences()
        _require_keys(options.corpus)
        file = config_file()
        config = Config.load(file) if is_inside(file) else Config(file)
        preferences = _with_options(config.applied(preferences), options)
        plan = _plan(options, preferences.training)
        if STDIN in options.corpus:
            _take_keys_from_the_terminal()
        plan.corpus.require_context_length(plan.settings.context_length)
        from charembed_tui.app import CharembedApp, known_theme

        if theme := options.theme or config.theme:
            preferences = replace(preferences, theme=known_theme(theme))
        return CharembedApp(
            plan,
            preferences,
            remember_in=remembered,
            save_runs=True,
            copy_text=options.copy_text,
            keys=config.keys,
        )
    except (CharembedError, OSError) as error:
        from charembed_tui.text.glyphs import visible
        from charembed_tui.training.memory import reason

        _refuse("\n".join(visible(row) for row in reason(error).splitlines()))


def default_keys() -> dict[str, str]:
    """Return the keys of the app's commands, by their names."""
    from charembed_tui.app import default_keys

    return default_keys()


def default_theme() -> str:
    """Return the name of the app's theme where nobody chose one."""
    from charembed_tui.app import DEFAULT_THEME

    return DEFAULT_THEME


def _keep_to_roots(options: argparse.Namespace) -> None:
    """Have nothing read outside of the folders that were named, if any were.

    Raises:
        CharembedError: one of them is no folder, or runs are kept outside of them.
    """
    if not options.root:
        return
    from charembed_tui.storage.locations import keep_runs_in, runs_directory
    from charembed_tui.text.sample_texts import sample_directory
    from model.texts.roots import require_inside, restrict_to

    restrict_to([*options.root, sample_directory()])
    keep_runs_in(os.path.join(options.root[0], "runs"))
    require_inside(runs_directory(), f"The folder of runs, {runs_directory()},")


def _require_keys(corpus: Sequence[str]) -> None:
    """Refuse piped input that nobody asked to be read: it would be taken for keys.

    Raises:
        CharembedError: there is such input.
    """
    from model.errors import CharembedError

    # A browser sends its keys through a driver of its own.
    if STDIN in corpus or "TEXTUAL_DRIVER" in os.environ or sys.stdin is None:
        return
    mode = os.fstat(0).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISREG(mode):
        raise CharembedError(
            "A text is piped in, and nobody reads it: charembed-tui - does, with keys from the "
            "terminal."
        )


def _take_keys_from_the_terminal() -> None:
    """Put the terminal in the place of standard input, which has been read to its end.

    Raises:
        CharembedError: there is no terminal.
    """
    from model.errors import CharembedError

    if sys.stdin is not None and sys.stdin.isatty():
        return
    try:
        terminal = os.open("CONIN$" if os.name == "nt" else "/dev/tty", os.O_RDWR)
    except OSError:
        raise CharembedError(
            "There is no terminal to take keys from: charembed train - learns without one."
        ) from None
    os.dup2(terminal, 0)
    os.close(terminal)


def _plan(options: argparse.Namespace, settings: TrainingSettings) -> Plan:
    """The session to begin with. Raises CharembedError."""
    from charembed_tui.cli.counting import read_texts
    from charembed_tui.runs.plan import Plan
    from charembed_tui.settings.text_options import reading_changes
    from charembed_tui.text.reading_notes import reading_notes
    from charembed_tui.text.sample_texts import default_sample

    if options.resume is not None or options.follow is not None:
        from charembed_tui.cli.options import require_no_settings

        require_no_settings(options, type(settings))
    if options.resume is not None:
        from charembed_tui.runs.opening import resume

        return resume(options.resume or None, options.corpus, reading_changes(options)).plan()
    if options.follow is not None:
        from charembed_tui.runs.catalogue import find_run
        from charembed_tui.runs.opening import follow

        run = find_run(options.follow or None, in_use_first=True)
        return follow(run, options.corpus, reading_changes(options))
    names = options.corpus or [str(default_sample())]
    path = Path(names[0])
    corpus = read_texts(names, options, settings)
    if options.start is not None:
        from charembed_tui.cli.warm_start import start_from

        return start_from(options.start or None, corpus, options).plan(corpus, path)
    from charembed_tui.cli.options import training_settings

    settings = training_settings(settings, options, len(corpus))
    return Plan(corpus, path, settings, note="\n".join(reading_notes(corpus)))


def _with_options(preferences: Any, options: argparse.Namespace) -> Any:
    """Preferences with what the command line says in their place."""
    from charembed_tui.cli.options import training_settings, with_options

    return replace(
        preferences,
        training=training_settings(preferences.training, options),
        sampling=with_options(preferences.sampling, options, "sampling_"),
        loss=with_options(preferences.loss, options, "loss_"),
        theme=options.theme or preferences.theme,
    )
