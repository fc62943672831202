"""Copies of a run's texts in its folder, for when the texts themselves have gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from charembed_tui.storage.atomic import write_whole
from model.corpus import Corpus
from model.texts.reading import Reading, bytes_of
from model.texts.sources import Source

_COUNTS = "counts.table"


def write_copies(folder: Path, corpus: Corpus) -> None:
    """Write every text of a corpus: `text.txt`, or `text-1.txt` and so on; or what was counted.

    Raises:
        OSError: something cannot be written.
    """
    if corpus.counted is not None:
        from model.streams.table_file import save_table  # with scipy: seldom needed

        save_table(corpus.counted, folder / _COUNTS)
        return
    ends = [*corpus.starts[1:], len(corpus)]
    for number, (start, end) in enumerate(zip(corpus.starts or (0,), ends, strict=True), start=1):
        text = corpus.decode(np.asarray(corpus.codes[start:end]).tolist())
        name = f"text-{number}.txt" if corpus.starts else "text.txt"
        data = bytes_of(text) if corpus.reading.is_bytes else text.encode()
        write_whole(folder / name, data)


def copy_of_counts(folder: Path) -> Path | None:
    """The counts of a text that there was no room for; None where there are none."""
    path = folder / _COUNTS
    return path if path.is_file() else None


def copies(folder: Path) -> list[Source]:
    """The copies in a folder, in the order of the texts; none where none were asked for."""
    if (folder / "text.txt").is_file():
        return [Source(str(folder / "text.txt"), name="text.txt")]
    found: list[Source] = []
    while (path := folder / f"text-{len(found) + 1}.txt").is_file():
        found.append(Source(str(path), name=path.name))
    return found


def reading_of_copies(reading: Reading) -> Reading:
    """How copies are read: what a reading changes is changed in them already."""
    encoding = reading.encoding if reading.is_bytes else ""
    return replace(reading, encoding=encoding, newlines="keep", fold_case=False)
