from __future__ import annotations

import numpy as np
import pytest
from required import required

from charembed_tui.coordinates.axes import Axes, Scale
from charembed_tui.coordinates.character_map import CharacterMap
from charembed_tui.coordinates.views import Components, PrincipalPlane, Projection

RNG = np.random.default_rng(0)
NEAR = RNG.normal(size=(40, 3))
FAR = NEAR * 10 + 100


def a_map(scale: Scale = Scale.LENS) -> CharacterMap:
    result = CharacterMap([1] * 40, scale=scale)
    result.show(Components().project(NEAR))
    return result


@pytest.mark.parametrize("scale", Scale)
def test_a_jump_in_time_has_axes_of_its_own(scale: Scale) -> None:
    seen = a_map(scale)
    goal = Axes.around(NEAR[:, :2], scale)
    seen.show(Components().project(FAR), flows=False)
    seen.show(Components().project(NEAR), flows=False)
    assert seen.axes == goal
    # Where frames flow, they come to it little by little.
    seen.show(Components().project(FAR), flows=False)
    seen.show(Components().project(NEAR))
    assert seen.axes != goal
    # Held axes are held.
    seen.frozen = True
    held = seen.axes
    seen.show(Components().project(FAR), flows=False)
    assert seen.axes == held


def test_the_same_frame_again_moves_nothing() -> None:
    seen = a_map()
    seen.place(60, 20, 2.0)
    before = list(seen.places)
    for _ in range(3):
        seen.show(Components().project(NEAR))
        seen.place(60, 20, 2.0)
        assert seen.places == before


def test_a_few_alone_have_the_map_for_themselves() -> None:
    seen = a_map()
    seen.isolate(frozenset({3, 5, 7}))
    seen.place(60, 20, 2.0)
    assert {i for i, place in enumerate(seen.places) if place} == {3, 5, 7}
    assert seen.axes == Axes.around(NEAR[[3, 5, 7], :2], Scale.LENS)
    assert seen.hidden == 0
    seen.isolate(None)
    seen.place(60, 20, 2.0)
    assert all(seen.places)


def test_another_side_begins_with_axes_of_its_own() -> None:
    seen = a_map()
    seen.change_axes(lambda axes: axes.zoomed(0.5))
    assert seen.frozen
    seen.turn_to(PrincipalPlane())
    assert seen.before is None
    seen.show(PrincipalPlane().project(NEAR))
    assert not seen.frozen
    points = required(seen.projection).points
    assert seen.axes == Axes.around(points, Scale.LENS)
    assert seen.before is points


def test_where_numbers_mean_nothing_units_are_equal() -> None:
    seen = a_map(Scale.LENS)
    seen.show(Projection(PrincipalPlane(), NEAR[:, :2], "distances only", ""))
    assert required(seen.axes).scale is Scale.EQUAL
    seen.change_scale()
    assert required(seen.axes).scale is Scale.EQUAL
