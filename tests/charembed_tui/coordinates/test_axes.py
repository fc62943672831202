from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from crowding import crowding
from hypothesis import example, given
from hypothesis import strategies as st

from charembed_tui.coordinates import axes
from charembed_tui.coordinates.axes import Axes, Lens, Range, Scale
from charembed_tui.coordinates.views import Components
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.sample_texts import samples
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30).map(np.array)
seeds = st.integers(0, 2**32 - 1)
TEXTS = [*samples(), *map(Path, filter(None, [os.environ.get("CHAREMBED_CORPUS")]))]
MOST = {Scale.OWN: 0.55, Scale.LENS: 0.35}
DEFAULTS = {"app": Preferences().training, "command": TrainingSettings()}


@pytest.mark.parametrize("settings", DEFAULTS.values(), ids=DEFAULTS.keys())
@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_no_tenth_of_the_map_is_crowded_at_the_end_of_the_default_run(
    path: Path, settings: TrainingSettings
) -> None:
    # With less patience, to be quick. Where a run ends depends on the machine in any case, and so
    # it is looked at on the way, too.
    settings = replace(settings, patience=min(settings.patience, 1.0))
    trainer = Trainer(1, settings.prepare(Corpus.from_file(path)), settings, Trajectory())
    seen = []
    while not trainer.converged:
        trainer.step()
        if trainer.steps in (100, 300, 1000):
            seen.append(trainer.model.embeddings(trainer.optimizer.theta).copy())
    trainer.measure()
    assert trainer.measured.training < 3.0  # it has not run away after thousands of steps
    trainer.conclude()  # which goes back to the best step, where the last one is worse
    for embeddings in (*seen, trainer.model.embeddings(trainer.optimizer.theta)):
        points = Components().project(embeddings).points
        for scale, most in MOST.items():
            places = Axes.around(points, scale).positions(points, 101, 101) / 100
            # What is outside stands at the border.
            assert crowding(np.clip(places, 0, 1)) <= most, scale


def test_crowding_is_what_a_search_of_all_rectangles_finds() -> None:
    rng = np.random.default_rng(0)
    for _ in range(12):
        points = rng.random((10, 2)) ** 2
        most = 0.0
        for left in points[:, 0]:
            for right in points[:, 0]:
                for low in points[:, 1]:
                    for high in points[:, 1]:
                        if right < left or high < low or (right - left) * (high - low) > 0.1:
                            continue
                        inside = (points >= [left, low]) & (points <= [right, high])
                        most = max(most, inside.all(axis=1).mean())
        assert crowding(points) == pytest.approx(most)


@given(values, values)
def test_a_range_always_holds_what_it_follows(first: np.ndarray, second: np.ndarray) -> None:
    one, other = (Range.between(each.min(), each.max()) for each in (first, second))
    shown = one.following(other)
    assert shown.low < second.min()
    assert shown.high > second.max()


@given(values, st.lists(st.floats(0.0, 1.0), min_size=1, max_size=9))
def test_quantiles_of_ordered_values_are_numpys(values: np.ndarray, parts: list[float]) -> None:
    ordered, size = np.sort(values), float(np.abs(values).max())
    found = axes._quantiles(ordered, np.array(parts))
    np.testing.assert_allclose(found, np.quantile(values, parts), 1e-12, 1e-12 * size)
    assert axes._middle(ordered) == pytest.approx(np.median(values), rel=1e-12, abs=1e-12 * size)


def test_a_range_grows_at_once_and_shrinks_little_by_little() -> None:
    wide, narrow = Range(0.0, 100.0), Range(40.0, 60.0)
    after = wide.following(narrow)
    assert wide.low < after.low < narrow.low
    for _ in range(40):
        after = after.following(narrow)
    cell = 0.03 * (narrow.high - narrow.low)
    np.testing.assert_allclose([after.low, after.high], [narrow.low, narrow.high], 0, cell)


def test_a_range_does_not_move_for_less_than_a_cell() -> None:
    shown = Range(0.0, 100.0)
    assert shown.following(Range(1.0, 102.0)) == shown
    assert shown.following(Range(1.0, 105.0)) == Range(0.0, 105.0)


