"""What the first-order optimizers share: one part a step, in random order each pass."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model import validity
from model.errors import SettingsError
from model.families.base import SumObjective
from model.interruption import interruptible
from model.optimizers.base import (
    State,
    StepResult,
    as_parameters,
    check_state,
    read_only,
    require_finite,
    restore_generator,
)
from model.optimizers.problem import Options, Problem
from model.optimizers.schedule import Schedule
from model.optimizers.weight_decay import decay_mask
from model.parallel import in_parallel
from model.precision import checked_dtype

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

# Elements updated at a time, in fifteen passes. Fewer would stay in a core's own cache, but two
# threads then wait for the interpreter after each short pass: with 32,000 half a million parameters
# take Adam 3.3 ms on two threads, with 131,000 2.5 ms; one thread takes 3.1 ms either way.
_BLOCK = 1 << 17
_WORTH_SHARING = 1 << 17  # parameters among threads: 200,000 take Adam 1.5 ms on one


class FirstOrder(ABC):
    """An optimizer that turns one gradient into one step.

    Args:
        objective: a sum of N parts; with one part, every step takes the gradient of the whole.
        theta0: (D,) starting point.
        learning_rate: what a step is in proportion to, above 0.
        weight_decay: the share of some parameters that each step takes away, times the learning
            rate; 0 or more.
        decays: (D,) which parameters those are; all by default.
        clip: the longest gradient, Euclidean: longer ones are made as short. 0 for no limit.
        schedule: of the learning rate, which is constant without one.
        progress: how much of what was planned is over, from 0 to 1, for the schedule.
        seed: of the order in which the parts are visited.
        precision: of the moments and of the change that each step makes, float32 or float64; the
            parameters themselves are float64.

    Raises:
        SettingsError: an argument is out of range.
        OptimizerError: theta0 is no vector of finite numbers.
    """

    moments: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        objective: SumObjective,
        theta0: Array,
        *,
        learning_rate: float,
        weight_decay: float = 0.0,
        decays: NDArray[np.bool_] | None = None,
        clip: float = 0.0,
        schedule: Schedule | None = None,
        progress: Callable[[], float] = lambda: 0.0,
        seed: int | None = None,
        precision: DTypeLike = np.float64,
    ) -> None:
        if len(objective) < 1:
            raise SettingsError("The objective is a sum of no parts: at least 1 is needed.")
        if not 0 < learning_rate < np.inf:
            raise SettingsError(f"The learning rate is {learning_rate}: it must be positive.")
        if not (0 <= weight_decay < np.inf and 0 <= clip < np.inf):
            raise SettingsError(
                f"The weight decay is {weight_decay}, the longest gradient {clip}: "
                "both must be 0 or more."
            )
        self.learning_rate, self.weight_decay, self._clip = learning_rate, weight_decay, clip
        self._schedule, self._progress = schedule, progress
        self._objective = objective
        self._theta = as_parameters(theta0)
        self._blocks = _blocks(len(self._theta), decays, weight_decay)
        self._rng = np.random.default_rng(seed)
        self._order = np.arange(len(objective))
        self._steps = 0
        self._dtype = checked_dtype(precision)
        for name in self.moments:
            setattr(self, name, np.zeros(len(self._theta), self._dtype))

    @abstractmethod
    def _change(self, gradient: Floats, block: slice, rate: float) -> Floats:
        """What to add to a block of theta, from its gradient; may overwrite that one.

        Args:
            gradient: of the whole sum or an estimate of it, at the block.
            block: of theta and of the moments.
            rate: the learning rate now.
        """

    @property
    def theta(self) -> Array:
        """Current parameters, (D,), read-only."""
        return read_only(self._theta)

    def step(self) -> StepResult:
        """Evaluate the next part and move. Raises OptimizerError if it is not finite."""
        turn = self._steps % len(self._order)
        if turn == 0:
            self._order = self._rng.permutation(len(self._order))
        i = int(self._order[turn])
        value, gradient = self._objective.part(self.theta, i)
        require_finite(value, gradient)
        rate = self.learning_rate
        if self._schedule is not None:
            rate *= self._schedule.factor(self._progress(), self._steps)
        self._steps += 1
        length = self._move(gradient, rate)
        return StepResult(self._steps, float(value), i, 1, length)

    def _move(self, gradient: Array, rate: float) -> float:
        """Replace theta by the next one; how far that is."""
        factor = float(len(self._order))
        if self._clip:
            size = factor * math.sqrt(float(gradient @ gradient))
            factor *= min(1.0, self._clip / size) if size else 1.0
        moved = np.empty_like(self._theta)

        def move(block: slice, decay: float) -> float:
            with np.errstate(over="ignore"):  # the next evaluation tells
                whole = gradient[block].astype(self._dtype)
                whole *= factor
                change = self._change(whole, block, rate)
                if decay:
                    change -= (rate * decay) * self._theta[block]
                np.add(self._theta[block], change, out=moved[block])
                return float(change @ change)

        moves = [partial(move, *each) for each in self._blocks]
        if len(moved) < _WORTH_SHARING:
            squares = [each() for each in moves]
        else:
            with interruptible(None):  # half a step would be neither before nor behind it
                squares = in_parallel(moves)
        self._theta = moved
        # In the order of the blocks, whoever had which: the same to the last bit.
        return math.sqrt(sum(squares))

    def state_dict(self) -> State:
        """Parameters, moments, and the place in the random order."""
        return {
            "theta": self._theta.copy(),
            "steps": self._steps,
            "order": self._order.copy(),
            "rng": self._rng.bit_generator.state,
            **{name: getattr(self, name).copy() for name in self.moments},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`, whose moments may be float64 where this one's are not.

        Raises:
            OptimizerError: it does not fit.
        """
        moments = dict.fromkeys(self.moments, self._require_moment)
        check_state(state, self.state_dict(), order=self._require_order, **moments)
        restore_generator(self._rng, state["rng"])
        self._theta = state["theta"].copy()
        self._steps = state["steps"]
        self._order = state["order"].copy()
        for name in self.moments:
            setattr(self, name, state[name].astype(self._dtype))

    def _require_moment(self, moment: Any) -> None:
        is_double = getattr(moment, "dtype", None) == np.float64
        kind = np.float64 if is_double else self._dtype.type
        most = min(validity.LARGEST_IN_STATES, float(np.finfo(self._dtype).max))
        validity.array(moment, "moment", self._theta.shape, most=most, kind=kind)

    def _require_order(self, order: Any) -> None:
        validity.array(order, "order", self._order.shape, kind=self._order.dtype.type)
        if not np.array_equal(np.sort(order), np.arange(len(order))):
            raise ValueError("its order has not every part once")


