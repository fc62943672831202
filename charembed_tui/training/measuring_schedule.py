"""When the loss is worth measuring: it may take a small part of a run's time."""

from __future__ import annotations

import math

_SHARE = 0.1  # of the time, spent on measuring


class MeasuringSchedule:
    """Weighs the time that measuring takes against that of the steps since it was last done.

    Args:
        by_batches: whether a step is a mini-batch: going over a text takes as long as hundreds of
            them then, and half the share is allowed.

    Attributes:
        seconds: that measuring takes, infinite before it was ever done.
    """

    def __init__(self, by_batches: bool) -> None:
        self._share = _SHARE / 2 if by_batches else _SHARE
        self.seconds = math.inf
        self._since = 0.0

    def note_step(self, seconds: float) -> None:
        """A step took so long."""
        self._since += seconds

    def note_measuring(self, seconds: float) -> None:
        """Measuring took so long. The least counts: a busy machine only makes it look longer."""
        self.seconds = min(self.seconds, seconds)
        self._since = 0.0

    def is_due(self, seconds: float = 0.0) -> bool:
        """Whether the loss should be measured, so many seconds from now."""
        return self.seconds <= self._share * (self._since + seconds)
