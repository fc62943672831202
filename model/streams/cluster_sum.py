"""An objective whose parts live on the workers of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model import parallel
from model.dealing import deal
from model.families.base import Model
from model.parts import Objective, WithoutState
from model.streams.table_file import load_table

if TYPE_CHECKING:
    from distributed import Client

Array = NDArray[np.float64]
_TRIALS = 5


class ClusterSum(WithoutState):
    """The mean loss of a counted text, as a sum of parts on workers.

    A `SumObjective` as any other: SFO asks for one part a step, the others for the whole. The parts
    of a lost worker are made again by another one, from the file.

    Args:
        client: of the cluster.
        model: whose loss it is.
        path: of the table; workers see it under the same name.
        parts: N, how many there are.
        seed: of the dealing out of contexts to parts.

    Attributes:
        positions: that were counted.
    """

    def __init__(self, client: Client, model: Model, path: Path, parts: int, seed: int) -> None:
        self._client = client
        table = load_table(path).training
        hands = deal(table, parts, seed)
        weights = np.array([float(table.context_positions[rows].sum()) for rows in hands])
        self.positions = float(weights.sum())
        self._shares: Sequence[float] = (weights / self.positions).tolist()
        self._objectives = [
            client.submit(_objective, model, path.resolve(), rows, pure=False) for rows in hands
        ]

    def __len__(self) -> int:
        return len(self._objectives)

    def part(self, theta: Array, index: int) -> tuple[float, Array]:
        """One part's share: see `SumObjective`."""
        future = self._client.submit(_evaluate, self._objectives[index], theta, pure=False)
        value, gradient = future.result()
        return value * self._shares[index], gradient * self._shares[index]

    def value(self, theta: Array) -> float:
        """The loss of the whole, nats per character."""
        return self.value_and_gradient(theta)[0]

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The loss of the whole and its gradient, (D,), always added in the same order."""
        futures = [
            self._client.submit(_evaluate, objective, theta, pure=False)
            for objective in self._objectives
        ]
        total, sum_of_gradients = 0.0, np.zeros_like(theta)
        for share, (value, gradient) in zip(
            self._shares, self._client.gather(futures), strict=True
        ):
            total += share * value
            sum_of_gradients += share * gradient
        return total, sum_of_gradients

    def costs(self, theta: Array) -> tuple[float, float]:
        """What a part costs, and what asking for all of them costs beside it; seconds.

        A cluster pays where the first is more than the second.
        """
        rounds, parts = [], []
        self.value_and_gradient(theta)  # the parts are on their workers now
        for _ in range(_TRIALS):
            began = perf_counter()
            asked = [
                self._client.submit(_nothing, objective, theta, pure=False)
                for objective in self._objectives
            ]
            self._client.gather(asked)
            rounds.append(perf_counter() - began)
            parts.append(
                self._client.submit(_seconds, self._objectives[0], theta, pure=False).result()
            )
        return median(parts), median(rounds)


def _objective(model: Model, path: Path, rows: NDArray[np.intp]) -> Objective:
    """What a worker keeps of a part."""
    parallel.use_threads(1)  # a worker is a processor's
    return model.objective(load_table(path).training.select(rows))


def _evaluate(objective: Objective, theta: Array) -> tuple[float, Array]:
    return objective.value_and_gradient(theta)


def _nothing(objective: Objective, theta: Array) -> tuple[float, Array]:
    return objective.positions, theta


def _seconds(objective: Objective, theta: Array) -> float:
    began = perf_counter()
    objective.value_and_gradient(theta)
    return perf_counter() - began
