"""`charembed generate`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from charembed_tui.cli.exit_status import DONE
from charembed_tui.cli.options import with_options
from charembed_tui.runs.catalogue import find_run
from charembed_tui.runs.opening import text_of
from charembed_tui.runs.predictors import SavedModel
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.text.glyphs import printable
from charembed_tui.text.unseen import never_seen
from model.corpus import LINE_END
from model.errors import SettingsError
from model.sampling import Sampler
from model.texts.reading import bytes_of

_MOST_TRIES = 100  # for every new line that is asked for


def run(options: argparse.Namespace) -> int:
    """Write on standard output."""
    folder = find_run(options.run)
    configuration = folder.configuration
    reading = configuration.reading
    settings = with_options(SamplingSettings(), options, "sampling_")
    sampler = Sampler(
        SavedModel(folder).predictor(options.at), configuration.vocabulary, **settings.arguments()
    )
    prompt = reading.as_read(options.prompt)
    if note := never_seen(prompt, configuration.vocabulary):
        print(f"charembed: of the prompt, {note}", file=sys.stderr)
    if reading.lines:
        known = text_of(folder)[0].entries if options.new else frozenset[str]()
        _write_lines(sampler, prompt, settings, known, options)
        return DONE
    if options.new:
        raise SettingsError(f"{folder.path.name} has not learned a list: leave out --new.")
    write = _Output(is_bytes=reading.is_bytes)
    write(prompt)
    for character in sampler.write(prompt, settings.length, settings.generator()):
        write(character)
    if not reading.is_bytes or sys.stdout.isatty():
        write("\n")
    return DONE


def _write_lines(
    sampler: Sampler,
    prompt: str,
    settings: SamplingSettings,
    known: frozenset[str],
    options: argparse.Namespace,
) -> None:
    """Whole lines, as many as asked; those that are known already are left out and counted."""
    write, old, new = _Output(), 0, 0
    entries: Iterator[str] = sampler.entries(prompt, settings.generator(), LINE_END)
    for _ in range(_MOST_TRIES * settings.count):
        if new == settings.count:
            break
        entry = next(entries)
        if entry in known:
            old += 1
            continue
        new += 1
        write(entry + "\n")
    if options.new:
        sys.stdout.flush()
        short = f", so that only {new:,} came" if new < settings.count else ""
        print(f"charembed: left out {old:,} that the list has{short}", file=sys.stderr)


class _Output:
    """Standard output; a text may hold escape sequences, and terminals get what they can show."""

    def __init__(self, *, is_bytes: bool = False) -> None:
        self._is_terminal = sys.stdout.isatty()
        self._is_bytes = is_bytes and not self._is_terminal

    def __call__(self, text: str) -> None:
        if self._is_bytes:
            sys.stdout.buffer.write(bytes_of(text))
            return
        sys.stdout.write(printable(text) if self._is_terminal else text)
