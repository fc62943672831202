"""A race of optimizers: `python tests/benchmarks/race.py [CORPUS]`.

Seconds until the loss of the whole text is within 1 % of the best that any of them (given much
longer) has reached, from the same random starts; medians over three seeds. Without an argument the
sample play is used. Measuring the loss is not counted. `--plot race.svg` draws loss against
seconds, where matplotlib is installed; PyTorch takes part where it is: `pip install -e '.[bench]'`.

A second race is that of a network, from the same start and without dropout, as the programs train
it: the losses that each optimizer has reached after some seconds, measuring not counted.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from timing import machine, with_single_threaded_blas

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.text.sample_texts import default_sample
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
from model.counting import count_ngrams
from model.families.log_bilinear.minibatches import Minibatches
from model.families.log_bilinear.objective import Objective
from model.families.log_bilinear.shape import LogBilinear
from model.ngrams import NgramTable
from model.optimizers import LBFGS, SFO, SGD, Adam, Optimizer, Scaled, frequency_scales
from model.parts import WeightedSum

Array = NDArray[np.float64]
Curve = list[tuple[float, float]]  # seconds and losses

_SEEDS = (0, 1, 2)
_STEPS_BETWEEN_LOOKS = 4
_ON_NETWORKS = ("Adam", "SFO", "L-BFGS", "SGD")
PYTORCH = "PyTorch Adam over positions"
# How many times sooner the app's default should be there.
TARGETS = {"L-BFGS, whole text": 1.5, "Adam, whole text": 1.2, PYTORCH: 10.0}


def runners(
    model: LogBilinear, table: NgramTable, objective: Objective, batches: dict[int, Minibatches]
) -> dict[str, Callable[[Array, int], Optimizer]]:
    """Who takes part: name -> maker from a start and a seed."""

    def sfo(n: int) -> Callable[[Array, int], Optimizer]:
        return lambda theta, seed: SFO(batches[n], theta, max_history_terms=6, seed=seed)

    scales, whole = frequency_scales(model, table), WeightedSum([objective])

    return {
        "scaled L-BFGS, whole text": lambda theta, _: Scaled.of(LBFGS, whole, theta, scales),
        "scaled SFO, 10 minibatches": lambda theta, seed: Scaled.of(
            lambda f, phi: SFO(f, phi, max_history_terms=6, seed=seed), batches[10], theta, scales
        ),
        **{f"SFO, {n} minibatches": sfo(n) for n in batches},
        "L-BFGS, whole text": lambda theta, _: LBFGS(whole, theta),
        "Adam, whole text": lambda theta, _: Adam(whole, theta),
        "Adam, 10 minibatches": lambda theta, seed: Adam(batches[10], theta, seed=seed),
        "SGD with momentum, whole text": lambda theta, _: SGD(whole, theta),
    }


def run(optimizer: Optimizer, objective: Objective, goal: float, limit: float) -> Curve:
    """Seconds and losses of a run until the loss is at most `goal`, or the limit is reached."""
    curve = [(0.0, objective.value(optimizer.theta))]
    while curve[-1][0] < limit and curve[-1][1] > goal:
        start = time.perf_counter()
        for _ in range(_STEPS_BETWEEN_LOOKS):
            optimizer.step()
        seconds = curve[-1][0] + time.perf_counter() - start
        curve.append((seconds, objective.value(optimizer.theta)))
    return curve


class TorchOverPositions:
    """As people would write it: batches of 4096 positions, embedding, linear layer, Adam."""

    def __init__(self, corpus: Corpus, model: LogBilinear, theta: Array) -> None:
        import torch

        self._torch, self._model = torch, model
        codes = torch.tensor(np.array(corpus.codes), dtype=torch.long)
        self._windows = codes.unfold(0, model.context_length + 1, 1)
        e, w = model.unpack(theta)
        self._embedding = torch.nn.Embedding.from_pretrained(
            torch.tensor(e, dtype=torch.float32), freeze=False
        )
        self._linear = torch.nn.Linear(w[0].size, len(w), bias=False)
        self._linear.weight.data = torch.tensor(w.reshape(len(w), -1), dtype=torch.float32)
        self._adam = torch.optim.Adam(
            [*self._embedding.parameters(), *self._linear.parameters()], lr=0.01
        )
        self._batches: list[Any] = []

    @property
    def theta(self) -> Array:
        """The parameters in our order."""
        parts = self._embedding.weight, self._linear.weight
        return np.concatenate([p.detach().numpy().ravel().astype(float) for p in parts])

    def step(self) -> None:
        """One batch."""
        if not self._batches:
            order = self._torch.randperm(len(self._windows))
            self._batches = list(self._windows[order].split(4096))
        batch = self._batches.pop()
        self._adam.zero_grad()
        logits = self._linear(self._embedding(batch[:, :-1]).flatten(1))
        self._torch.nn.functional.cross_entropy(logits, batch[:, -1]).backward()
        self._adam.step()


def draw(curves: dict[str, Curve], goal: float, title: str, path: Path) -> None:
    """Loss against seconds, on a logarithmic axis."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    for name, curve in curves.items():
        axes.plot(*zip(*curve[1:], strict=True), label=name)
    axes.axhline(goal, color="grey", linestyle=":", label="goal")
    axes.set(xscale="log", xlabel="seconds", ylabel="nats per character", title=title)
    axes.set_ylim(goal - 0.02, goal + 0.8)
    axes.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def best_known(objective: Objective, scales: Array, starts: list[Array], seconds: float) -> float:
    """The least loss that long runs reach."""
    found = []
    whole = WeightedSum([objective])
    for theta in starts:
        for optimizer in (Scaled.of(LBFGS, whole, theta, scales), Adam(whole, theta)):
            end = time.perf_counter() + seconds
            while time.perf_counter() < end and not optimizer.step().converged:
                pass
            found.append(objective.value(optimizer.theta))
    return min(found)


