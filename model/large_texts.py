"""Texts that are read where there is room for them, and else counted as they stream by."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

import numpy as np

from model.corpus import Corpus
from model.errors import CorpusError
from model.interruption import interruptible
from model.texts.encoding import TextTooLongError
from model.texts.reading import Reading
from model.texts.remote import is_address
from model.texts.sources import STDIN, Source, find_sources, title
from model.texts.text_file import TextFile

if TYPE_CHECKING:
    from model.counting import Progress


@dataclass(frozen=True)
class Counting:
    """How texts are counted that there is no room for.

    Attributes:
        context_length: M.
        held_out: the part that is held out: blocks spread over the texts.
        progress: called with the bytes counted and the bytes there are, as stored.
        is_cancelled: asked now and then, also while a text is read.
    """

    context_length: int
    held_out: float = 0.0
    progress: Progress | None = None
    is_cancelled: Callable[[], bool] | None = None


def open_texts(names: Sequence[str | Path], reading: Reading, counting: Counting) -> Corpus:
    """Read texts as `Corpus.from_files` does, or count those that take more memory than they may.

    Raises:
        CorpusError: what `Corpus.from_files` or `count_sources` raises; or a text is too long that
            can be read only once.
        Cancelled: `counting.is_cancelled` said so.
    """
    sources = find_sources(names)
    name = title(names, sources)
    try:
        with interruptible(counting.is_cancelled):
            corpus = Corpus.from_sources(sources, name, reading)
    except TextTooLongError as error:
        if all(_can_be_read_again(source) for source in sources):
            return count_corpus(sources, name, reading, counting)
        raise CorpusError(
            f"{error} charembed count - --table FILE counts what is piped in as it comes, and "
            "--table FILE trains on that."
        ) from None
    corpus.require_two_characters()
    return corpus


def count_corpus(
    sources: Sequence[Source], name: str, reading: Reading, counting: Counting
) -> Corpus:
    """Count texts as they stream by; lists are recognized by their look.

    Raises:
        CorpusError: a text cannot be read, or all are too short.
        Cancelled: `counting.is_cancelled` said so.
    """
    # With scipy: most texts fit, and the app's first picture is not to wait for it.
    from model.streams.count_texts import (
        count_sources,
        looks_like_list_of,
        readable,
        require_countable,
    )

    skipped: list[str] = []
    sources = readable(sources, reading, skipped.append)
    was_recognized = reading.lines is None and looks_like_list_of(sources, reading)
    reading = replace(reading, lines=bool(reading.lines or was_recognized))
    counted, described = count_sources(
        sources,
        counting.context_length,
        reading,
        counting.held_out,
        counting.progress,
        counting.is_cancelled,
    )
    require_countable(counted, name)
    files = [TextFile.of(*of_one) for of_one in zip(sources, described, strict=True)]
    return Corpus(
        np.empty(0, dtype=np.int32),
        counted.vocabulary,
        name,
        reading=reading,
        files=tuple(files),
        skipped=tuple(skipped),
        was_recognized=was_recognized,
        counted=counted,
        was_streamed=True,
    )


def _can_be_read_again(source: Source) -> bool:
    if source.path == STDIN:
        return False
    return is_address(source.path) or S_ISREG(os.stat(source.path).st_mode)
