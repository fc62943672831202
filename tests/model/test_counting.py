"""Streaming, lines, several files, compressed files: always the table of counting at once."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import counting, sequences, unique_ngrams, unique_windows
from model.corpus import Corpus
from model.counting import count_ngrams, count_sequences
from model.errors import Cancelled, CorpusError
from model.ngrams import NgramTable
from model.sequences import Sequences
from model.streams import range_counter, ranges
from model.streams.count_texts import count_texts
from model.texts.reading import Reading
from model.unique_ngrams import distinct_ngrams
from model.unique_windows import distinct_windows

TEXT = "Füße, 世界 und 🎉; the same old story, 世界 und 🎉.\n" * 3


def same(a: NgramTable, b: NgramTable) -> bool:
    return (
        np.array_equal(a.contexts, b.contexts)
        and a.counts.shape == b.counts.shape
        and (a.counts - b.counts).nnz == 0
    )


@given(
    st.integers(1, 7),
    st.integers(2, 4000),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
def test_distinct_ngrams_of_any_size(length: int, size: int, seed: int, weighted: bool) -> None:
    """Through all ways: binned, sorted, ranked because 64 bits are not enough."""
    rng = np.random.default_rng(seed)
    windows = rng.choice(rng.integers(size, size=5), size=(60, length * 2))
    weights = rng.integers(1, 9, size=60) if weighted else np.ones(60, dtype=int)
    expected: Counter[tuple[int, ...]] = Counter()
    for window, weight in zip(windows.tolist(), weights.tolist(), strict=True):
        expected[tuple(window)] += weight
    ngrams, counts = distinct_ngrams(list(windows.T), size, weights if weighted else None)
    assert ngrams.tolist() == [list(ngram) for ngram in sorted(expected)]
    assert counts.tolist() == [expected[ngram] for ngram in sorted(expected)]


@given(
    st.integers(1, 40),
    st.integers(1, 5000),
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.sampled_from([1, 30, 1 << 16]),
    st.sampled_from([(0, 0), unique_windows._PACKED]),
    st.booleans(),
)
def test_distinct_windows_of_any_size(
    length: int, size: int, seed: int, some: bool, bins: int, packed: tuple[int, int], quick: bool
) -> None:
    """Packed, ranked, overlapping; binned, sorted, and sorted to rank what 64 bits do not hold."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(rng.integers(size, size=4), size=length + 80)
    codes[20 : 20 + length] = codes[50 : 50 + length]
    chosen = rng.random(len(codes) - length + 1) < 0.7 if some else None
    windows = np.lib.stride_tricks.sliding_window_view(codes, length)
    expected = Counter(map(tuple, windows[slice(None) if chosen is None else chosen].tolist()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unique_ngrams, "_ALWAYS_BINNED", bins)
        patch.setattr(unique_ngrams, "_BINS_PER_WINDOW", 1)
        patch.setattr(unique_windows, "_TABLE_ELEMENTS", bins)
        patch.setattr(unique_windows, "_PACKED", packed)
        patch.setattr(unique_windows, "_LONG", 0)
        patch.setattr(unique_windows, "is_sorting_quick", lambda: quick)
        ngrams, counts = distinct_windows(codes, length, size, chosen)
    assert ngrams.tolist() == [list(ngram) for ngram in sorted(expected)]
    assert counts.tolist() == [expected[ngram] for ngram in sorted(expected)]


@given(st.integers(1, 40), st.integers(1, 4))
@settings(deadline=None)
def test_pieces_do_not_show(piece: int, m: int) -> None:
    corpus = Corpus.from_text(TEXT)
    size = len(corpus.vocabulary)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "PIECE", piece)
        patch.setattr(sequences, "PIECE", piece)
        pieced = count_sequences(corpus.sequences, m, size)
    assert same(pieced, count_ngrams(corpus.codes, size, m))


@given(st.integers(1, 60), st.integers(1, 5))
@settings(deadline=None)
def test_streaming_is_counting_at_once(
    tmp_path_factory: pytest.TempPathFactory, chunk: int, m: int
) -> None:
    path = tmp_path_factory.mktemp("stream") / "text.txt"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges, "BLOCK", chunk)
        patch.setattr(range_counter, "BLOCKS_AT_ONCE", 2)
        counted = count_texts(path, m)
    corpus = Corpus.from_text(TEXT)
    assert counted.vocabulary == corpus.vocabulary
    assert counted.characters == len(TEXT)
    assert same(counted.training, count_ngrams(corpus.codes, len(corpus.vocabulary), m))


