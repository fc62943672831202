import numpy as np
import pytest
from bigrams import Bigrams
from hypothesis import given
from hypothesis import strategies as st

from model.errors import SettingsError
from model.families.log_bilinear.shape import LogBilinear
from model.transfer import carried_over

vocabularies = st.sets(st.sampled_from("abcdefgh"), min_size=2).map(sorted)


@given(vocabularies, vocabularies, st.integers(1, 3), st.integers(1, 3), st.integers(0, 9))
def test_shared_characters_keep_their_energies(
    old: list[str], new: list[str], length: int, size: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    before, after = LogBilinear(len(old), length, size), LogBilinear(len(new), length, size)
    theta = before.initial(rng)
    shared = sorted(set(old) & set(new))
    if not shared:
        with pytest.raises(SettingsError, match="share no character"):
            carried_over(theta, before, old, after, new, rng)
        return
    result, count = carried_over(theta, before, old, after, new, np.random.default_rng(seed))
    assert count == len(shared)
    there = np.ix_(*[[old.index(c) for c in shared]] * 2)
    here = np.ix_(*[[new.index(c) for c in shared]] * 2)
    for a, b in zip(before.logit_tables(theta), after.logit_tables(result), strict=True):
        np.testing.assert_array_equal(a[there], b[here])
    # Everything else is drawn as if nothing had been carried over.
    fresh = after.unpack(after.initial(np.random.default_rng(seed)))[0]
    strangers = [i for i, c in enumerate(new) if c not in shared]
    np.testing.assert_array_equal(after.unpack(result)[0][strangers], fresh[strangers])


def test_another_shape_is_refused() -> None:
    model, other = LogBilinear(3, 2, 2), LogBilinear(3, 2, 4)
    rng = np.random.default_rng(0)
    with pytest.raises(SettingsError, match="embedding size 2"):
        carried_over(model.initial(rng), model, "abc", other, "abc", rng)


def test_another_family_is_refused() -> None:
    rng = np.random.default_rng(0)
    model, other = LogBilinear(3, 2, 3), Bigrams(3, 2)
    with pytest.raises(SettingsError, match="family log-bilinear, not bigrams"):
        carried_over(model.initial(rng), model, "abc", other, "abc", rng)


def test_what_belongs_to_no_character_is_carried_over_whole() -> None:
    rng = np.random.default_rng(0)

    class Same(Bigrams):
        """Of a vocabulary of the same size, so that only rows move."""

        embedding_size = 3

    model = Same(3, 2)
    theta = model.initial(rng)
    result, count = carried_over(theta, model, "abc", model, "bcd", np.random.default_rng(1))
    fresh = model.initial(np.random.default_rng(1))
    assert count == 2
    assert result[0] == theta[0]
    np.testing.assert_array_equal(model.table(result)[:, :2], model.table(theta)[:, 1:])
    np.testing.assert_array_equal(model.table(result)[:, 2], model.table(fresh)[:, 2])


def test_blocks_of_other_sizes_are_refused() -> None:
    class Wide(Bigrams):
        """Says it has the same sizes."""

        embedding_size = 0

    rng = np.random.default_rng(0)
    model, other = Wide(3, 2), Wide(4, 2)
    with pytest.raises(SettingsError, match="more than the vocabulary"):
        carried_over(model.initial(rng), model, "abc", other, "abcd", rng)
