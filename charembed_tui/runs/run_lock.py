"""Who is writing into a run's folder: a lock that ends with the process that has it."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from charembed_tui.runs.errors import RunError
from charembed_tui.storage.regular import open_regular

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_SECONDS_TO_TRY = 0.3  # others that see whether a run is in use have its lock for less than 0.1 ms
_SECONDS_BETWEEN = 0.01


class RunLock:
    """The lock of a run, in a file that stays. There are none on Windows.

    Args:
        path: of the file, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    @property
    def is_taken(self) -> bool:
        """Whether a process that lives has it; never where locks do not exist."""
        if fcntl is None or self.path.is_symlink():
            return False
        try:
            with open_regular(self.path) as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def take(self) -> None:
        """Keep other processes from having it, until this one ends or releases it.

        Nothing happens on a file system without locks, and in a folder that cannot be written to.

        Raises:
            RunError: another one has it, or the file is a link or no regular file.
        """
        if fcntl is None or self._file is not None:
            return
        name = self.path.parent.name
        # What a link points to would be made or opened in a place that has nothing to do with runs.
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_file()):
            raise RunError(f"{self.path.name} in {name} is no plain file: remove it.")
        end = time.monotonic() + _SECONDS_TO_TRY
        try:
            self._file = open_regular(self.path, "ab")
            while True:
                try:
                    fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return
                except BlockingIOError:
                    if time.monotonic() >= end:
                        raise
                    time.sleep(_SECONDS_BETWEEN)
        except BlockingIOError:
            self.release()
            raise RunError(
                f"{name} is being trained by another process: stop that one first, or look on with "
                "charembed-tui --follow."
            ) from None
        except OSError:
            self.release()

    def release(self) -> None:
        """Let others have it."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None