def race(
    corpus: Corpus, context_length: int, embedding_size: int, limit: float, plot: Path | None
) -> None:
    """One table, and one plot if it is wanted."""
    size = len(corpus.vocabulary)
    table = count_ngrams(corpus.codes, size, context_length)
    model = LogBilinear(size, context_length, embedding_size)
    objective = Objective(model, table)
    batches = {n: Minibatches(model, table, n) for n in (5, 10, 25)}
    starts = [model.initial(np.random.default_rng(seed)) for seed in _SEEDS]
    goal = 1.01 * best_known(objective, frequency_scales(model, table), starts, limit)
    print(f"\n## {corpus.name}, M={context_length}, H={embedding_size}: to {goal:.4f}\n")
    print("| optimizer | median seconds | of each start | times the default's |\n|---|---|---|---|")
    medians: dict[str, float] = {}
    makers: dict[str, Callable[[Array, int], Any]] = dict(runners(model, table, objective, batches))
    if importlib.util.find_spec("torch"):
        makers[PYTORCH] = lambda theta, _: TorchOverPositions(corpus, model, theta)
    # The app's choice first: the others are compared with it.
    chosen = TrainingSettings().chosen_optimizer(len(table.contexts), size)
    default = next(name for name in makers if name.startswith(chosen))
    makers = {default: makers.pop(default), **makers}
    curves: dict[str, Curve] = {}
    for name, make in makers.items():
        patience = 5 * limit if "PyTorch" in name else limit
        runs = [
            run(make(theta, seed), objective, goal, patience)
            for seed, theta in zip(_SEEDS, starts, strict=True)
        ]
        times = [curve[-1][0] if curve[-1][1] <= goal else np.inf for curve in runs]
        each = ", ".join(f"{t:.2f}" for t in times)
        medians[name] = statistics.median(times)
        ratio = medians[name] / next(iter(medians.values()))
        wanted = f" (target {TARGETS[name]})" if name in TARGETS else ""
        print(f"| {name} | {medians[name]:.2f} | {each} | {ratio:.1f}{wanted} |", flush=True)
        curves[name] = runs[0]
    if plot:
        title = f"{corpus.name}, M={context_length}, H={embedding_size}"
        draw(curves, goal, title, plot.with_stem(f"{plot.stem}-{context_length}-{embedding_size}"))


def race_of_networks(corpus: Corpus, limit: float, plot: Path | None) -> None:
    """One table of losses reached, and one plot if it is wanted."""
    network = TrainingSettings.of_family("network")
    small = replace(
        network, context_length=5, embedding_size=16, hidden=128, dropout=0.0, patience=0.0
    )
    times = [limit / 10, limit / 3, limit]
    print(f"\n## {corpus.name}, a network of 128 units, M=5, H=16\n")
    heads = [f"training after {t:.1f} s" for t in times]
    print(f"| optimizer | {' | '.join(heads)} | steps | lowest held out | after |")
    print("|---" * (len(heads) + 4) + "|")
    curves: dict[str, Curve] = {}
    for name in _ON_NETWORKS:
        settings = replace(small, optimizer=name, anneal_seconds=limit)
        trainer = Trainer(1, settings.prepare(corpus), settings, Trajectory())
        while trainer.seconds < limit and not trainer.converged:
            trainer.step()
        trainer.measure()
        rows = trainer.measurements.after(-1)
        reached = [min(row.training for row in rows if row.seconds <= t) for t in times[:-1]]
        cells = [f"{loss:.3f}" for loss in (*reached, rows[-1].training)]
        assert trainer.best is not None
        best = f"{trainer.best.loss:.3f} | {trainer.best.seconds:.1f} s"
        print(f"| {name} | {' | '.join(cells)} | {trainer.steps:,} | {best} |", flush=True)
        curves[name] = [(row.seconds, row.training) for row in rows]
    if plot:
        goal = min(loss for curve in curves.values() for _, loss in curve)
        title = f"{corpus.name}, a network of 128 units"
        draw(curves, goal, title, plot.with_stem(f"{plot.stem}-network"))


def main() -> None:
    """All tables."""
    with_single_threaded_blas()
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", nargs="?", type=Path, default=default_sample())
    parser.add_argument("--limit", type=float, default=5.0, help="seconds a run may take")
    parser.add_argument("--plot", type=Path, help="an SVG file to draw")
    options = parser.parse_args()
    corpus = Corpus.from_file(options.corpus)
    print(f"Measured on {machine()}.")
    for m, h in ((3, 5), (5, 16)):
        race(corpus, m, h, options.limit, options.plot)
    race_of_networks(corpus, 4 * options.limit, options.plot)


if __name__ == "__main__":
    main()
