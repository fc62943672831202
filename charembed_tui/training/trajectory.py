"""The recording of a run: its parameters at every step, thinned to a bounded memory."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LEAST_FRAMES = 4


@dataclass(frozen=True, eq=False)
class Frame:
    """The parameters after a step: theta is (D,), read-only."""

    step: int
    theta: Array


class Trajectory:
    """Frames of a run, the first and the last always among them.

    When the memory is used up, every other frame goes, and from then on only every other step is
    kept: what remains is evenly spaced. One thread writes, any thread may read.

    Args:
        most_bytes: memory for the parameters.
    """

    def __init__(self, most_bytes: int = 64 << 20) -> None:
        self._most_bytes = most_bytes
        self._frames: list[Frame] = []
        self._last: Frame | None = None
        self._stride = 1
        self._lock = Lock()

    def bytes_of(self, parameters: int) -> int:
        """Memory of frames of D parameters, once there are many."""
        frame = 8 * parameters
        return max(self._most_bytes, _LEAST_FRAMES * frame) + frame if frame else 0

    def record(self, step: int, theta: Array) -> None:
        """Note a copy of the parameters after a step; steps come in ascending order."""
        copy = theta.copy()
        copy.flags.writeable = False
        frame = Frame(step, copy)
        with self._lock:
            self._last = frame
            if self._frames and (step - self._frames[0].step) % self._stride:
                return
            self._frames.append(frame)
            while len(self._frames) > max(_LEAST_FRAMES, self._most_bytes // max(copy.nbytes, 1)):
                self._stride *= 2
                first = self._frames[0].step
                self._frames = [f for f in self._frames if (f.step - first) % self._stride == 0]

    def restart(self, frames: Sequence[Frame]) -> None:
        """Begin anew with these frames: what was recorded before belongs to another run."""
        with self._lock:
            self._frames, self._last, self._stride = [], None, 1
        for frame in frames:
            self.record(frame.step, frame.theta)

    def at(self, step: int) -> Frame | None:
        """The recorded frame nearest to a step; None before the first."""
        frames = self.frames()
        if not frames:
            return None
        i = bisect_left(frames, step, key=lambda frame: frame.step)
        around = frames[max(0, i - 1) : i + 1]
        return min(around, key=lambda frame: abs(frame.step - step))

    def until(self, step: int, most: int) -> list[Frame]:
        """The last frames up to a step, in ascending order."""
        frames = self.frames()
        stop = bisect_right(frames, step, key=lambda frame: frame.step)
        return frames[max(0, stop - most) : stop]

    def frames(self) -> list[Frame]:
        """What is recorded, in ascending order of steps."""
        with self._lock:
            if self._last is None or self._frames[-1] is self._last:
                return list(self._frames)
            return [*self._frames, self._last]