def cloud(seed: int, count: int = 60) -> np.ndarray:
    """Points of which some are far from the rest."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 2)) * [1.0, 3.0] + [5.0, -2.0]
    points[: count // 20] *= 40
    return points


@pytest.mark.parametrize("scale", Scale)
def test_axes_hold_the_bulk_and_not_what_is_far_from_it(scale: Scale) -> None:
    points = cloud(1)
    places = Axes.around(points, scale).on_grid(60, 20, 2.0).positions(points, 60, 20)
    centre, half = np.array([29.5, 9.5]), np.array([30.0, 10.0])
    inside: np.ndarray = (np.abs(places - centre) < half).all(axis=1)
    assert inside.mean() > 0.75
    assert not inside[:3].all()
    # The bulk fills the map on one axis at least.
    spans: np.ndarray = np.ptp(places[inside], axis=0)
    assert (spans / [60, 20]).max() > 0.7


@given(seeds, st.integers(8, 200), st.integers(3, 80))
def test_equal_units_are_equal_on_the_screen(seed: int, columns: int, rows: int) -> None:
    points = cloud(seed)
    axes = Axes.around(points, Scale.EQUAL)
    on_grid = axes.on_grid(columns, rows, 2.0)
    square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    origin, right, up = on_grid.positions(square, columns, rows)
    assert (right - origin)[0] == pytest.approx(2.0 * (up - origin)[1])
    # Nothing that was inside is outside now.
    for before, after in zip(axes.ranges, on_grid.ranges, strict=True):
        assert after.low <= before.low + 1e-9 * abs(before.low)
        assert after.high >= before.high - 1e-9 * abs(before.high)
    assert on_grid.on_grid(columns, rows, 2.0).ranges[0].low == pytest.approx(on_grid.ranges[0].low)


@given(values)
@example(np.array([0.0, 22.0, 2.2250738585e-313, 2.225073858507203e-309]))
def test_a_lens_is_in_order_and_can_be_undone(some: np.ndarray) -> None:
    lens = Lens.over(some)
    assert lens.unit > 0
    bent = lens.bend(np.sort(some))
    assert (np.diff(bent) >= -1e-15).all()  # but for rounding, of numbers about 1
    scale = max(1.0, float(np.abs(some).max()))
    np.testing.assert_allclose(lens.straighten(bent), np.sort(some), atol=1e-9 * scale)
    far = np.abs(some).max() * np.array([-3.0, 3.0])  # it goes on beyond what it was made for
    np.testing.assert_allclose(lens.straighten(lens.bend(far)), far, atol=1e-9 * scale)


def test_a_lens_gives_every_tenth_of_the_characters_a_share_of_its_own() -> None:
    # Two crowds far from each other, of which arcsinh about the median spreads one alone.
    crowds = np.concatenate([np.linspace(0, 1, 55), np.linspace(100, 101, 45)])
    lens = Lens.over(crowds)
    seen = lens.bend(crowds)
    whole = float(np.ptp(seen))
    for tenth in np.split(seen, 10):
        assert float(np.ptp(tenth)) > 0.04 * whole
    assert float(np.ptp(np.arcsinh((crowds - lens.centre) / lens.unit)[55:])) < 0.01 * whole
    # What is far is still seen to be.
    assert seen[55] - seen[54] > 0.2 * whole


def test_a_lens_moves_only_where_that_can_be_seen() -> None:
    values = np.random.default_rng(0).normal(size=60)
    lens = Lens.over(values)
    for near in (values + 0.001, values * 1.001):
        assert lens.following(Lens.over(near)) is lens
    for far in (values + 1, values * 2, np.append(values[:-30], values[:30] + 3)):
        assert lens.following(Lens.over(far)) == Lens.over(far)


@given(seeds, st.sampled_from(Scale))
def test_ticks_are_where_their_numbers_are(seed: int, scale: Scale) -> None:
    axes = Axes.around(cloud(seed), scale).on_grid(80, 30, 2.0)
    for axis, cells in enumerate((80, 30)):
        ticks = axes.ticks(axis, cells, 6)
        assert 2 <= len(ticks) <= 10
        for cell, value in ticks:
            point = np.full((1, 2), value)
            assert abs(axes.positions(point, 80, 30)[0, axis] - cell) <= 0.5 + 1e-6
    # Linear axes have even ones.
    values = [value for _, value in axes.ticks(0, 80, 6)]
    is_even = len(np.unique(np.round(np.diff(values), 9))) == 1
    assert is_even or scale is Scale.LENS


def test_a_lens_is_seen_at_its_ticks() -> None:
    axes = Axes.around(cloud(1), Scale.LENS).on_grid(80, 30, 2.0)
    values = [value for _, value in axes.ticks(0, 80, 6)]
    assert len(np.unique(np.round(np.diff(values), 9))) > 1


def test_axes_at_one_point() -> None:
    for scale in Scale:
        axes = Axes.around(np.zeros((3, 2)), scale).on_grid(40, 12, 2.0)
        assert np.isfinite(axes.positions(np.zeros((3, 2)), 40, 12)).all()
        assert axes.ticks(0, 40, 5)


def test_zoom_and_pan() -> None:
    axes = Axes((Range(0.0, 10.0), Range(-1.0, 1.0)), Scale.OWN)
    assert axes.zoomed(0.5).ranges == (Range(2.5, 7.5), Range(-0.5, 0.5))
    assert axes.panned(0.1, 0.5).ranges == (Range(1.0, 11.0), Range(0.0, 2.0))


@pytest.mark.parametrize("scale", Scale)
@pytest.mark.parametrize("value", [0.0, 1e-300, -1.0, 1e12, 1e50, -1e50])
def test_points_that_hardly_differ_have_axes(scale: Scale, value: float) -> None:
    for difference in (0.0, 1e-15, 1e-9):
        points = value * (1 + difference * np.arange(10.0).reshape(5, 2))
        axes = Axes.around(points, scale).following(points).on_grid(60, 20, 2.0)
        positions = axes.positions(points, 60, 20)
        assert np.isfinite(positions).all()
        for axis, cells in enumerate((60, 20)):
            assert all(0 <= cell < cells for cell, _ in axes.ticks(axis, cells, 5))
