"""`charembed generate`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from charembed_tui.cli.exit_status import DONE
from charembed_tui.cli.options import with_options
from charembed_tui.runs.catalogue import find_run
from charembed_tui.runs.predictors import SavedModel
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.text.glyphs import printable
from charembed_tui.text.novelty_words import novelty_facts, novelty_note
from charembed_tui.text.unseen import never_seen
from model.errors import CharembedError, SettingsError
from model.novelty import find_novelty
from model.sampling import Sampler
from model.texts.encoding import LINE_END
from model.texts.reading import bytes_of

_MOST_TRIES = 100  # for every new line that is asked for


def run(options: argparse.Namespace) -> int:
    """Write on standard output."""
    folder = find_run(options.run)
    configuration = folder.configuration
    reading = configuration.reading
    if options.new and not reading.lines:
        raise SettingsError(f"{folder.path.name} has not learned a list: leave out --new.")
    settings = with_options(SamplingSettings(), options, "sampling_")
    saved = SavedModel(folder)
    sampler = Sampler(saved.predictor(options.at), configuration.vocabulary, **settings.arguments())
    prompt = reading.as_read(options.prompt)
    if note := never_seen(prompt, configuration.vocabulary):
        print(f"charembed: of the prompt, {note}", file=sys.stderr)
    dataset = saved.dataset if options.novelty else None  # where it is gone, nothing is written
    write: Callable[[str], object] = _Output(is_bytes=reading.is_bytes)
    facts: dict[str, Any] = {"run": folder.path.name}
    if options.json:
        write = _nowhere
    if reading.lines:
        known = frozenset[str]()
        if options.new:
            saved.dataset.source.require_text("leaving out what the list has")
            known = saved.dataset.source.entries
        facts["lines"], left_out = _write_lines(sampler, prompt, settings, known, options, write)
        written = "".join(f"{line}{LINE_END}" for line in facts["lines"])
        if options.new:
            facts["left_out"] = left_out
    else:
        write(prompt)
        characters = []
        for character in sampler.write(prompt, settings.length, settings.generator()):
            write(character)
            characters.append(character)
        if not reading.is_bytes or sys.stdout.isatty():
            write("\n")
        written = "".join(characters)
        facts["prompt"], facts["text"] = prompt, written
        if reading.is_bytes:
            facts["prompt"], facts["text"] = (bytes_of(part).hex() for part in (prompt, written))
    if options.json:
        print(json.dumps({**facts, **_novelty_of(saved, written)}))
    elif dataset is not None:
        sys.stdout.flush()
        print(f"charembed: {novelty_note(find_novelty(written, dataset))}", file=sys.stderr)
    return DONE


def _novelty_of(saved: SavedModel, written: str) -> dict[str, Any]:
    """The figures, or why there are none: what is written is not lost for it."""
    try:
        found = find_novelty(written, saved.dataset)
    except CharembedError as error:
        return {"novelty": None, "novelty_problem": str(error)}
    return {"novelty": novelty_facts(found, written)}


def _write_lines(
    sampler: Sampler,
    prompt: str,
    settings: SamplingSettings,
    known: frozenset[str],
    options: argparse.Namespace,
    write: Callable[[str], object],
) -> tuple[list[str], int]:
    """Whole lines, as many as asked, and how many were left out that are known already."""
    old, found = 0, list[str]()
    entries: Iterator[str] = sampler.entries(prompt, settings.generator(), LINE_END)
    for _ in range(_MOST_TRIES * settings.count):
        if len(found) == settings.count:
            break
        entry = next(entries)
        if entry in known:
            old += 1
            continue
        found.append(entry)
        write(entry + "\n")
    if options.new:
        sys.stdout.flush()
        short = f", so that only {len(found):,} came" if len(found) < settings.count else ""
        print(f"charembed: left out {old:,} that the list has{short}", file=sys.stderr)
    return found, old


def _nowhere(text: str) -> None:
    """Where everything is in one object, nothing is written before."""


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