def arguments(problem: Problem, own_rate: float | None = None) -> dict[str, Any]:
    """Those of `FirstOrder` that a problem decides, whichever optimizer it is for.

    Args:
        problem: to solve.
        own_rate: see `Problem.weight_decay`.
    """
    return {
        "weight_decay": problem.weight_decay(own_rate),
        "decays": decay_mask(problem.model),
        "clip": problem.options.get("clip", 0.0),
        "schedule": Schedule() if problem.advice.batch else None,
        "progress": problem.progress,
        "seed": problem.seed,
        # Mini-batches are noise of a tenth and more, and what computes them does so in float32.
        "precision": np.float32 if problem.advice.batch else np.float64,
    }


def first_order_bytes(parameter_count: int, moments: int, options: Options) -> int:
    """Of a state: parameters, and moments, which are float32 where steps are of mini-batches.

    Options: in_batches, whether they are.
    """
    return parameter_count * (8 + moments * (4 if options.get("in_batches") else 8))


def _blocks(
    size: int, decays: NDArray[np.bool_] | None, weight_decay: float
) -> list[tuple[slice, float]]:
    """All of theta in blocks, each with the decay of all its parameters."""
    decay = np.full(size, weight_decay)
    if decays is not None:
        decay[~decays] = 0.0
    changes = np.flatnonzero(np.diff(decay)) + 1
    ends = sorted({0, size, *changes.tolist(), *range(0, size, _BLOCK)})
    return [(slice(a, b), float(decay[a])) for a, b in pairwise(ends)]
