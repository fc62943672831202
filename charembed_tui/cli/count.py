"""`charembed count`: texts of any size become a table of their n-grams, to be trained on."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from charembed_tui.cli.counting import progress_lines
from charembed_tui.cli.exit_status import DONE
from charembed_tui.settings.text_options import reading_changes
from charembed_tui.text.glyphs import visible
from charembed_tui.text.reading_notes import recognized_note
from model.errors import SettingsError
from model.streams.count_texts import count_texts, looks_like_list_of, readable
from model.streams.counted_text import CountedText, merge_all
from model.streams.table_file import load_table, save_table
from model.streams.table_mark import is_table
from model.texts.reading import Reading
from model.texts.sources import find_sources, title

_CONTEXT_LENGTH = 3


def run(options: argparse.Namespace) -> int:
    """Count what is named, add what was counted before, and write the table."""
    path: Path = options.table
    tables = [Path(name) for name in options.texts if is_table(name)]
    texts = [name for name in options.texts if not is_table(name)]
    if path.exists() and options.add:
        tables.insert(0, path)
    elif path.exists() and not is_table(path):
        raise SettingsError(f"{path.name} is there and is no table: choose another name.")
    began = time.perf_counter()
    found = [load_table(table) for table in tables]
    length = options.context_length or (found[0].context_length if found else _CONTEXT_LENGTH)
    counted = [text.shortened(length) for text in found]
    if texts:
        counted.append(_count(texts, length, options, found))
    whole = merge_all(*counted)
    save_table(whole, path)
    _report(whole, path, time.perf_counter() - began, options.json)
    return DONE


def _count(
    texts: list[str], length: int, options: argparse.Namespace, added_to: list[CountedText]
) -> CountedText:
    how: dict[str, Any] = {
        "reading": _reading(texts, Reading(**reading_changes(options)), added_to),
        "held_out": options.held_out,
        "progress": progress_lines(),
        "note": _left_out,
    }
    if options.cluster is None:
        return count_texts(texts, length, **how)
    from model.streams.cluster import connect, count_on_cluster

    with connect(options.cluster, options.workers) as client:
        return count_on_cluster(client, texts, length, **how)


def _reading(texts: list[str], reading: Reading, added_to: list[CountedText]) -> Reading:
    """How texts are read: as the tables that they are added to, or as lists if they look so."""
    if reading.lines is not None:
        return reading
    if added_to:
        return replace(reading, lines=added_to[0].is_list)
    sources = find_sources(texts)
    is_list = looks_like_list_of(readable(sources, reading, None), reading)
    if is_list:
        note = recognized_note(title(texts, sources))
        print(f"charembed: {visible(note)}", file=sys.stderr)
    return replace(reading, lines=is_list)


def _left_out(reason: str) -> None:
    print(f"charembed: left out: {visible(reason)}", file=sys.stderr)


def _report(counted: CountedText, path: Path, seconds: float, as_json: bool) -> None:
    training, held_out = counted.training, counted.held_out
    facts = {
        "table": str(path),
        "characters": counted.characters,
        "vocabulary": len(counted.vocabulary),
        "context_length": counted.context_length,
        "contexts": len(training.contexts),
        "ngrams": training.ngram_count,
        "positions": training.positions,
        "held_out": held_out.positions if held_out is not None else 0,
        "bytes": path.stat().st_size,
        "seconds": round(seconds, 3),
    }
    if as_json:
        print(json.dumps(facts))
        return
    print(
        f"{visible(path.name)}: {training.ngram_count:,} different n-grams of "
        f"{counted.context_length + 1} characters, {len(counted.vocabulary):,} different characters"
        f"; {training.positions:,} positions to train on, {facts['held_out']:,} held out"
    )
