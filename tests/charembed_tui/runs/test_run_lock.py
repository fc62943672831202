"""The lock of a run: had by one process, for as long as it lives, and by nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from charembed_tui.runs.errors import RunError
from charembed_tui.runs.run_lock import RunLock

fcntl = pytest.importorskip("fcntl", reason="there are no locks on Windows")

HOLD = """
import sys, time
from pathlib import Path
from charembed_tui.runs.run_lock import RunLock
lock = RunLock(Path(sys.argv[1]))
lock.take()
print("taken", flush=True)
time.sleep(600)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "in-use"


def test_a_lock_ends_with_its_process(path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process, process.stdout:
        assert process.stdout.readline() == b"taken\n"
        lock = RunLock(path)
        assert lock.is_taken
        with pytest.raises(RunError, match="trained by another process"):
            lock.take()
        process.kill()
        process.wait()
    assert path.exists()
    assert not lock.is_taken
    lock.take()
    assert RunLock(path).is_taken
    lock.release()


def test_who_only_sees_whether_a_run_is_in_use_does_not_make_its_resuming_fail(path: Path) -> None:
    path.touch()
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        release = Timer(0.05, lambda: fcntl.flock(other, fcntl.LOCK_UN))
        release.start()
        lock = RunLock(path)
        lock.take()
        release.join()
    assert RunLock(path).is_taken
    lock.release()


def test_a_link_is_no_lock(path: Path, tmp_path: Path) -> None:
    for target in (tmp_path / "missing", tmp_path / "there"):
        (tmp_path / "there").touch()
        path.unlink(missing_ok=True)
        path.symlink_to(target)
        lock = RunLock(path)
        with pytest.raises(RunError, match="no plain file"):
            lock.take()
        assert not lock.is_taken
    assert not (tmp_path / "missing").exists()


def test_a_fifo_and_a_directory_are_no_locks(path: Path, tmp_path: Path) -> None:
    os.mkfifo(path)
    directory = tmp_path / "directory"
    directory.mkdir()
    for place in (path, directory):
        lock = RunLock(place)
        assert not lock.is_taken
        with pytest.raises(RunError, match="no plain file"):
            lock.take()
