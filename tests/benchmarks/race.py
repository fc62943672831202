"""A race of optimizers: `python tests/benchmarks/race.py [CORPUS]`.

Seconds until the loss of the whole text is within 1 % of the best that any of them (given much
longer) has reached, from the same random starts; medians over three seeds. Without an argument the
sample play is used. Measuring the loss is not counted.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from timing import machine, with_single_threaded_blas

from charembed_tui.sample_texts import default_sample
from model.corpus import Corpus
from model.log_bilinear import LogBilinear
from model.minibatches import Minibatches
from model.ngrams import count_ngrams
from model.objective import Objective
from model.optimizers import LBFGS, SFO, SGD, Adam, Optimizer

Array = NDArray[np.float64]

_SEEDS = (0, 1, 2)
_STEPS_BETWEEN_LOOKS = 4


def runners(
    model: LogBilinear, objective: Objective, batches: dict[int, Minibatches]
) -> dict[str, Callable[[Array, int], Optimizer]]:
    """Who takes part: name -> maker from a start and a seed."""

    def full(theta: Array, _: int) -> tuple[float, Array]:
        return objective.value_and_gradient(theta)

    def sfo(n: int) -> Callable[[Array, int], Optimizer]:
        return lambda theta, seed: SFO(
            batches[n].value_and_gradient, theta, n, max_history_terms=6, seed=seed
        )

    return {
        **{f"SFO, {n} minibatches": sfo(n) for n in batches},
        "L-BFGS, whole text": lambda theta, _: LBFGS(full, theta),
        "Adam, whole text": lambda theta, _: Adam(full, theta),
        "Adam, 10 minibatches": lambda theta, seed: Adam(
            batches[10].value_and_gradient, theta, 10, seed=seed
        ),
        "SGD with momentum, whole text": lambda theta, _: SGD(full, theta),
    }


def seconds_to(optimizer: Optimizer, objective: Objective, goal: float, limit: float) -> float:
    """Seconds of stepping until the loss is at most `goal`; infinite if the limit comes first."""
    spent = 0.0
    while spent < limit:
        start = time.perf_counter()
        for _ in range(_STEPS_BETWEEN_LOOKS):
            optimizer.step()
        spent += time.perf_counter() - start
        if objective.value(optimizer.theta) <= goal:
            return spent
    return np.inf


def best_known(objective: Objective, starts: list[Array], seconds: float) -> float:
    """The least loss that long runs of L-BFGS and Adam reach."""
    found = []
    for theta in starts:
        for make in (LBFGS, Adam):
            optimizer: Optimizer = make(lambda t, _: objective.value_and_gradient(t), theta)
            end = time.perf_counter() + seconds
            while time.perf_counter() < end and not optimizer.step().converged:
                pass
            found.append(objective.value(optimizer.theta))
    return min(found)


def race(corpus: Corpus, context_length: int, embedding_size: int, limit: float) -> None:
    """One table."""
    size = len(corpus.vocabulary)
    table = count_ngrams(corpus.codes, size, context_length)
    model = LogBilinear(size, context_length, embedding_size)
    objective = Objective(model, table)
    batches = {n: Minibatches(model, table, n) for n in (5, 10, 25)}
    starts = [model.initial(np.random.default_rng(seed)) for seed in _SEEDS]
    goal = 1.01 * best_known(objective, starts, limit)
    print(f"\n## {corpus.name}, M={context_length}, H={embedding_size}: to {goal:.4f}\n")
    print("| optimizer | median seconds | of each start |\n|---|---|---|")
    for name, make in runners(model, objective, batches).items():
        times = [
            seconds_to(make(theta, seed), objective, goal, limit)
            for seed, theta in zip(_SEEDS, starts, strict=True)
        ]
        each = ", ".join(f"{t:.2f}" for t in times)
        print(f"| {name} | {statistics.median(times):.2f} | {each} |", flush=True)


def main() -> None:
    """All tables."""
    with_single_threaded_blas()
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", nargs="?", type=Path, default=default_sample())
    parser.add_argument("--limit", type=float, default=5.0, help="seconds a run may take")
    options = parser.parse_args()
    corpus = Corpus.from_file(options.corpus)
    print(f"Measured on {machine()}.")
    for m, h in ((3, 5), (5, 16)):
        race(corpus, m, h, options.limit)


if __name__ == "__main__":
    main()
