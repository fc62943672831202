"""The best step of a run so far, with its parameters, and the way back to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Best:
    """Where the held-out loss was lowest, or the training loss where nothing is held out.

    Attributes:
        step: after which it was measured.
        seconds: of training until then.
        loss: in nats per character.
        theta: (D,) parameters.
    """

    step: int
    seconds: float
    loss: float
    theta: NDArray[np.float64]

    def state_dict(self) -> dict[str, Any]:
        """What `of` makes it from."""
        return {"step": self.step, "seconds": self.seconds, "loss": self.loss, "theta": self.theta}

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Self:
        """The best step of a state that is valid, see `valid_state`."""
        return cls(state["step"], float(state["seconds"]), float(state["loss"]), state["theta"])


class Return(NamedTuple):
    """Where a run was when it went back to its best step: step, seconds of training, held-out loss.

    The step after it has the parameters of the best one.
    """

    step: int
    seconds: float
    loss: float