def test_several_files_share_no_ngram(tmp_path: Path) -> None:
    texts = ["zebra", "ab", "cabbage\n"]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.txt").write_text(text)
    counted = count_texts(tmp_path / "*.txt", 2)
    ngrams, counts = counted.training.ngrams()
    found = {
        "".join(counted.vocabulary[c] for c in n): int(k)
        for n, k in zip(ngrams, counts, strict=True)
    }
    expected = Counter(t[i : i + 3] for t in texts for i in range(len(t) - 2))
    assert found == expected


def test_compressed_files_are_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "text.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))
    corpus = Corpus.from_text(TEXT)
    expected = count_ngrams(corpus.codes, len(corpus.vocabulary), 3)
    assert same(count_texts(path, 3).training, expected)
    assert Corpus.from_file(path).decode(Corpus.from_file(path).codes) == TEXT
    path.write_bytes(gzip.compress(TEXT.encode())[:-9])
    for read in (lambda: count_texts(path, 3), lambda: Corpus.from_file(path)):
        with pytest.raises(CorpusError, match=r"text\.gz"):
            read()


@pytest.mark.parametrize("chunk", [1, 2, 5, 1000])
@pytest.mark.parametrize("end", ["", "\n"])
def test_lines_are_sequences_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, end: str
) -> None:
    names = ["anna", "bo", "", "cleo"]
    path = tmp_path / "names.txt"
    path.write_text("\n".join(names) + end)
    m = 2
    monkeypatch.setattr(ranges, "BLOCK", chunk)
    counted = count_texts(path, m, reading=Reading(lines=True))
    expected: Counter[str] = Counter()
    for name in filter(None, names):
        padded = "\n" * m + name + "\n"
        expected.update(padded[i : i + m + 1] for i in range(len(padded) - m))
    ngrams, counts = counted.training.ngrams()
    found = {
        "".join(counted.vocabulary[c] for c in n): int(k)
        for n, k in zip(ngrams, counts, strict=True)
    }
    assert found == expected


def test_progress_reaches_the_end_and_work_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(ranges, "BLOCK", 10)
    monkeypatch.setattr(range_counter, "BLOCK", 10)
    monkeypatch.setattr(range_counter, "BLOCKS_AT_ONCE", 2)
    count_texts(path, 2, progress=lambda done, total: seen.append((done, total)))
    size = path.stat().st_size
    assert seen[-1] == (size, size)
    assert seen == sorted(seen)
    assert len(seen) > 3
    with pytest.raises(Cancelled):
        count_texts(path, 2, is_cancelled=lambda: True)
    with pytest.raises(Cancelled):
        count_sequences(Sequences.of(np.zeros(5, dtype=int)), 1, 2, is_cancelled=lambda: True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfea\0", "UTF-16"),
        (b"caf\xe9 au lait", "not UTF-8"),
        (b"a\0b", "binary"),
        (b"abc", "too few"),
        (b"aaaaaaaaaa", "single character"),
        (b"the end is \xe4\xb8", "not UTF-8"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        count_texts(path, 3)


def test_bad_paths_are_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="does not exist"):
        count_texts(tmp_path / "nothing*.txt", 3)
    with pytest.raises(CorpusError, match="directory without texts"):
        count_texts(tmp_path, 3)
    with pytest.raises(CorpusError, match="No file"):
        count_texts([], 3)


def test_the_held_out_part_keeps_the_vocabulary() -> None:
    corpus = Corpus.from_text("aaaaaaaaaz")
    training, held_out = corpus.split(0.1)
    assert training.vocabulary == held_out.vocabulary == corpus.vocabulary
    assert (len(training), len(held_out)) == (9, 1)
    assert held_out.decode(held_out.codes) == "z"
    for fraction in (0.0, 1.0, -0.5, 0.99999):
        with pytest.raises(CorpusError, match="held out"):
            corpus.split(fraction)
