import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.separation import nearest, separation


@given(st.integers(0, 1000), st.integers(4, 30), st.integers(1, 3))
def test_nearest_are_the_nearest(seed: int, size: int, count: int) -> None:
    points = np.random.default_rng(seed).normal(size=(size, 3))
    found = nearest(points, count)
    for i in range(size):
        distances = [np.linalg.norm(points[i] - points[j]) for j in range(size) if j != i]
        chosen = [np.linalg.norm(points[i] - points[j]) for j in found[i]]
        assert i not in found[i]
        assert chosen == pytest.approx(sorted(distances)[:count])


def test_a_class_that_stands_together_and_one_that_does_not() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(60, 4))
    members = np.arange(60) < 15
    assert separation(points, members).strength < 0.3
    points[members] += 6.0
    found = separation(points, members)
    assert found.beaten
    assert found.share == found.strength == 1.0
    assert found.expected == pytest.approx(14 / 59, abs=0.05)


def test_chance_hardly_ever_beats_chance() -> None:
    rng = np.random.default_rng(1)
    members = np.arange(50) < 12
    beaten = [separation(rng.normal(size=(50, 5)), members).beaten for _ in range(100)]
    assert sum(beaten) <= 5
