"""Blocks set aside in a training text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import SettingsError
from model.families.set_aside import spread_blocks, with_gaps


@given(st.integers(400, 50_000), st.floats(0.02, 0.5), st.integers(1, 50))
def test_blocks_are_of_their_length_and_spread_evenly(
    characters: int, fraction: float, length: int
) -> None:
    mask = spread_blocks(characters, fraction, length)
    assert mask.shape == (characters,)
    assert abs(mask.sum() - characters * fraction) <= length
    for half in np.array_split(mask, 2):
        assert abs(half.sum() - mask.sum() / 2) <= length + 1


def test_a_long_text_has_blocks_of_a_thousand() -> None:
    mask = spread_blocks(1_000_000)
    starts = np.flatnonzero(np.diff(mask.astype(int)) == 1)
    ends = np.flatnonzero(np.diff(mask.astype(int)) == -1)
    assert set((ends - starts).tolist()) == {1000}
    assert len(starts) == 50


def test_short_texts_have_short_blocks() -> None:
    assert spread_blocks(20_000).sum() == 1000
    assert spread_blocks(5).sum() == 1


def test_of_long_texts_no_more_is_set_aside_than_is_of_use() -> None:
    assert spread_blocks(20_000_000).sum() == 66_000


def test_gaps_stand_where_characters_are_set_aside() -> None:
    mask = np.array([False, True, True, False])
    assert with_gaps(np.array([0, 1, 2, 3]), mask, 9).tolist() == [0, 9, 9, 3]


@pytest.mark.parametrize("arguments", [(100, 0.0), (100, 0.6), (100, 0.1, 0), (10, 0.1, 6), (1,)])
def test_bad_arguments_are_named(arguments: tuple[int]) -> None:
    with pytest.raises(SettingsError, match="set aside"):
        spread_blocks(*arguments)
