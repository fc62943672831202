"""Texts that take more memory than they may are counted as they stream by."""

from __future__ import annotations

import gzip
import os
import sys
from itertools import cycle, product
from pathlib import Path

import numpy as np
import pytest
from problems import PLAY

from model.corpus import Corpus
from model.dataset import Dataset
from model.errors import Cancelled, CorpusError, SettingsError
from model.large_texts import Counting, open_texts
from model.streams import range_counter
from model.streams.count_texts import count_texts, looks_like_list_of
from model.texts.encoding import TextTooLongError
from model.texts.reading import Reading
from model.texts.sources import find_sources

HOW = Counting(context_length=2, held_out=0.1)
NAMES = [
    "".join(parts) for parts in product(("an", "be", "co", "da"), "nrlstkmv", "aeiou", "lmn", "aeo")
]


@pytest.fixture
def play(tmp_path: Path) -> Path:
    path = tmp_path / "play.txt"
    path.write_bytes(PLAY.replace("\n", "\r\n").encode() * 200)
    return path


def test_what_fits_is_read_and_what_does_not_is_counted(play: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.txt.gz"
    packed.write_bytes(gzip.compress(play.read_bytes()))
    whole = open_texts([play, packed], Reading(), HOW)
    assert not whole.was_streamed
    counted = open_texts([play, packed], Reading(limit=20_000), HOW)
    assert counted.was_streamed
    assert counted.files == whole.files  # fingerprints and line ends, too
    assert (len(counted), counted.vocabulary) == (len(whole), whole.vocabulary)
    expected = count_texts([play, packed], 2, held_out=0.1)
    found = counted.counted
    assert found is not None
    assert found.held_out is not None
    for mine, theirs in ((found.training, expected.training), (found.held_out, expected.held_out)):
        assert theirs is not None
        for a, b in zip(mine.ngrams(), theirs.ngrams(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_what_needs_the_text_says_so(play: Path) -> None:
    corpus = open_texts([play], Reading(limit=20_000), HOW)
    with pytest.raises(CorpusError, match=r"more memory than a text may, .*--limit allows more"):
        corpus.require_text("measuring")
    with pytest.raises(SettingsError, match=r"n-grams and caches need the text .*--limit"):
        Dataset.prepare(corpus).running_text(2)


def test_what_follows_a_context_is_counted_in_both(play: Path) -> None:
    whole = Dataset.prepare(open_texts([play], Reading(), HOW), held_out=0)
    counted = Dataset.prepare(open_texts([play], Reading(limit=20_000), Counting(2)))
    for text in ("", "o", "no", "th", "xx"):
        context = whole.corpus.encode(text.replace("x", "\n")).tolist()
        expected = whole.following(context)
        found = counted.following(context)
        # The first windows of a text are not in the table: shorter contexts miss as many.
        assert 0 <= (expected - found).sum() <= 2 - len(text)
        assert (expected >= found).all()


def test_lists_are_recognized_there_too(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("\n".join(NAMES), encoding="utf-8")
    whole = open_texts([path], Reading(), HOW)
    counted = open_texts([path], Reading(limit=5000), HOW)
    assert counted.was_recognized
    assert counted.is_list
    assert counted.line_count == whole.line_count == len(NAMES)
    assert not open_texts([path], Reading(limit=5000, lines=False), HOW).is_list


@pytest.mark.parametrize("count", [20, len(NAMES), 20 * len(NAMES)])
def test_a_list_is_one_as_a_corpus_finds_it(count: int, tmp_path: Path) -> None:
    names = "\n".join(f"{name}{i // len(NAMES):x}" for i, name in zip(range(count), cycle(NAMES)))
    texts = {"play": PLAY * 200, "names": names, "ends": names + "\n", "mixed": names + PLAY * 400}
    for name, text in texts.items():
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        found = looks_like_list_of(find_sources([path]), Reading())
        assert found == Corpus.from_file(path).is_list, name


def test_a_file_that_is_too_long_for_certain_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "hole.txt"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(TextTooLongError, match="takes more than the 1 MB"):
        Corpus.from_file(path, Reading(encoding="bytes", limit=1_000_000))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such devices on Windows")
def test_what_can_be_read_only_once_is_refused_with_what_to_do() -> None:
    with pytest.raises(CorpusError, match="charembed count - --table"):
        open_texts([os.devnull.replace("null", "zero")], Reading("bytes", limit=10_000), HOW)


def test_progress_goes_by_what_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(range_counter, "BLOCKS_AT_ONCE", 1)
    text = np.random.default_rng(0).choice(list(b"abcdefgh"), 400_000).astype(np.uint8).tobytes()
    packed = tmp_path / "packed.txt.gz"
    packed.write_bytes(gzip.compress(text))
    seen: list[tuple[int, int]] = []
    how = Counting(1, progress=lambda done, total: seen.append((done, total)))
    assert open_texts([packed], Reading(limit=1000), how).was_streamed
    size = packed.stat().st_size
    assert {total for _, total in seen} == {size}
    parts = [done / size for done, _ in seen]
    assert parts == sorted(parts)
    assert abs(parts[len(parts) // 2] - 0.5) < 0.2


def test_both_can_be_given_up(play: Path) -> None:
    for limit in (0, 20_000):
        with pytest.raises(Cancelled):
            open_texts([play], Reading(limit=limit), Counting(2, is_cancelled=lambda: True))
