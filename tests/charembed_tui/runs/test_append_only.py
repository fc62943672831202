"""What a run writes as it goes: losses, parameters, samples, in files that only grow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from full_disk import files_of_at_most
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charembed_tui.runs.append_only import append
from charembed_tui.runs.generated_texts import GeneratedTexts
from charembed_tui.runs.metrics import Metrics
from charembed_tui.runs.trajectory_file import TrajectoryFile
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.loss_log import Measurement
from charembed_tui.training.trajectory import Frame

PARAMETERS = 3
ROWS = [Measurement(s, s / 8, s * 2.0, 3.0 - s / 100, None if s < 3 else 3.5) for s in range(6)]


def frames(*steps: int) -> list[Frame]:
    return [Frame(step, np.array([step, step / 3, -1.0])) for step in steps]


def same(found: list[Frame], expected: list[Frame]) -> bool:
    return [f.step for f in found] == [f.step for f in expected] and all(
        np.array_equal(a.theta, b.theta) for a, b in zip(found, expected, strict=True)
    )


def test_losses_come_back_and_a_torn_line_is_skipped(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path / "metrics.csv")
    assert metrics.last() is None
    assert metrics.read()[0] == []
    metrics.append(ROWS[:2])
    found, place, is_new = metrics.read()
    assert (found, is_new) == (ROWS[:2], True)
    with metrics.path.open("a") as file:
        file.write("7,1,")  # as a crash would leave it
    assert metrics.last() == ROWS[1]
    assert metrics.read(place) == ([], place, False)
    metrics.cut(1)
    metrics.append(ROWS[2:])
    found, _, is_new = metrics.read(place)
    assert (found, is_new) == (ROWS, True)  # the file was replaced: everything is read again
    assert metrics.last() == ROWS[-1]


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_losses_or_nothing(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "metrics.csv"
    path.write_bytes(b"step,seconds,passes,training,held_out\n" + data + b"\n1,2,3,4,\n")
    rows = Metrics(path).read()[0]
    assert rows[-1] == Measurement(1, 2.0, 3.0, 4.0, None)
    assert Metrics(path).last() == rows[-1]


def test_parameters_come_back_and_are_read_on(tmp_path: Path) -> None:
    recording = TrajectoryFile(tmp_path / "recording.bin", PARAMETERS)
    recording.append(frames(0, 1, 2))
    found, place, is_new = recording.read()
    assert same(found, frames(0, 1, 2))
    assert is_new
    recording.append(frames(1, 2, 3, 4))  # those before are there already
    found, place, is_new = recording.read(place)
    assert same(found, frames(3, 4))
    assert not is_new
    recording.cut(2)
    found, place, is_new = recording.read(place)
    assert same(found, frames(0, 1, 2))
    assert is_new
    recording.append(frames(3))
    assert same(recording.read(place)[0], frames(3))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=40), st.integers(8, 20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_recording_stays_bounded_and_keeps_its_ends(
    tmp_path: Path, sizes: list[int], most: int
) -> None:
    path = tmp_path / "recording.bin"
    path.unlink(missing_ok=True)
    record = 12 + 8 * PARAMETERS
    recording = TrajectoryFile(path, PARAMETERS, most_bytes=most * record)
    step = 0
    for size in sizes:
        recording.append(frames(*range(step, step + size)))
        step += size
        steps = [frame.step for frame in recording.read()[0]]
        assert (steps[0], steps[-1]) == (0, step - 1)
        assert steps == sorted(set(steps))
        assert len(steps) <= most
        assert path.stat().st_size <= 30 + (most + 1) * record


def test_a_damaged_recording_is_read_up_to_the_damage(tmp_path: Path) -> None:
    path = tmp_path / "recording.bin"
    TrajectoryFile(path, PARAMETERS).append(frames(0, 1, 2))
    good = path.read_bytes()
    for place in range(len(good)):
        for data in (good[:place], good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :]):
            path.write_bytes(data)
            found = TrajectoryFile(path, PARAMETERS).read()[0]
            assert len(found) < 3
            assert same(found, frames(0, 1, 2)[: len(found)])


@given(
    st.lists(
        st.builds(GeneratedText, st.integers(0, 9), st.text(), st.text(), st.text()), max_size=5
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_samples_come_back_and_other_lines_are_skipped(
    tmp_path: Path, written: list[GeneratedText]
) -> None:
    samples = GeneratedTexts(tmp_path / "samples.jsonl")
    samples.path.write_bytes(b'{"step": []}\n\xff\n[1]\nnull\n')
    for sample in written:
        samples.append(sample)
    assert samples.read()[0] == written


def test_what_does_not_fit_on_the_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    append(path, [b"x" * 600])
    with files_of_at_most(1000), pytest.raises(OSError, match="too large"):
        append(path, [b"y" * 600])
    assert path.read_bytes() == b"x" * 600
    append(path, [b"z"])
    assert path.read_bytes() == b"x" * 600 + b"z"


def test_a_first_write_that_fails_leaves_no_file_that_goes_without_its_header(
    tmp_path: Path,
) -> None:
    recording = TrajectoryFile(tmp_path / "recording.bin", PARAMETERS)
    metrics = Metrics(tmp_path / "metrics.csv")
    with files_of_at_most(10):
        with pytest.raises(OSError, match="too large"):
            recording.append(frames(0, 1))
        with pytest.raises(OSError, match="too large"):
            metrics.append(ROWS[:2], ["R"])
    recording.append(frames(0, 1, 2))
    metrics.append(ROWS, ["R"])
    assert same(recording.read()[0], frames(0, 1, 2))
    header, *rows = metrics.path.read_text().splitlines()
    assert header.startswith("step,")
    assert header.endswith("gradient_norm,R_norm")
    assert len(rows) == len(ROWS)


@pytest.mark.parametrize("count", [8, 9, 20, 33])
def test_a_thinned_recording_can_be_read_wherever_thinning_was_interrupted(
    tmp_path: Path, count: int
) -> None:
    recording = TrajectoryFile(tmp_path / "recording.bin", PARAMETERS)
    assert not recording.thin()
    recording.append(frames(*range(count)))
    before = recording.path.read_bytes()
    assert recording.thin() == (count > 8)
    after = recording.path.read_bytes()
    found = [frame.step for frame in recording.read()[0]]
    assert (found[0], found[-1]) == (0, count - 1)
    assert len(found) <= max(8, count // 2 + 1)
    recording.append(frames(*range(count + 40)))  # those that are new
    steps = [frame.step for frame in recording.read()[0]]
    assert steps == sorted(set(steps))
    assert (steps[: len(found)], steps[-1]) == (found, count + 39)
    for written in range(len(after)):
        recording.path.write_bytes(after[:written] + before[written:])
        some = recording.read()[0]
        assert same(some, frames(*(frame.step for frame in some)))
        assert some[0].step == 0


def test_what_goes_back_in_time_is_passed_over(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path / "metrics.csv")
    metrics.append(ROWS[2:4])
    first, place, _ = metrics.read()
    metrics.append([ROWS[1], ROWS[3], ROWS[5]._replace(seconds=0.0), ROWS[4], ROWS[5]])
    assert [row.step for row in first] == [2, 3]
    assert [row.step for row in metrics.read(place)[0]] == [4, 5]
    assert [row.step for row in metrics.read()[0]] == [2, 3, 4, 5]
    recording = TrajectoryFile(tmp_path / "recording.bin", PARAMETERS)
    recording.append(frames(2, 3))
    first_frames, place, _ = recording.read()
    TrajectoryFile(recording.path, PARAMETERS).append(frames(3, 4))
    assert same(first_frames, frames(2, 3))
    assert recording.read(place)[0] == []
