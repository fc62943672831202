"""Make the recorded runs beside this file: `python record_sfo.py`, with tests/helpers on the path.

The oracle takes the steps; its choices are drawn here and stored with its parameters.
"""

from pathlib import Path
from typing import Any

import numpy as np
from problems import SumProblem
from sfo_oracle import OracleSFO


def record(name: str, data: dict[str, np.ndarray], problem: SumProblem, steps: int) -> None:
    """Run the oracle and store choices and parameters beside the problem's data."""
    rng = np.random.default_rng(0)
    first = rng.permutation(problem.subfunctions)[:2]
    oracle = OracleSFO(problem, first.tolist(), 5, "bfgs")
    index, activated, theta = [], [], []
    for _ in range(steps):
        active = sorted(oracle.active)
        fresh = [i for i in active if oracle.subs[i].evaluations < 2]
        i = int(fresh[0] if fresh else rng.choice(active))
        oracle.step(i)
        idle = sorted(set(range(problem.subfunctions)) - oracle.active)
        newcomer = int(rng.choice(idle)) if oracle.wants_growth else None
        oracle.grow(newcomer)
        index.append(i)
        activated.append(-1 if newcomer is None else newcomer)
        theta.append(oracle.theta.copy())
    # Any: numpy's types take one of the names to be `allow_pickle`.
    arrays: dict[str, Any] = {
        "theta0": problem.theta0,
        "initially_active": first,
        "index": index,
        "activated": activated,
        "theta": theta,
        **data,
    }
    np.savez_compressed(Path(__file__).parent / f"{name}.npz", **arrays)


def main() -> None:
    """Both recordings."""
    rng = np.random.default_rng(7)
    roots = rng.normal(size=(4, 32, 32)) / np.sqrt(32)
    a = roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(32)
    b = rng.normal(size=(4, 32))
    record(
        "quadratic_subspace",
        {"A": a, "b": b},
        SumProblem(
            lambda t, i: (float(0.5 * t @ a[i] @ t - b[i] @ t), a[i] @ t - b[i]),
            rng.normal(size=32),
            4,
        ),
        steps=30,
    )
    x = rng.normal(size=(6, 12, 8))
    y = (x @ rng.normal(size=8) > 0).astype(float)

    def logistic(t: np.ndarray, i: int) -> tuple[float, np.ndarray]:
        z = x[i] @ t
        value = np.logaddexp(0, z).sum() - y[i] @ z + 0.005 * t @ t
        return float(value), x[i].T @ (1 / (1 + np.exp(-z)) - y[i]) + 0.01 * t

    record("logistic_fullspace", {"X": x, "y": y}, SumProblem(logistic, rng.normal(size=8), 6), 40)


if __name__ == "__main__":
    main()
