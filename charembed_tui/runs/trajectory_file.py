"""The recording of a run on disk: frames in a file that grows, thinned when it is too long."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, takewhile
from pathlib import Path

import numpy as np

from charembed_tui.runs.append_only import Place, append, read_on
from charembed_tui.storage.atomic import write_pieces
from charembed_tui.storage.regular import open_regular, read_regular
from charembed_tui.training.trajectory import Frame
from model import validity

_MAGIC = b"charembed recording 1\n"
_MOST_BYTES = 16 << 20
_LEAST_FRAMES = 8
_PIECE = 1 << 20  # bytes that are written at a time: all frames at once would be there twice
_HEAD = struct.Struct("<Iq")  # checksum of what follows it, and the step


class TrajectoryFile:
    """`recording.bin` of a run.

    After a line that names the format come records of a checksum, a step and D parameters. A
    record that is torn or damaged ends the file.

    Args:
        path: of the file, which need not exist.
        parameters: D.
        most_bytes: of the file, about.
    """

    def __init__(self, path: Path, parameters: int, most_bytes: int = _MOST_BYTES) -> None:
        self.path = path
        self._size = _HEAD.size + 8 * parameters
        self._most = max(_LEAST_FRAMES, most_bytes // self._size)
        self._first = self._last = -1  # steps
        self._stride, self._count = 1, 0

    def append(self, frames: Sequence[Frame]) -> None:
        """Add those of some frames that are newer than the last, evenly thinned.

        The newest is always among them. Raises OSError; then none is added.
        """
        new = [frame for frame in frames if frame.step > self._last]
        if not new:
            return
        first = new[0].step if self._first < 0 else self._first
        retained = [f for f in new if (f.step - first) % self._stride == 0 or f is new[-1]]
        if self._count + len(retained) > self._most:
            self._rewrite([*self._records(), *retained])
            return
        append(self.path, _pieces(retained), _MAGIC)
        self._first, self._last = first, new[-1].step
        self._count += len(retained)

    def thin(self, least: int = 0) -> bool:
        """Free half of the room that the file takes; whether more than so many frames were there.

        It is rewritten where it is: on a full disk a thinner one finds no place beside it. Where
        that is interrupted, the recording ends with the frames that were written anew, since those
        behind them do not ascend. Raises OSError.
        """
        records = self._records() if self.path.exists() else []
        if len(records) <= max(least, _LEAST_FRAMES):
            return False
        retained = self._thinned(records, len(records) // 2 + 1)
        with open_regular(self.path, "r+b") as file:
            file.seek(len(_MAGIC))
            file.writelines(_pieces(retained))
            file.truncate()
        return True

    def cut(self, step: int) -> None:
        """Forget the frames after a step: the run goes on from there. Raises OSError."""
        if self.path.exists():
            good = takewhile(lambda record: _unpacked(record) is not None, self._records())
            self._rewrite([record for record in good if _step(record) <= step])

    def read(self, place: Place | None = None) -> tuple[list[Frame], Place, bool]:
        """The frames after a place, the next place, and whether this is a fresh start.

        Raises:
            OSError: the file cannot be read.
        """
        size = self._size
        most = len(_MAGIC) + 2 * (self._most + 1) * size
        data, place, is_new = read_on(self.path, place, most)
        begin = 0
        if place.offset == 0:
            if not data.startswith(_MAGIC):
                return [], place, is_new
            begin = len(_MAGIC)
        frames: list[Frame] = []
        last = place.last
        for start in range(begin, len(data) - size + 1, size):
            frame = _unpacked(data[start : start + size])
            if frame is None or (last and frame.step <= last[0]):
                break
            frames.append(frame)
            last = (frame.step,)
        read = begin + len(frames) * size
        return frames, Place(place.file, place.offset + read, last), is_new

    def _records(self) -> list[memoryview]:
        """The records as they are on disk: frames of their own would scatter the memory."""
        data = memoryview(read_regular(self.path) if self.path.exists() else b"")
        starts = range(len(_MAGIC), len(data) - self._size + 1, self._size)
        return [data[start : start + self._size] for start in starts]

    def _rewrite(self, records: Sequence[memoryview | Frame]) -> None:
        """Replace the file by a thinner one of these records, and of frames."""
        before = self._first, self._last, self._stride, self._count
        try:
            retained = self._thinned(records, self._most // 2)
            write_pieces(self.path, chain([_MAGIC], _pieces(retained)))
        except OSError:
            self._first, self._last, self._stride, self._count = before
            raise

    def _thinned(
        self, records: Sequence[memoryview | Frame], most: int
    ) -> Sequence[memoryview | Frame]:
        """At most so many of some records, which are all of the file from now on."""
        first, last = (_step(records[0]), _step(records[-1])) if records else (-1, -1)
        stride = self._stride
        while len(records) > most:
            stride *= 2
            retained = [record for record in records if (_step(record) - first) % stride == 0]
            records = retained if retained[-1] is records[-1] else [*retained, records[-1]]
        self._first, self._last, self._stride, self._count = first, last, stride, len(records)
        return records


def _pieces(records: Iterable[memoryview | Frame]) -> Iterator[bytes]:
    """Records on disk, and frames as such, in pieces of about a megabyte."""
    piece: list[bytes | memoryview] = []
    size = 0
    for record in records:
        piece.append(_packed(record) if isinstance(record, Frame) else record)
        size += len(piece[-1])
        if size >= _PIECE:
            yield b"".join(piece)
            piece, size = [], 0
    yield b"".join(piece)


def _step(record: memoryview | Frame) -> int:
    return record.step if isinstance(record, Frame) else int(_HEAD.unpack_from(record)[1])


def _packed(frame: Frame) -> bytes:
    theta = frame.theta.astype("<f8", copy=False).tobytes()
    crc = zlib.crc32(theta, zlib.crc32(_HEAD.pack(0, frame.step)))
    return _HEAD.pack(crc, frame.step) + theta


def _unpacked(data: bytes | memoryview) -> Frame | None:
    """A frame, None for a record that is damaged."""
    _, step = _HEAD.unpack_from(data)
    theta = np.frombuffer(data, "<f8", offset=_HEAD.size).astype(np.float64)
    frame = Frame(step, theta)
    if not 0 <= step <= validity.MOST_STEPS or not validity.are_parameters(theta):
        return None
    if _packed(frame)[:4] != data[:4]:
        return None
    theta.flags.writeable = False
    return frame
