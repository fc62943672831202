"""The loss of a counted text as a function of a network's parameters, whole or in parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model import validity
from model.errors import OptimizerError, SettingsError
from model.families.network.dropout import MaskStream
from model.families.network.evaluation import Evaluation
from model.families.network.layout import Layout
from model.families.network.rows import deal, whole
from model.ngrams import NgramTable
from model.parallel import blas_takes_one_thread, thread_count
from model.precision import checked_dtype

Array = NDArray[np.float64]


class Objective:
    """Mean negative log likelihood of all counted positions, in nats per character; no dropout.

    Args:
        layout: the network's sizes.
        table: the counted n-grams, of the same vocabulary size and context length.
        dtype: float32 or float64, of all computing; results are float64 in either case.
        threads: how many share the work; None for as many as are worth having here. Results
            depend on it in their last digits.

    Raises:
        SettingsError: the table does not fit the model, or is empty; another argument is out of
            range.
    """

    def __init__(
        self,
        layout: Layout,
        table: NgramTable,
        *,
        dtype: DTypeLike = np.float32,
        threads: int | None = None,
    ) -> None:
        kind = checked_dtype(dtype)
        self._rows = whole(layout, table, kind)
        self.positions = self._rows.positions
        self.threads = checked_threads(threads)
        self._evaluation = Evaluation(layout, self._rows, kind, self.threads)

    def value(self, theta: Array) -> float:
        """The loss at (D,) parameters; infinite where it overflows."""
        return self._evaluation.value(theta, 0, len(self._rows))

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The loss at (D,) parameters and its gradient, (D,); inf and NaN where it overflows."""
        return self._evaluation.value_and_gradient(theta, 0, len(self._rows))


class SumObjective:
    """The same loss as a sum of parts of equal weight, with dropout in each part's evaluation.

    `part` draws new masks for each evaluation, from the seed and the number of evaluations before
    it: an object that continues from a `state_dict` draws those that this one would have drawn.
    `value` and `value_and_gradient` are without dropout, and so exact.

    Args:
        layout: the network's sizes.
        table: the counted n-grams, of the same vocabulary size and context length.
        parts: how many, from 1 to the number of positions.
        seed: of the dealing of positions to parts, and of dropout.
        dtype: float32 or float64, of all computing; results are float64 in either case.
        threads: how many share the work; None for as many as are worth having here. A trajectory
            is the same bit for bit for the same number only.
        noise: dropout in parts; not for optimizers that compare values or gradients of one part
            with each other, such as SFO.

    Raises:
        SettingsError: the table does not fit the model, or the number of parts does not fit the
            table; another argument is out of range.
    """

    def __init__(
        self,
        layout: Layout,
        table: NgramTable,
        parts: int,
        seed: int,
        *,
        dtype: DTypeLike = np.float32,
        threads: int | None = None,
        noise: bool = False,
    ) -> None:
        kind = checked_dtype(dtype)
        self._rows = deal(layout, table, parts, seed, kind)
        self.positions = self._rows.positions
        self.threads = checked_threads(threads)
        self._evaluation = Evaluation(layout, self._rows, kind, self.threads)
        self._dropout = layout.dropout if noise else 0.0
        self._seed, self._evaluations = seed, 0

    def __len__(self) -> int:
        return len(self._rows.parts) - 1

    def part(self, theta: Array, index: int) -> tuple[float, Array]:
        """One part's share of the loss and of its gradient, (D,), with new dropout masks.

        Raises:
            IndexError: there is no such part.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"There is no part {index}: they are numbered from 0.")
        start, stop = self._rows.parts[index : index + 2]
        masks = None
        if self._dropout:
            masks = [
                MaskStream(self._dropout, self._seed, self._evaluations, thread)
                for thread in range(self.threads)
            ]
        self._evaluations += 1
        return self._evaluation.value_and_gradient(theta, int(start), int(stop), masks)

    def value(self, theta: Array) -> float:
        """The loss of the whole without dropout, nats per character."""
        return self._evaluation.value(theta, 0, len(self._rows))

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The loss of the whole without dropout, and its gradient, (D,)."""
        return self._evaluation.value_and_gradient(theta, 0, len(self._rows))

    def state_dict(self) -> dict[str, int]:
        """What a later `load_state_dict` needs to draw the same masks from here on."""
        return {"evaluations": self._evaluations, "seed": self._seed, "threads": self.threads}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict` of an object built with the same arguments.

        Raises:
            OptimizerError: the state is of another seed or number of threads, or of something else.
        """
        for key, value in self.state_dict().items():
            if key not in state:
                raise OptimizerError(f"The saved state lacks {key!r}: it is of something else.")
            if key != "evaluations" and state[key] != value:
                raise OptimizerError(
                    f"The saved state has {key} {state[key]}, this objective {value}: "
                    "build it with the saved one's settings."
                )
        self._evaluations = validity.whole(state["evaluations"], "number of evaluations")


def checked_threads(threads: int | None) -> int:
    """A number of threads; chosen here if None. Raises SettingsError if it is less than 1."""
    if threads is None:
        return thread_count() if blas_takes_one_thread() else 1
    if threads < 1:
        raise SettingsError(f"The number of threads is {threads}: at least 1 is needed.")
    return threads
