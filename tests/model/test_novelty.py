"""Novelty, against Python's own `in`."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model import novelty
from model.corpus import Corpus
from model.counting import count_sequences
from model.dataset import Dataset
from model.errors import Cancelled
from model.interruption import interruptible
from model.novelty import PIECES, Novelty, find_novelty
from model.streams.counted_text import CountedText
from model.texts.reading import Reading

blocks = st.sampled_from([1, 7, 64])  # characters
samples = st.text("abcx", max_size=60)
texts = st.lists(st.text("abc", min_size=1, max_size=60), max_size=4).map(
    lambda some: ["abc", *some]
)
entries = st.lists(st.text("ab", min_size=1, max_size=12), min_size=1, max_size=8)


def learned(texts: list[str]) -> Dataset:
    """Several texts, all of them for training."""
    corpus = Corpus.from_text("".join(texts))
    starts = np.cumsum([0, *map(len, texts[:-1])]).tolist()
    return Dataset.prepare(
        replace(corpus, starts=tuple(starts) if len(texts) > 1 else ()), held_out=0
    )


def a_list(lines: list[str], held_out: float = 0.0) -> Dataset:
    corpus = Corpus.from_text("".join(f"{line}\n" for line in lines))
    return Dataset.prepare(replace(corpus, reading=Reading(lines=True)), held_out=held_out)


def bounded(lines: list[str]) -> list[str]:
    return [f"\n{line}\n" for line in lines]


def counts_of(dataset: Dataset, context_length: int) -> Dataset:
    """The counts of a dataset, without its text."""
    corpus, size = dataset.corpus, len(dataset.vocabulary)
    table = count_sequences(dataset.training, context_length, size)
    counted = CountedText(corpus.vocabulary, table, None, len(corpus), corpus.is_list)
    return Dataset.prepare(replace(corpus, codes=corpus.codes[:0], starts=(), counted=counted))


def check(found: Novelty, samples: list[str], texts: list[str], most: int = 10**6) -> None:
    """Compare with what `in` finds; of a list, samples and texts are lines with both boundaries."""
    runs = [
        [
            max(
                length
                for length in range(min(most, len(sample) - start) + 1)
                if any(sample[start : start + length] in text for text in texts)
            )
            for start in range(len(sample))
        ]
        for sample in samples
    ]
    assert found.longest == max((run for line in runs for run in line), default=0)
    within: list[int] = []
    for line in runs:
        own = [0] * len(line)
        for length in (length for length in PIECES if length <= most):
            for start in (start for start, run in enumerate(line) if run >= length):
                own[start : start + length] = [length] * length
        within += own[1:] if line and samples[0].startswith("\n") else own
    assert found.within.tolist() == within
    for length in PIECES:
        pieces = [run >= length for line in runs for run in line[: max(0, len(line) - length + 1)]]
        if length > most or not pieces:
            assert found.shares[length] is None
        else:
            assert found.shares[length] == pytest.approx(sum(pieces) / len(pieces))


@given(samples, texts, blocks)
@example("abcxab" + "ab" * 25, ["ab" * 40, "cab"], 7)
@example("", ["abc"], 7)
def test_texts(sample: str, texts: list[str], block: int) -> None:
    with patch.object(novelty, "_BLOCK", block):
        found = find_novelty(sample, learned(texts))
    check(found, [sample], texts)
    assert found.stop - found.start == found.longest
    assert any(sample[found.start : found.stop] in text for text in texts)


@given(st.lists(st.text("abx", min_size=1, max_size=12), max_size=6), entries, blocks)
def test_lists(written: list[str], lines: list[str], block: int) -> None:
    with patch.object(novelty, "_BLOCK", block):
        found = find_novelty("".join(f"{line}\n" for line in written), a_list(lines))
    check(found, bounded(written), bounded(lines))


@given(samples, texts, blocks, st.integers(1, 12))
def test_counts_know_no_longer_pieces(sample: str, texts: list[str], block: int, m: int) -> None:
    texts = [*texts, "abcabc" * 3]  # long enough to be counted
    with patch.object(novelty, "_BLOCK", block):
        found = find_novelty(sample, counts_of(learned(texts), m))
    # Of texts shorter than a window nothing is counted.
    check(found, [sample], [text for text in texts if len(text) > m], m + 1)
    assert found.is_at_least == (found.longest == m + 1)


def test_counts_of_a_list() -> None:
    found = find_novelty("anna\nbea\n", counts_of(a_list(["ann", "bea", "ena"]), 5))
    check(found, bounded(["anna", "bea"]), bounded(["ann", "bea", "ena"]), 6)


def test_a_long_copy_is_found_whole() -> None:
    text = "".join(np.random.default_rng(0).choice(list("abcdefgh"), 900))
    sample = "aaaaaa" + text[101:733] + "hhhhhh"
    found = find_novelty(sample, learned([text]))
    check(found, [sample], [text])
    assert text[101:733] in sample[found.start : found.stop]


def test_more_characters_than_fit_a_key() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 7000)))
    sample = text[40:47] + text[300:312] + text[3] + text[3]
    check(find_novelty(sample, learned([text])), [sample], [text])


def test_what_is_held_out_does_not_count() -> None:
    dataset = Dataset.prepare(Corpus.from_text("abcdefghij" * 9 + "klmnopqrst"), held_out=0.1)
    for sample in ("hijklmnopq", "klmnopqrst", "abcdefghijab"):
        check(find_novelty(sample, dataset), [sample], ["abcdefghij" * 9])
    lines = [a + b for a, b in pairwise("abcdefghijklmnopqrstuvwxyz")]
    of_list = a_list(lines, held_out=0.5)
    known = {of_list.corpus.decode(codes) for codes, _ in of_list.training.parts(0)}
    for line in lines:
        assert (find_novelty(f"{line}\n", of_list).longest == 4) == (f"{line}\n" in known)


def test_it_can_be_given_up() -> None:
    with pytest.raises(Cancelled), interruptible(lambda: True):
        find_novelty("abcabc", learned(["abc" * 9]))
