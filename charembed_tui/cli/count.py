"""`charembed count`: texts of any size become a table of their n-grams, to be trained on."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from charembed_tui.cli.exit_status import DONE
from charembed_tui.settings.text_options import reading_changes
from charembed_tui.text.glyphs import visible
from model.errors import SettingsError
from model.streams.count_texts import count_texts
from model.streams.counted_text import CountedText, merge_all
from model.streams.table_file import load_table, save_table
from model.streams.table_mark import is_table
from model.texts.reading import Reading

_SECONDS_BETWEEN_LINES = 2.0
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
        counted.append(_count(texts, length, options, _progress(began)))
    whole = merge_all(*counted)
    save_table(whole, path)
    _report(whole, path, time.perf_counter() - began, options.json)
    return DONE


def _count(
    texts: list[str], length: int, options: argparse.Namespace, progress: Callable[[int, int], None]
) -> CountedText:
    how: dict[str, Any] = {
        "reading": Reading(**reading_changes(options)),
        "held_out": options.held_out,
        "progress": progress,
        "note": _left_out,
    }
    if options.cluster is None:
        return count_texts(texts, length, **how)
    from model.streams.cluster import connect, count_on_cluster

    with connect(options.cluster, options.workers) as client:
        return count_on_cluster(client, texts, length, **how)


def _left_out(reason: str) -> None:
    print(f"charembed: left out: {visible(reason)}", file=sys.stderr)


def _progress(began: float) -> Callable[[int, int], None]:
    """Says now and then how far counting is, on standard error."""
    reported_at = began

    def note(done: int, total: int) -> None:
        nonlocal reported_at
        now = time.perf_counter()
        if now - reported_at >= _SECONDS_BETWEEN_LINES:
            reported_at = now
            speed = done / (now - began) / 1e6
            part = f"{done / total:.0%} of {total / 1e6:,.0f} MB" if total else f"{done:,} bytes"
            print(f"{part}, {speed:,.0f} MB/s", file=sys.stderr, flush=True)

    return note


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
