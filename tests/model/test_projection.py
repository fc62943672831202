from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.projection import (
    component_plane,
    component_variances,
    difference_plane,
    principal_plane,
)

seeds = st.integers(0, 2**16)


@given(seeds, st.integers(2, 30), st.integers(1, 8))
def test_no_other_plane_holds_more_variance(seed: int, characters: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    embeddings = rng.normal(size=(characters, size))
    plane = principal_plane(embeddings)
    picture, shares = plane.picture(embeddings), plane.shares
    assert picture.shape == (characters, 2)
    np.testing.assert_allclose(picture.mean(axis=0), 0, atol=1e-12)
    axes, _ = np.linalg.qr(rng.normal(size=(size, min(2, size))))
    other = (embeddings - embeddings.mean(axis=0)) @ axes
    assert (picture**2).sum() >= (other**2).sum() - 1e-9
    assert shares.sum() == pytest.approx((picture**2).sum() / (size and _variance(embeddings)))


def _variance(embeddings: np.ndarray) -> float:
    return float(((embeddings - embeddings.mean(axis=0)) ** 2).sum())


@given(seeds)
def test_turned_and_mirrored_embeddings_give_the_same_picture(seed: int) -> None:
    rng = np.random.default_rng(seed)
    embeddings = rng.normal(size=(20, 5)) * [5, 4, 1, 0.5, 0.1]
    before = principal_plane(embeddings).picture(embeddings)
    turn, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    moved = embeddings @ turn + rng.normal(size=5)
    after = principal_plane(moved, before)
    np.testing.assert_allclose(after.picture(moved), before, atol=1e-9)


def test_the_picture_never_jumps_where_the_greatest_variances_change_places() -> None:
    shape = np.random.default_rng(0).normal(size=(30, 4))
    pictures: list[np.ndarray] = []
    for t in np.linspace(0, 1, 21):
        before = pictures[-1] if pictures else None
        stretched = shape * [2 - t, 1 + t, 0.1, 0.1]
        pictures.append(principal_plane(stretched, before).picture(stretched))
    moves = np.abs(np.diff(pictures, axis=0)).max()
    assert moves < 0.05 * 4  # a twentieth of a change of 1 in a component of up to 4
    alone = principal_plane(stretched).picture(stretched)
    assert np.abs(alone - pictures[0]).max() > 2  # as the picture would have jumped by itself


def test_equal_embeddings_have_a_picture_too() -> None:
    plane = principal_plane(np.ones((4, 3)))
    assert not plane.picture(np.ones((4, 3))).any()
    assert not plane.shares.any()
    assert component_variances(np.ones((4, 3))).tolist() == [0, 0, 0]


def test_shares_of_components() -> None:
    embeddings = np.array([[1.0, 0], [-1, 0], [0, 3], [0, -3]])
    np.testing.assert_allclose(component_variances(embeddings), [0.1, 0.9])


@given(seeds)
def test_the_plane_of_a_difference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    embeddings = rng.normal(size=(12, 4)) * [3, 2, 1, 0.5]
    start, end = [0, 1, 2], [3, 4]
    plane = difference_plane(embeddings, start, end)
    picture = plane.picture(embeddings)
    np.testing.assert_allclose(
        [picture[start, 0].mean(), picture[end, 0].mean()], [0, 1], atol=1e-9
    )
    # The second axis is orthogonal, in the same unit, and no other one shows more.
    along, up = plane.axes.T
    assert along @ up == pytest.approx(0, abs=1e-9)
    assert np.linalg.norm(up) == pytest.approx(np.linalg.norm(along))
    other = rng.normal(size=4)
    other -= along * (other @ along) / (along @ along)
    other *= np.linalg.norm(up) / np.linalg.norm(other)
    assert (embeddings @ up).var() >= (embeddings @ other).var() - 1e-9
    # It does not turn over from one frame to the next.
    np.testing.assert_allclose(
        difference_plane(embeddings, start, end, picture * [1, -1]).picture(embeddings),
        picture * [1, -1],
    )


def test_a_difference_of_nothing_has_a_picture_too() -> None:
    for size in (1, 3):
        plane = difference_plane(np.ones((4, size)), [0], [1])
        assert np.isfinite(plane.picture(np.ones((4, size)))).all()


def test_the_plane_of_components() -> None:
    embeddings = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_array_equal(
        component_plane(embeddings, 2, 0).picture(embeddings), embeddings[:, [2, 0]]
    )
