"""Texts on a command line: read, or counted as they stream where there is no room for them."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from charembed_tui.settings.text_options import reading_changes
from charembed_tui.settings.training_settings import TrainingSettings
from model.corpus import Corpus
from model.large_texts import Counting, open_texts
from model.texts.reading import Reading

_SECONDS_BETWEEN_LINES = 2.0
_LONG = 1 << 40  # characters: settings for a text that there is no room for


def read_texts(
    names: Sequence[str],
    options: argparse.Namespace,
    settings: TrainingSettings,
    is_cancelled: Callable[[], bool] | None = None,
) -> Corpus:
    """The texts that a run is to learn from.

    Args:
        names: of the texts.
        options: the command line.
        settings: before what the command line says.
        is_cancelled: asked now and then.

    Raises:
        CorpusError: a text cannot be read.
        RunError: there is no run to start from.
        Cancelled: `is_cancelled` said so.
    """
    from charembed_tui.cli.options import training_settings, with_options

    if options.start is not None:
        from charembed_tui.runs.catalogue import find_run

        before = find_run(options.start or None).configuration.settings
        settings = with_options(before, options)
    else:
        settings = training_settings(settings, options, _LONG)
    how = Counting(settings.context_length, settings.held_out / 100, progress_lines(), is_cancelled)
    return open_texts(names, Reading(**reading_changes(options)), how)


def progress_lines() -> Callable[[int, int], None]:
    """Says now and then how far counting is, on standard error."""
    began = reported_at = time.perf_counter()

    def note(done: int, total: int) -> None:
        nonlocal reported_at
        now = time.perf_counter()
        if now - reported_at >= _SECONDS_BETWEEN_LINES:
            reported_at = now
            speed = done / (now - began) / 1e6
            part = f"{done / total:.0%} of {total / 1e6:,.0f} MB" if total else f"{done:,} bytes"
            print(f"counting: {part}, {speed:,.0f} MB/s", file=sys.stderr, flush=True)

    return note
