"""Whether a run of SFO has run away, and where to go back to.

A subfunction that is not evaluated for a while may rise unseen, in a direction that the others know
nothing of: the step that is taken back then begins where all is lost already. With ten minibatches
of a list of invented words this befell four of seven runs whose starts differed by rounding, most
of them after they had long been at their best: losses of 50 to 10^6 nats.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model import validity

Array = NDArray[np.float64]

_LOST = 0.5  # of what was gained: transients of runs that recovered by themselves lost less
_LEAST_LOST = 0.1  # of the best total: a run that begins near its end has gained next to nothing


class Runaway:
    """Remembers the lowest total of the subfunctions' newest values, and the place of it.

    Args:
        theta: (D,) parameters at the start.

    Attributes:
        theta: (D,) parameters at the lowest total, those at the start before there is one.
    """

    def __init__(self, theta: Array) -> None:
        self.theta = theta
        self._first: float | None = None
        self._best = np.inf

    def note(self, total: float, theta: Array) -> bool:
        """Note the total at a place; whether it is so high that the run has run away."""
        if self._first is None:
            self._first = total
        if total < self._best:
            self._best, self.theta = total, theta
        lost = max(_LOST * (self._first - self._best), _LEAST_LOST * abs(self._best))
        return total - self._best > lost

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes."""
        totals = [] if self._first is None else [self._first, self._best]
        return {"theta": self.theta, "totals": np.array(totals, dtype=float)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`. Raises ValueError or KeyError if it is none."""
        validity.array(state["theta"], "place to go back to", self.theta.shape)
        validity.array(state["totals"], "totals", (None,))
        if len(state["totals"]) not in (0, 2):
            raise ValueError(f"it has {len(state['totals'])} totals")
        self.theta = state["theta"].copy()
        self._first, self._best = None, np.inf
        if len(state["totals"]):
            self._first, self._best = state["totals"].tolist()
