"""What SFO's steps cost beside the objective: `python tests/benchmarks/sfo_overhead.py`.

Prints the time of a step outside the objective, and memory, as they grow with the number of
subfunctions, of parameters and of history terms; ends with status 1 if a target is missed.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
from numpy.typing import NDArray
from timing import Row, machine, print_rows, with_single_threaded_blas

from model.optimizers import SFO
from model.parts import FunctionSum

Array = NDArray[np.float64]

# N, D, history terms, and most milliseconds a step.
CASES = [
    (10, 1300, 6, None),
    (25, 1300, 6, 0.3),
    (50, 1300, 6, 0.5),
    (100, 1300, 6, 1.0),
    (200, 1300, 6, None),
    (400, 1300, 6, None),
    (25, 10_000, 6, None),
    (25, 100_000, 6, None),
    (25, 1300, 3, None),
    (25, 1300, 12, None),
]


def measure(subfunctions: int, dimension: int, history: int) -> tuple[float, float]:
    """Median milliseconds a step outside the objective, and megabytes of state."""
    rng = np.random.default_rng(0)
    a = rng.uniform(0.1, 2.0, (subfunctions, dimension))
    b = rng.normal(size=(subfunctions, dimension))
    inside = 0.0

    def diagonal_quadratic(theta: Array, i: int) -> tuple[float, Array]:
        nonlocal inside
        start = time.perf_counter()
        result = float(0.5 * a[i] @ theta**2 - b[i] @ theta), a[i] * theta - b[i]
        inside += time.perf_counter() - start
        return result

    theta0 = rng.normal(size=dimension)
    sfo = SFO(
        FunctionSum(diagonal_quadratic, subfunctions), theta0, max_history_terms=history, seed=0
    )
    # Until all are active and have full histories.
    for _ in range((history + 3) * subfunctions):
        sfo.step()
    times = []
    for _ in range(max(100, 2 * subfunctions)):
        inside = 0.0
        start = time.perf_counter()
        sfo.step()
        times.append(time.perf_counter() - start - inside)
    state = sfo.state_dict()
    arrays = [*state.values(), *state["models"].values()]
    size = sum(x.nbytes for x in arrays if isinstance(x, np.ndarray))
    return 1e3 * statistics.median(times), size / 1e6


def main() -> None:
    """The table."""
    with_single_threaded_blas()
    print(f"Measured on {machine()}.")
    rows = []
    for n, d, h, most in CASES:
        milliseconds, megabytes = measure(n, d, h)
        goal = ("-", True) if most is None else (f"at most {most} ms", milliseconds <= most)
        measured = f"{milliseconds:.2f} ms a step, {megabytes:,.0f} MB"
        rows.append(Row(f"N={n}, D={d:,}, history {h}", measured, *goal))
    missed = print_rows("SFO outside the objective", rows)
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
