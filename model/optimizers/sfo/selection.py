"""Which subfunction SFO evaluates next and which one joins: by rule and chance, or a recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from model import validity
from model.errors import OptimizerError, SettingsError
from model.optimizers.base import check_state, restore_generator
from model.optimizers.sfo.quadratics import Quadratics

IntArray = NDArray[np.integer]
Array = NDArray[np.float64]
Policy = Literal["distance both", "distance", "single distance", "random", "cyclic"]

_SAME_PLACE = 1e-12


class Selection(Protocol):
    """The two choices that SFO leaves to chance."""

    def start(self, subfunctions: int, count: int) -> IntArray:
        """Which subfunctions are active at the start."""
        ...

    def choose(self, models: Quadratics, position: Array) -> int:
        """The subfunction to evaluate at a position in the subspace; it may be inactive."""
        ...

    def grow(self, wanted: bool, models: Quadratics) -> int | None:
        """The inactive subfunction to activate after a step, if any."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """What later choices depend on."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`."""
        ...


class ByRule:
    """The paper's choices (ICML 2014, section 3.4, and the author's implementation).

    Args:
        policy: how to choose among subfunctions evaluated at least twice. 'distance': the one
            last evaluated farthest away, in the metric of the total Hessian; 'single distance':
            of its own Hessian; 'distance both': a coin decides which of the two each time;
            'random'; 'cyclic'.
        seed: of all its random choices.
    """

    def __init__(self, policy: Policy, seed: int | None) -> None:
        if policy not in get_args(Policy):
            raise SettingsError(
                f"The subfunction selection is {policy!r}: choose one of {get_args(Policy)}."
            )
        self._policy = policy
        self._rng = np.random.default_rng(seed)
        self._last = -1

    def start(self, subfunctions: int, count: int) -> IntArray:
        """A random set."""
        return self._rng.permutation(subfunctions)[:count]

    def choose(self, models: Quadratics, position: Array) -> int:
        """First those that have no Hessian yet, then by the policy."""
        if models.least_evaluations() < 2:
            once = np.flatnonzero(models.active & (models.evaluations == 1))
            if len(once):
                return int(once[0])
            never = np.flatnonzero(models.active & (models.evaluations == 0))
            if len(never):
                return int(self._rng.choice(never))
        if self._policy == "random":
            return int(self._rng.choice(np.flatnonzero(models.active)))
        if self._policy == "cyclic":
            active = np.flatnonzero(models.active)
            later = active[active > self._last]
            self._last = int(later[0] if len(later) else active[0])
            return self._last
        total = self._policy == "distance" or (
            self._policy == "distance both" and bool(self._rng.random() < 0.5)
        )
        farthest, distance = models.farthest(position, own_metric=not total)
        if distance < _SAME_PLACE:
            inactive = np.flatnonzero(~models.active)
            if len(inactive):
                return int(self._rng.choice(inactive))
        return farthest

    def grow(self, wanted: bool, models: Quadratics) -> int | None:
        """A random one."""
        if not wanted:
            return None
        inactive = np.flatnonzero(~models.active)
        return int(self._rng.choice(inactive)) if len(inactive) else None

    def state_dict(self) -> dict[str, Any]:
        """The generator's state and the place in the cycle."""
        return {"rng": self._rng.bit_generator.state, "last": self._last}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore both. Raises OptimizerError if they are none."""
        check_state(
            state, self.state_dict(), last=lambda last: validity.whole(last, "last part", least=-1)
        )
        restore_generator(self._rng, state["rng"])
        self._last = state["last"]


@dataclass(eq=False)
class Replay:
    """Choices from a recording, one entry a step.

    Attributes:
        initially_active: the subfunctions active at the start.
        index: the subfunction evaluated at each step.
        activated: the one activated after each step, -1 for none.
        disagreements: steps so far after which the optimizer's own rule would have grown the
            active set where the recording did not, or the other way round.
    """

    initially_active: Sequence[int] | IntArray
    index: Sequence[int] | IntArray
    activated: Sequence[int] | IntArray
    disagreements: int = 0
    _step: int = 0

    def start(self, subfunctions: int, count: int) -> IntArray:
        """As recorded."""
        return np.asarray(self.initially_active, dtype=np.intp)

    def choose(self, models: Quadratics, position: Array) -> int:
        """As recorded. Raises OptimizerError after its end."""
        if self._step >= len(self.index):
            raise OptimizerError(f"The recording ends after {len(self.index)} steps: stop there.")
        return int(self.index[self._step])

    def grow(self, wanted: bool, models: Quadratics) -> int | None:
        """As recorded."""
        recorded = int(self.activated[self._step])
        self.disagreements += wanted != (recorded >= 0)
        self._step += 1
        return recorded if recorded >= 0 else None

    def state_dict(self) -> dict[str, Any]:
        """The place in the recording."""
        return {"step": self._step, "disagreements": self.disagreements}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to that place."""
        self._step, self.disagreements = int(state["step"]), int(state["disagreements"])
