"""How long steps take, and how much of that is the objective's."""

from __future__ import annotations

from collections import deque

import numpy as np

_STEPS = 200  # over which speed is measured


class StepTimes:
    """The newest steps of a run, each with its seconds; all is 0 where there were none."""

    def __init__(self) -> None:
        self._steps: deque[tuple[float, float]] = deque(maxlen=_STEPS)
        self._ends: deque[float] = deque(maxlen=_STEPS)

    def note(self, began: float, ended: float, inside: float) -> None:
        """Note a step from one time to another, of which the objective had so many seconds."""
        self._steps.append((inside, ended - began))
        self._ends.append(ended)

    def rest(self) -> None:
        """Forget when steps ended: time will pass without steps."""
        self._ends.clear()

    def forget(self) -> None:
        """Forget how long steps took: others come, of another optimizer."""
        self._steps.clear()

    @property
    def last(self) -> float:
        """Seconds of the last step."""
        return self._steps[-1][1] if self._steps else 0.0

    @property
    def objective_share(self) -> float:
        """The part of the time that the objective had, from 0 to 1."""
        inside, total = np.sum(self._steps, axis=0) if self._steps else (0.0, 0.0)
        return float(inside / total) if total else 0.0

    @property
    def steps_per_second(self) -> float:
        """Steps a second, with what is done between them."""
        if len(self._ends) < 2:
            return 0.0
        return (len(self._ends) - 1) / max(self._ends[-1] - self._ends[0], 1e-9)
