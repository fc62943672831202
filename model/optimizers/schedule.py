"""How the learning rate goes up at the beginning and down to the end: a factor, by progress.

A linear warm-up keeps Adam's first steps, whose moments are of a few gradients only, from being
long ones; a half cosine from there to the floor (Loshchilov and Hutter, SGDR, ICLR 2017,
equation 5, without restarts) ends where noise no longer moves the parameters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from model.errors import SettingsError

_WARM_UP = 0.1  # of a short plan


@dataclass(frozen=True)
class Schedule:
    """Factors for a learning rate. A value without a state: resuming needs nothing of it.

    >>> schedule = Schedule(warmup_steps=4)
    >>> [round(schedule.factor(0.0, step), 2) for step in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    >>> [round(schedule.factor(progress, 100), 2) for progress in (0.0, 0.25, 0.5, 1.0)]
    [1.0, 0.85, 0.5, 0.0]

    Attributes:
        warmup_steps: over how many steps the factor rises to 1, or over a tenth of what is planned
            if that is over sooner; 0 for none.
        floor: the factor at the end, from 0 to 1; 1 for no decline.

    Raises:
        SettingsError: an attribute is out of range.
    """

    warmup_steps: int = 100
    floor: float = 0.0

    def __post_init__(self) -> None:
        if self.warmup_steps < 0:
            raise SettingsError(f"The warm-up takes {self.warmup_steps} steps: at least 0.")
        if not 0 <= self.floor <= 1:
            raise SettingsError(f"The floor of the schedule is {self.floor}: choose from 0 to 1.")

    def factor(self, progress: float, step: int) -> float:
        """What the learning rate is multiplied by.

        Args:
            progress: the share of the planned steps, or of the planned seconds, that is over; the
                caller decides which. Below 0 counts as 0 and above 1 as 1.
            step: how many steps were taken before this one.

        Returns:
            A factor from `floor`, during the warm-up from 0, to 1.
        """
        share = min(1.0, max(0.0, progress))
        decline = self.floor + (1 - self.floor) * (1 + math.cos(math.pi * share)) / 2
        return decline * min(1.0, max((step + 1) / max(1, self.warmup_steps), share / _WARM_UP))
