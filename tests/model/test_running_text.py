"""Texts and lists as what counts along them reads them, against sequences cut out one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.families.ngrams.neighbours import neighbour_vectors
from model.families.ngrams.predictor import NgramPredictor
from model.families.set_aside import set_aside, spread_blocks
from model.running_text import RunningText
from model.sequences import Sequences

V, BOUNDARY = 4, 0
entries = st.lists(st.lists(st.integers(1, V - 1), max_size=6), min_size=3, max_size=12)


def a_list(parts: list[list[int]]) -> Sequences:
    codes = np.array([code for part in parts for code in [*part, BOUNDARY]], dtype=np.int32)
    return Sequences.of_lines(codes, BOUNDARY)


@given(entries, st.integers(1, 4), st.data())
def test_lines_left_out_are_as_if_they_had_never_been(
    parts: list[list[int]], order: int, data: st.DataObject
) -> None:
    sequences = a_list(parts)
    text = RunningText.of(sequences, V, 5)
    assert text.line is not None
    stays = np.array(data.draw(st.lists(st.booleans(), min_size=len(parts), max_size=len(parts))))
    stays[0] = True
    chosen = sequences.chosen(stays)
    found = NgramPredictor.from_text(text.without(~stays[text.line]), order)
    expected = NgramPredictor.from_sequences(chosen, V, order)
    contexts = np.random.default_rng(0).integers(V + 1, size=(40, 5))
    np.testing.assert_array_equal(
        found.log_probabilities(contexts), expected.log_probabilities(contexts)
    )


@given(entries, st.integers(0, 60))
def test_the_end_of_a_list_is_whole_lines(parts: list[list[int]], characters: int) -> None:
    text = RunningText.of(a_list(parts), V, 2)
    end = text.end(characters)
    lengths = [len(part) + 3 for part in parts]
    many = max(n for n in range(1, len(parts) + 1) if n == 1 or sum(lengths[-n:]) <= characters)
    expected = RunningText.of(a_list(parts[-many:]), V, 2)
    assert end.codes.tolist() == expected.codes.tolist()
    assert end.asked.tolist() == expected.asked.tolist()
    np.testing.assert_array_equal(end.line, expected.line)


def test_the_end_of_a_text_is_its_last_characters() -> None:
    text = RunningText(np.array([1, 2, V, 3, 0]), V)
    assert text.end(3).codes.tolist() == [V, 3, 0]
    assert text.end(9).codes.tolist() == text.codes.tolist()
    assert text.asked.tolist() == [True, True, False, True, True]
    assert text.without(text.codes == 3).codes.tolist() == [1, 2, V, V, 0]


def test_whole_lines_of_a_list_are_set_aside_and_blocks_of_a_text() -> None:
    rng = np.random.default_rng(0)
    parts = [rng.integers(1, V, size=rng.integers(1, 9)).tolist() for _ in range(400)]
    text = RunningText.of(a_list(parts), V, 3)
    aside = set_aside(text)
    assert text.line is not None
    lines = np.unique(text.line[aside])
    assert (aside == np.isin(text.line, lines)).all()
    assert len(lines) == 20
    assert np.diff(lines).max() <= 21
    codes = np.zeros(500, dtype=np.int32)
    assert (set_aside(RunningText(codes, V)) == spread_blocks(500)).all()


def test_neighbours_in_a_list_are_those_within_lines() -> None:
    parts = [[1, 2], [3, 2], [1]]
    of_list = neighbour_vectors(RunningText.of(a_list(parts), V, 3), 3)
    # The same lines with a boundary on both sides and a gap between them.
    joined = [code for part in parts for code in [BOUNDARY, *part, BOUNDARY, V]]
    np.testing.assert_allclose(of_list, neighbour_vectors(RunningText(np.array(joined), V), 3))
