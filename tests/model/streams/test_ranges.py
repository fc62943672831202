"""Ranges counted apart add up to the literal count of the whole, wherever they are cut."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.ngrams import NgramTable
from model.streams import ranges
from model.streams.cluster import count_range
from model.streams.count_texts import count_texts
from model.streams.counted_text import CountedText, merge_all
from model.texts.reading import Reading
from model.texts.sources import find_sources

BLOCK = 32  # bytes: at least four times (M + 2)
TEXTS = st.text(st.sampled_from("ab\n\r éß語😀\ufeff"), min_size=30, max_size=250)
Ngrams = Counter[tuple[str, ...]]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "BLOCK", BLOCK)


def as_counter(table: NgramTable | None, vocabulary: tuple[str, ...]) -> Ngrams:
    if table is None:
        return Counter()
    ngrams, counts = table.ngrams()
    return Counter(
        {tuple(vocabulary[c] for c in row): int(n) for row, n in zip(ngrams, counts, strict=True)}
    )


def numbered(data: bytes, first_block: int) -> list[tuple[str, int]]:
    """Every character after line ends are unified, and the block its last byte lies in."""
    found: list[tuple[str, int]] = []
    place = 0
    for i, character in enumerate(text := data.decode()):
        place += len(character.encode())
        block = first_block + (place - 1) // BLOCK
        if character == "\n" and i and text[i - 1] == "\r":
            found[-1] = ("\n", block)
        elif character == "\r":
            # It is known to be a line end when the next character is there, or the text's end.
            if i + 1 == len(text):
                block = first_block + -(-len(data) // BLOCK)
            else:
                block = first_block + (place + len(text[i + 1].encode()) - 1) // BLOCK
            found.append(("\n", block))
        else:
            found.append((character, block))
    return found


def literal(datas: list[bytes], m: int, part: float, lines: bool) -> tuple[Ngrams, Ngrams]:
    training: Ngrams = Counter()
    held_out: Ngrams = Counter()
    first = 0
    for data in datas:
        characters = numbered(data, first)
        if characters and characters[0][0] == "\ufeff":
            characters = characters[1:]
        first += -(-len(data) // BLOCK)
        flags = [bool(ranges.is_held_out(np.array([block]), part)[0]) for _, block in characters]
        text = [character for character, _ in characters]
        if not lines:
            for i in range(m, len(text)):
                gram = tuple(text[i - m : i + 1])
                if flags[i]:
                    held_out[gram] += 1
                elif not any(flags[i - m : i]):
                    training[gram] += 1
            continue
        start = 0
        while start < len(text):
            end = text.index("\n", start) if "\n" in text[start:] else len(text)
            flag = flags[min(end, len(text) - 1)]
            line = ["\n"] * m + text[start:end] + ["\n"]
            for i in range(m, len(line)):
                if line[i] == "\n" and line[i - 1] == "\n":
                    continue  # an empty line is none
                (held_out if flag else training)[tuple(line[i - m : i + 1])] += 1
            start = end + 1
    return training, held_out


@pytest.mark.parametrize("lines", [False, True])
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=3),
    m=st.integers(1, 3),
    part=st.sampled_from([0.0, 0.1, 0.3, 0.7]),
    size=st.integers(1, 4 * BLOCK),
)
def test_ranges_add_up_to_the_literal_count(
    tmp_path: Path, lines: bool, texts: list[str], m: int, part: float, size: int
) -> None:
    datas = [text.encode() for text in texts]
    for i, data in enumerate(datas):
        (tmp_path / f"{i}.txt").write_bytes(data)
    paths = [tmp_path / f"{i}.txt" for i in range(len(datas))]
    reading = Reading(lines=lines)
    expected = literal(datas, m, part, lines)
    cut = ranges.ranges_of(find_sources(paths), reading, size)
    apart = merge_all(*(count_range(one, m, reading, part) for one in cut))
    found = [as_counter(table, apart.vocabulary) for table in (apart.training, apart.held_out)]
    assert found == list(expected)
    if min(sum(e.values()) for e in expected[:1]) >= 2 and len(apart.vocabulary) > 1:
        whole = count_texts(paths, m, reading=reading, held_out=part)
        assert_same(whole, apart)


def assert_same(one: CountedText, other: CountedText) -> None:
    assert one.vocabulary == other.vocabulary
    assert one.characters == other.characters
    for mine, theirs in ((one.training, other.training), (one.held_out, other.held_out)):
        assert (mine is None) == (theirs is None)
        if mine is not None and theirs is not None:
            np.testing.assert_array_equal(mine.contexts, theirs.contexts)
            np.testing.assert_array_equal(mine.counts.toarray(), theirs.counts.toarray())


def test_merging_is_associative_and_commutative(tmp_path: Path) -> None:
    words = ["abcabcabd", "xyzzy and more", "あいうあい"]
    counted = []
    for i, word in enumerate(words):
        (tmp_path / f"{i}").write_text(word * 20)
        counted.append(count_texts(tmp_path / f"{i}", 2))
    forwards = reduce(CountedText.merge, counted)
    backwards = counted[2].merge(counted[1].merge(counted[0]))
    assert_same(forwards, backwards)


def test_shortened_counts_are_those_of_shorter_contexts(tmp_path: Path) -> None:
    text = "how much wood would a woodchuck chuck " * 5
    (tmp_path / "text").write_text(text)
    (tmp_path / "later").write_text(text[2:])  # which the longer contexts do not see whole
    assert_same_tables = count_texts(tmp_path / "text", 3).shortened(1)
    expected = count_texts(tmp_path / "later", 1)
    np.testing.assert_array_equal(
        assert_same_tables.training.counts.toarray(), expected.training.counts.toarray()
    )
