"""The timeline by itself: it goes by how much changes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from one_widget import OneWidget
from required import required
from waiting import until

from charembed_tui.laboratory.timeline_bar import TimelineBar
from charembed_tui.training.change_scale import ChangeScale
from charembed_tui.training.loss_log import Curve
from charembed_tui.training.trajectory import Trajectory
from model.families.log_bilinear.shape import LogBilinear

MODEL = LogBilinear(8, 1, 2)
STEPS = 900


@pytest.fixture
def trajectory() -> Trajectory:
    """A run that does nearly all in its first steps."""
    rng = np.random.default_rng(0)
    start, way = rng.normal(size=(2, MODEL.parameter_count))
    trajectory = Trajectory()
    for step in range(STEPS + 1):
        trajectory.record(step, start + way * (1 - 0.95**step))
    return trajectory


def curve() -> Curve:
    steps = np.arange(0.0, STEPS + 1)
    return Curve(steps, steps, steps, 2 + 2 * 0.95**steps)


def bar_of(trajectory: Trajectory) -> TimelineBar:
    bar = TimelineBar()
    bar.follow(trajectory, MODEL)
    bar.show(STEPS, curve())
    return bar


def place(bar: TimelineBar, sign: str) -> int:
    return "".join(segment.text for segment in bar.segments(100)).index(sign)


async def test_the_head_is_where_that_part_of_all_change_has_happened(
    trajectory: Trajectory,
) -> None:
    bar = bar_of(trajectory)
    scale = ChangeScale.of(trajectory.frames(), MODEL, curve())
    async with OneWidget(bar).run_test(size=(100, 3)):
        bar.to(14)
        assert place(bar, "┃") == pytest.approx(2 + scale.part(14) * bar._length, abs=1)
        assert place(bar, "┃") > 40
        bar.mark_best(60)
        assert place(bar, "★") == pytest.approx(2 + scale.part(60) * bar._length, abs=1)


async def test_keys_go_by_hundredths_of_all_change_but_never_past_a_mark(
    trajectory: Trajectory,
) -> None:
    bar = bar_of(trajectory)
    scale = ChangeScale.of(trajectory.frames(), MODEL, curve())
    async with OneWidget(bar).run_test(size=(100, 3)):
        bar.to(0)
        visited = [0]
        while True:
            bar.scrub(1)
            if bar.step is None:
                break
            visited.append(bar.step)
        # The first steps one by one, the last hundreds in a few presses.
        assert visited[:5] == [0, 1, 2, 3, 4]
        assert 20 < len(visited) < 150
        for one, other in pairwise(visited):
            assert other == one + 1 or scale.part(other) - scale.part(one) <= 0.01 + 1e-9
        bar.mark_best(700)
        back: list[int | None] = []
        while bar.step != 0:
            bar.scrub(-1)
            back.append(bar.step)
        assert 700 in back
        assert visited[1] in back


async def test_playback_takes_the_beginning_slowly(
    trajectory: Trajectory,
) -> None:
    bar = bar_of(trajectory)
    async with OneWidget(bar).run_test(size=(100, 3)):
        bar.to(0)
        bar.toggle_playback()
        required(bar._playing).pause()
        seen = []
        while bar.is_playing:
            bar._tick()
            seen.append(bar.step)
        # Twelve seconds at twenty ticks, half of them for the first dozen of 900 steps.
        assert len(seen) == pytest.approx(240, abs=2)
        assert 10 <= required(seen[len(seen) // 2]) <= 15
        assert seen[-1] is None
        for one, other in pairwise(seen[:-1]):
            assert required(other) >= required(one)


async def test_playback_at_another_speed_and_where_it_is(trajectory: Trajectory) -> None:
    bar = bar_of(trajectory)
    async with OneWidget(bar).run_test(size=(100, 3)):
        bar.change_speed(3)
        bar.to(10)
        bar.toggle_playback()
        assert "×8" in "".join(segment.text for segment in bar.segments(100))
        await until(lambda: not bar.is_playing)
        assert bar.step is None
