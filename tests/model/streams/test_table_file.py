"""Tables come back from their files to the last count, and a damaged file is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.errors import CorpusError
from model.ngrams import NgramTable
from model.streams.counted_text import CountedText
from model.streams.table_file import load_table, save_table
from model.streams.table_mark import is_table


def counted(codes: list[int], m: int = 2, held_out: bool = True) -> CountedText:
    windows = np.lib.stride_tricks.sliding_window_view(np.array(codes), m + 1)
    table = NgramTable.from_ngrams(windows, np.ones(len(windows), dtype=np.int64), 4)
    other = table.select(np.array([0])) if held_out else None
    return CountedText(("\n", "a", "é", "語"), table, other, len(codes))


def assert_same(one: NgramTable, other: NgramTable) -> None:
    np.testing.assert_array_equal(one.contexts, other.contexts)
    np.testing.assert_array_equal(one.counts.toarray(), other.counts.toarray())
    assert one.counts.dtype == other.counts.dtype


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    codes=st.lists(st.integers(0, 3), min_size=4, max_size=60),
    m=st.integers(1, 3),
    held_out=st.booleans(),
)
def test_a_table_comes_back(tmp_path: Path, codes: list[int], m: int, held_out: bool) -> None:
    path = tmp_path / "some.table"
    text = counted(codes, m, held_out)
    save_table(text, path)
    assert is_table(path)
    back = load_table(path)
    assert (back.vocabulary, back.characters) == (text.vocabulary, len(codes))
    assert_same(back.training, text.training)
    assert (back.held_out is None) == (text.held_out is None)
    if back.held_out is not None and text.held_out is not None:
        assert_same(back.held_out, text.held_out)
    assert_same(back.merge(text).training, text.merge(text).training)
    assert [name.name for name in tmp_path.iterdir()] == ["some.table"]


def test_arrays_stay_in_the_file(tmp_path: Path) -> None:
    save_table(counted([0, 1, 2, 3, 1, 2]), tmp_path / "t")
    table = load_table(tmp_path / "t").training
    for array in (table.contexts, table.counts.data, table.counts.indices):
        base: object = array
        while base is not None and not isinstance(base, np.memmap):
            base = getattr(base, "base", None)
        assert base is not None, "read instead of mapped"
        assert not array.flags.writeable


def test_every_flipped_bit_and_every_cut_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "t"
    save_table(counted([0, 1, 2, 3, 1, 2, 0, 0, 1]), path)
    data = path.read_bytes()
    described = load_table(path)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        try:
            back = load_table(path)
        except CorpusError:
            continue
        # Only what fills up between arrays may change unnoticed.
        assert_same(back.training, described.training)
        assert data[place : place + 1] in (b"\0", b"\n")
    for length in range(0, len(data) - 64, 7):
        path.write_bytes(data[:length])
        with pytest.raises(CorpusError):
            load_table(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: b"Once upon a time", "no table"),
        (lambda data: data.replace(b"table 1", b"table 7", 1), "version 7"),
        (lambda data: b"", "no table"),
    ],
)
def test_other_files_are_refused_with_their_reason(
    tmp_path: Path, change: Callable[[bytes], bytes], message: str
) -> None:
    path = tmp_path / "t"
    save_table(counted([0, 1, 2, 3, 1, 2]), path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(CorpusError, match=message):
        load_table(path)


def test_no_file_and_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not is_table(tmp_path / "pipe")
    for name, message in (("pipe", "no file"), ("nothing", "does not exist")):
        with pytest.raises(CorpusError, match=message):
            load_table(tmp_path / name)


def forged(path: Path, text: CountedText, **arrays: object) -> None:
    """A file with right checksums around wrong numbers."""
    matrix = text.training.counts.copy()
    for name, value in arrays.items():
        setattr(matrix, name, value)
    table = NgramTable(text.training.contexts, matrix)
    save_table(CountedText(text.vocabulary, table, None, text.characters), path)


def test_right_checksums_around_wrong_numbers_are_refused(tmp_path: Path) -> None:
    text = counted([0, 1, 2, 3, 1, 2, 0, 0, 1], held_out=False)
    matrix = text.training.counts
    forged(tmp_path / "t", text)
    load_table(tmp_path / "t")
    for name, place, value in (
        ("data", 0, 0),
        ("data", 1, -5),
        ("indices", 0, 4),
        ("indices", 2, -1),
        ("indptr", 1, 90),
        ("indptr", 0, 1),
    ):
        array = getattr(matrix, name).copy()
        array[place] = value
        forged(tmp_path / "t", text, **{name: array})
        with pytest.raises(CorpusError, match="damaged"):
            load_table(tmp_path / "t")


def test_an_unfinished_table_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t"
    save_table(counted([0, 1, 2, 3]), path)
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        save_table(counted([0, 1, 2, 3, 3, 3]), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
