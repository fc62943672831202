"""A real cluster of processes counts what one machine counts, whatever happens to its workers."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from model.errors import Cancelled, CorpusError, SettingsError
from model.families.log_bilinear.shape import LogBilinear
from model.streams.cluster import connect, count_on_cluster
from model.streams.cluster_sum import ClusterSum
from model.streams.count_texts import count_texts
from model.streams.counted_text import CountedText
from model.streams.table_file import load_table, save_table
from model.texts.reading import Reading

if TYPE_CHECKING:
    from distributed import Client

# Not imported before a test wants it: collecting takes every process a quarter of a second less.
pytestmark = pytest.mark.skipif(find_spec("distributed") is None, reason="needs the extra cluster")

RANGE = 1 << 16


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with connect("local", workers=2) as client:
        yield client


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Several files, of many ranges and of less than one."""
    folder = tmp_path_factory.mktemp("texts")
    rng = random.Random(4)
    words = ["ab", "cab ", "\n", "\r\n", "語", "é", "😀", "Zab"]
    for name, count in (("a", 150_000), ("b", 40_000), ("c", 50)):
        text = "".join(rng.choices(words, k=count))
        (folder / f"{name}.txt").write_bytes(text.encode())
    return folder


def assert_same(one: CountedText, other: CountedText) -> None:
    assert (one.vocabulary, one.characters) == (other.vocabulary, other.characters)
    for mine, theirs in ((one.training, other.training), (one.held_out, other.held_out)):
        assert mine is not None
        assert theirs is not None
        np.testing.assert_array_equal(mine.contexts, theirs.contexts)
        np.testing.assert_array_equal(mine.counts.toarray(), theirs.counts.toarray())


@pytest.mark.parametrize("lines", [False, True])
def test_the_table_is_that_of_one_machine(client: Client, texts: Path, lines: bool) -> None:
    reading = Reading(lines=lines)
    seen: list[tuple[int, int]] = []
    counted = count_on_cluster(
        client,
        texts,
        3,
        reading=reading,
        held_out=0.1,
        range_bytes=RANGE,
        progress=lambda *at: seen.append(at),
    )
    assert_same(counted, count_texts(texts, 3, reading=reading, held_out=0.1))
    if not lines:
        addresses = [path.as_uri() for path in sorted(texts.iterdir())]
        assert_same(count_on_cluster(client, addresses, 3, held_out=0.1), counted)
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] == sum(path.stat().st_size for path in texts.iterdir())


def test_counting_is_cancelled(client: Client, texts: Path) -> None:
    from distributed import wait

    stop = threading.Event()
    with pytest.raises(Cancelled):
        count_on_cluster(
            client,
            texts,
            3,
            range_bytes=RANGE,
            progress=lambda *_: stop.set(),
            is_cancelled=stop.is_set,
        )
    # Nobody is at it any more, so that there is room for something else at each worker.
    others = client.map(abs, range(-8, 0), pure=False)
    wait(others, timeout=60)
    assert client.gather(others) == list(range(8, 0, -1))


def test_what_is_wrong_with_a_text_is_told(client: Client, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(b"good text \xff" * 100)
    with pytest.raises(CorpusError, match=r"bad\.txt is not UTF-8"):
        count_on_cluster(client, tmp_path / "bad.txt", 2)


def test_nobody_at_the_address() -> None:
    with pytest.raises(SettingsError, match="No cluster answers"), connect("nonsense://there"):
        pass


@pytest.fixture(scope="module")
def table(texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "texts.table"
    save_table(count_texts(texts, 3, held_out=0.1), path)
    return path


def test_the_sum_is_that_of_one_machine(client: Client, table: Path) -> None:
    counted = load_table(table)
    model = LogBilinear(len(counted.vocabulary), 3, 2)
    theta = model.initial(np.random.default_rng(1))
    local = model.sum_objective(counted.training, 5, seed=3)
    there = ClusterSum(client, model, table, 5, seed=3)
    assert (len(there), there.positions) == (5, local.positions)
    for index in range(5):
        value, gradient = there.part(theta, index)
        expected, expected_gradient = local.part(theta, index)
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-9, atol=1e-14)
    value, gradient = there.value_and_gradient(theta)
    expected, expected_gradient = local.value_and_gradient(theta)
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-9, atol=1e-14)
    assert all(seconds > 0 for seconds in there.costs(theta))


# The last ones: workers that are killed are started again for each other, not for those above.
def test_a_worker_that_is_killed_changes_nothing(client: Client, texts: Path) -> None:
    killed: list[int] = []

    def kill(done: int, total: int) -> None:
        if not killed:
            victim = next(iter(client.run(os.getpid).values()))
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    client.wait_for_workers(2)
    counted = count_on_cluster(client, texts, 3, held_out=0.1, range_bytes=RANGE, progress=kill)
    assert killed
    assert_same(counted, count_texts(texts, 3, held_out=0.1))


def test_parts_of_a_worker_that_is_killed_are_placed_again(client: Client, table: Path) -> None:
    counted = load_table(table)
    model = LogBilinear(len(counted.vocabulary), 3, 2)
    theta = model.initial(np.random.default_rng(1))
    client.wait_for_workers(2)
    there = ClusterSum(client, model, table, 4, seed=3)
    before = there.value_and_gradient(theta)
    victim = next(iter(client.run(os.getpid).values()))
    os.kill(victim, signal.SIGKILL)
    after = there.value_and_gradient(theta)
    assert after[0] == before[0]
    np.testing.assert_array_equal(after[1], before[1])
