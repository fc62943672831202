from __future__ import annotations

import sys

import numpy as np
import pytest

from charembed_tui.coordinates.neighbours import ScikitLearnMissing, require_scikit_learn
from charembed_tui.coordinates.views import (
    Components,
    Difference,
    MapView,
    Neighbours,
    PrincipalPlane,
)


def groups(seed: int = 0) -> np.ndarray:
    """Three groups of ten in six dimensions."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, 1, 6)) * 5
    return (centres + rng.normal(size=(3, 10, 6)) * 0.3).reshape(30, 6)


LINEAR = [Components(2, 4), PrincipalPlane(), Difference((0, 1), (20,), ("ab", "u"))]


@pytest.mark.parametrize("view", LINEAR, ids=lambda view: view.name)
def test_the_plane_of_a_view_sees_others_as_it_does(view: MapView) -> None:
    embeddings = groups()
    seen = view.project(embeddings)
    assert seen.plane is not None
    np.testing.assert_allclose(seen.plane.picture(embeddings[3:7]), seen.points[3:7])
    assert not view.is_slow


def test_components_within_what_there_is() -> None:
    assert Components(2, 4).within(3) == Components(2, 2)
    np.testing.assert_array_equal(Components(2, 4).project(groups()).points, groups()[:, [2, 4]])


def test_an_axis_goes_from_some_characters_to_others() -> None:
    seen = Difference((0, 1), (20, 21, 22), ("first", "last")).project(groups())
    assert seen.points[[0, 1], 0].mean() == pytest.approx(0)
    assert seen.points[[20, 21, 22], 0].mean() == pytest.approx(1)
    assert "from first to last" in seen.title


def test_neighbours_stay_neighbours_and_frames_flow() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    view, embeddings = Neighbours(), groups()
    first = view.project(embeddings)
    assert first.plane is None
    distances = np.linalg.norm(first.points[:, None] - first.points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    group = np.arange(30) // 10
    assert (group[distances.argmin(axis=1)] == group).all()
    # From there, embeddings that hardly move stay where they are; a new start is elsewhere.
    moved = embeddings + np.random.default_rng(1).normal(size=embeddings.shape) * 0.01
    spread = float(first.points.std())
    after = view.project(moved, first.points).points
    assert np.abs(after - first.points).mean() < 0.5 * spread
    assert np.isfinite(after).all()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_neighbours_of_few_characters(count: int) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    points = Neighbours().project(groups()[:count]).points
    assert points.shape == (count, 2)
    assert np.isfinite(points).all()


def test_without_scikit_learn_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ScikitLearnMissing, match=r"charembed-tui\[maps\]"):
        require_scikit_learn()
