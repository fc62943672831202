"""Counting and training on the workers of a Dask cluster.

Dask (Rocklin 2015) is an extra: pip install 'charembed-tui[cluster]'. Texts have to be where the
workers see them under the same names: on a file system they share, or at an address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.counting import Progress
from model.errors import Cancelled, SettingsError
from model.streams.count_texts import Note, require_countable, to_count
from model.streams.counted_text import CountedText, merge_all
from model.streams.range_counter import RangeCounter
from model.streams.ranges import RANGE, Range, ranges_of
from model.texts.reading import Reading

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"
_MERGED_AT_ONCE = 4  # tables: more need more memory on one worker, fewer more rounds
_RANGES_A_WORKER = 8  # asked for at a time: results that wait to be merged stay few
_LOST_WORKERS = 10  # that a range survives
_PATIENCE = 0.2  # seconds between two looks at whether to stop


@contextmanager
def connect(address: str, workers: int | None = None) -> Iterator[Client]:
    """A client of a cluster, which is closed in the end.

    Args:
        address: "local" starts processes on this machine; else that of a scheduler, such as
            tcp://10.0.0.1:8786.
        workers: how many processes "local" starts; one for each processor without it.

    Raises:
        SettingsError: Dask is not installed, or nobody answers at the address.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise SettingsError(
            "A cluster needs Dask: install it with pip install 'charembed-tui[cluster]'."
        ) from None
    with dask.config.set({"distributed.scheduler.allowed-failures": _LOST_WORKERS}):
        if address == LOCAL:
            with (
                LocalCluster(
                    n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs=40
                ) as cluster,
                Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = Client(address, timeout=10)
        except (OSError, ValueError, TypeError) as error:
            raise SettingsError(
                f"No cluster answers at {address} ({error}): start dask scheduler there, or choose "
                f"{LOCAL}."
            ) from None
        with client:
            yield client


def count_on_cluster(
    client: Client,
    names: Sequence[str | Path] | str | Path,
    context_length: int,
    *,
    reading: Reading | None = None,
    held_out: float = 0.0,
    range_bytes: int = RANGE,
    progress: Progress | None = None,
    is_cancelled: Callable[[], bool] | None = None,
    note: Note | None = None,
) -> CountedText:
    """Count the n-grams of texts on the workers of a cluster: what `count_texts` gives.

    Each range is read and counted by some worker, and tables are merged four at a time, where they
    are, until one is left. What a lost worker had is counted again.

    Args:
        client: of the cluster.
        names: as for `count_texts`.
        context_length: M.
        reading: how the texts are read.
        held_out: the part that is held out.
        range_bytes: how much a worker counts at a time.
        progress: called with the bytes counted and the bytes there are, as stored.
        is_cancelled: asked five times a second.
        note: as for `count_texts`.

    Raises:
        CorpusError: a text is missing, unreadable or in another encoding, or all are too short.
        SettingsError: the part is no part, or M is less than 1.
        Cancelled: `is_cancelled` said so.
    """
    reading = reading or Reading()
    name, sources = to_count(names, context_length, reading, held_out, note)
    ranges = ranges_of(sources, reading, range_bytes)
    total = sum(part.size for part in ranges)
    tree = _MergeTree(client)
    at_once = _RANGES_A_WORKER * max(1, sum(client.nthreads().values()))
    done, running = 0, {}
    waiting = iter(ranges)
    try:
        while True:
            for part in waiting:
                future = client.submit(
                    count_range, part, context_length, reading, held_out, pure=False
                )
                running[future] = part.size
                if len(running) >= at_once:
                    break
            if not running:
                break
            for future in _finished(running, is_cancelled):
                done += running.pop(future)
                tree.add(future)
                if progress is not None:
                    progress(done, total)
        counted: CountedText = tree.result(is_cancelled)
    finally:
        client.cancel([*running, *tree.futures])
    require_countable(counted, name)
    return counted


def count_range(part: Range, context_length: int, reading: Reading, held_out: float) -> CountedText:
    """What a worker does: the n-grams that end in a range of a text."""
    counter = RangeCounter(context_length, reading, held_out)
    counter.count(part)
    return counter.counted()


class _MergeTree:
    """Tables on workers, merged there as soon as there are some of one level."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._levels: list[list[Future]] = []

    @property
    def futures(self) -> list[Future]:
        """All that are not merged yet."""
        return [future for level in self._levels for future in level]

    def add(self, future: Future, level: int = 0) -> None:
        """A table of a level, 0 for those of single ranges."""
        if level == len(self._levels):
            self._levels.append([])
        self._levels[level].append(future)
        if len(self._levels[level]) == _MERGED_AT_ONCE:
            self.add(self._merged(self._levels[level]), level + 1)
            self._levels[level] = []

    def result(self, is_cancelled: Callable[[], bool] | None) -> Any:
        """All of them as one."""
        rest = self.futures
        last = rest[0] if len(rest) == 1 else self._merged(rest)
        self._levels = [[last]]
        for _ in _finished({last: 0}, is_cancelled):
            pass
        return last.result()

    def _merged(self, futures: list[Future]) -> Future:
        # Before anything that is still to be counted: tables that wait take memory.
        return self._client.submit(merge_all, *futures, pure=False, priority=10)


def _finished(running: dict[Future, int], is_cancelled: Callable[[], bool] | None) -> list[Future]:
    """Those that are done, at least one; errors of the workers are raised here."""
    from distributed import wait

    while True:
        if is_cancelled is not None and is_cancelled():
            raise Cancelled("Counting was cancelled.")
        try:
            done = wait(list(running), timeout=_PATIENCE, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            continue
        for future in done:
            if future.status == "error":
                future.result()
        return list(done)
