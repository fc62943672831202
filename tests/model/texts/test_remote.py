"""Addresses that fsspec opens, counted as files are."""

from __future__ import annotations

import gzip
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from model.errors import CorpusError
from model.streams import range_counter
from model.streams.count_texts import count_texts
from model.streams.counted_text import CountedText, merge_all
from model.streams.ranges import ranges_of
from model.texts import remote
from model.texts.reading import Reading
from model.texts.sources import find_sources

fsspec = pytest.importorskip("fsspec", reason="needs the extra cluster")

TEXT = "the cat sat on the mät, and the other cat did not.\n" * 300


@pytest.fixture
def store() -> Iterator[str]:
    """A folder in memory, with two texts, a packed one, an archive and what is to be left out."""
    memory = fsspec.filesystem("memory")
    memory.pipe("/books/a.txt", TEXT.encode())
    memory.pipe("/books/more/b.txt.gz", gzip.compress(TEXT.upper().encode()))
    memory.pipe("/books/.hidden", b"nothing")
    with memory.open("/books/c.zip", "wb") as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr("c.txt", TEXT.title())
    yield "memory://books"
    memory.rm("/books", recursive=True)


def assert_same(one: CountedText, other: CountedText) -> None:
    assert (one.vocabulary, one.characters) == (other.vocabulary, other.characters)
    np.testing.assert_array_equal(one.training.contexts, other.training.contexts)
    np.testing.assert_array_equal(one.training.counts.toarray(), other.training.counts.toarray())


def test_addresses_are_counted_as_files_are(store: str, tmp_path: Path) -> None:
    for name, text in (("a.txt", TEXT), ("b.txt", TEXT.upper()), ("c.txt", TEXT.title())):
        (tmp_path / name).write_text(text, encoding="utf-8")
    expected = count_texts(tmp_path, 3)
    assert_same(count_texts(store, 3), expected)
    names = [f"{store}/*.txt", f"{store}/more/b.txt.gz", f"{store}/c.zip"]
    assert_same(count_texts(names, 3), expected)
    assert_same(count_texts((tmp_path / "a.txt").as_uri(), 3), count_texts(tmp_path / "a.txt", 3))


def test_they_are_cut_into_ranges(store: str) -> None:
    reading = Reading()
    ranges = ranges_of(find_sources(f"{store}/a.txt"), reading, 1 << 12)
    assert len(ranges) == -(-len(TEXT.encode()) // (1 << 12))
    parts = []
    for part in ranges:
        counter = range_counter.RangeCounter(3, reading)
        counter.count(part)
        parts.append(counter.counted())
    assert_same(merge_all(*parts), count_texts(f"{store}/a.txt", 3))


def test_what_is_wrong_is_told(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("d.txt", "*.md"):
        with pytest.raises(CorpusError, match="does not exist: check the address"):
            count_texts(f"{store}/{name}", 3)
    with pytest.raises(CorpusError, match=r"nowhere://a cannot be opened .*check the address"):
        count_texts("nowhere://a", 3)
    (source,) = find_sources(f"{store}/a.txt")
    fsspec.filesystem("memory").rm("/books/a.txt")
    with pytest.raises(CorpusError, match="does not exist"), source.open():
        pass
    remote._opened.cache_clear()
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(CorpusError, match=r"fsspec is needed: install it with pip install"):
        count_texts("memory://books", 3)
