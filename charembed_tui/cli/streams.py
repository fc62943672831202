"""Standard output and error that outlive whoever reads them."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

_READER_GONE = (errno.EPIPE, errno.EIO)  # of a pipe, of a terminal


def discard(stream: TextIO) -> None:
    """Let what is written to a stream, and what still waits in it, go nowhere."""
    with suppress(OSError, ValueError):  # some streams are no files
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


class _Patient:
    """A stream that takes everything, whether or not it can be written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, or not."""
        self._attempt(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush, or not."""
        self._attempt(self._stream.flush)

    def _attempt(self, work: Callable[[], object]) -> None:
        try:
            work()
        except OSError as error:
            discard(self._stream)
            if error.errno not in _READER_GONE and self is not sys.stderr:
                print(f"charembed: output is lost ({error}); training goes on", file=sys.stderr)


@contextmanager
def patient_streams() -> Iterator[None]:
    """In this block, that nobody reads the output is no reason to stop."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, _Patient(stream)) for stream in before)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stdout, sys.stderr = before
