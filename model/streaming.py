"""Counting files that need not fit in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.counting import NgramCounter, Progress
from model.errors import Cancelled, CorpusError
from model.ngrams import NgramTable
from model.sequences import inside_lines, require_length, with_boundaries
from model.texts.decoding import Decoded
from model.texts.reading import Reading
from model.texts.sources import find_sources, title
from model.texts.vocabulary import GrowingVocabulary

_CHUNK_BYTES = 1 << 23


@dataclass(frozen=True, eq=False)
class CountedText:
    """What remains of a text that was counted and let go.

    Attributes:
        vocabulary: the V different characters, sorted by code point.
        table: the n-grams.
        characters: how many there were in all files.
        files: how many files.
    """

    vocabulary: tuple[str, ...]
    table: NgramTable
    characters: int
    files: int


def count_files(
    patterns: Sequence[str | Path] | str | Path,
    context_length: int,
    *,
    lines: bool = False,
    progress: Progress | None = None,
    is_cancelled: Callable[[], bool] | None = None,
    chunk_bytes: int = _CHUNK_BYTES,
) -> CountedText:
    """Count the n-grams of UTF-8 texts, reading each once and a chunk at a time.

    The result is that of counting each text at once and merging. No n-gram crosses a text's end.

    Args:
        patterns: files, folders, globs, archives; see `model.texts.sources.find_sources`.
        context_length: M.
        lines: every line is a sequence of its own, for lists of names or words: the line feed
            stands M times before it and once behind it, and no n-gram crosses into the next.
        progress: called with the bytes read and the bytes there are, as stored.
        is_cancelled: asked before every chunk.
        chunk_bytes: how much to hold at a time.

    Raises:
        CorpusError: a file is missing, unreadable, no UTF-8 text, or all are too short.
        Cancelled: `is_cancelled` said so.
    """
    names = [patterns] if isinstance(patterns, str | Path) else patterns
    sources = find_sources(names)
    total = sum(source.size() for source in sources)
    vocabulary = GrowingVocabulary("\n" if lines else "")
    counter = NgramCounter(context_length)
    characters = done = 0
    for source in sources:
        if lines:
            counter.add(np.zeros(context_length, dtype=np.int32))
        last = ""
        with source.open() as (stream, stored):
            for text in Decoded(stream, source.name, Reading(lines=lines)).pieces(chunk_bytes):
                if is_cancelled is not None and is_cancelled():
                    raise Cancelled("Counting was cancelled.")
                codes = vocabulary.codes(text, source.name, characters)
                characters += len(text)
                if lines:
                    padded = with_boundaries(codes, 0, context_length)
                    counter.add(padded, inside_lines(padded, 0, last in ("", "\n")))
                else:
                    counter.add(codes)
                last = text[-1]
                if progress is not None and source.size():
                    progress(done + stored.tell(), total)
        if lines and last not in ("", "\n"):
            counter.add(np.zeros(1, dtype=np.int32))
        counter.end_sequence()
        done += source.size()
    name = title(names, sources)
    if not lines:
        require_length(characters, context_length, name)
    if len(vocabulary) < 2:
        raise CorpusError(f"{name} repeats a single character: there is nothing to predict.")
    in_order, ranks = vocabulary.sorted()
    table = counter.table(len(in_order), ranks)
    return CountedText(in_order, table, characters, len(sources))
