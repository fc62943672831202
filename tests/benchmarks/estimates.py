"""What settings are said to take beside what they take: memory at its peak, milliseconds a step.

    python tests/benchmarks/estimates.py TEXT [TEXT OF MANY CHARACTERS [LIST OF NAMES]]

Each run is a process of its own. The targets are a factor of 1.3 for memory and of 2 for time; for
time the machine must have nothing else to do.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from charembed_tui.interpreter import give_back_large_arrays
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.cost_hint import CostHint
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from measured_runs import measured

_RECORDING = 1 << 20  # bytes: a run that is short does not fill more
_MEMORY, _TIME = 1.3, 2.0
_SETTINGS: list[tuple[int, dict[str, Any]]] = [
    (40, {}),
    (40, {"context_length": 5, "embedding_size": 16}),
    (40, {"context_length": 8, "embedding_size": 32}),
    (25, {"context_length": 8, "embedding_size": 32, "optimizer": "L-BFGS"}),
    (15, {"context_length": 16, "embedding_size": 128, "optimizer": "Adam"}),
    (40, {"context_length": 32, "embedding_size": 2}),
    (40, {"context_length": 12, "embedding_size": 128, "history_terms": 2}),
    (60, {"context_length": 32, "embedding_size": 512}),
    (300, {"embedding_size": 32, "optimizer": "SFO", "minibatches": 100, "history_terms": 20}),
    (400, {"context_length": 5, "optimizer": "SFO", "minibatches": 200, "history_terms": 10}),
    (50, {"optimizer": "scaled L-BFGS", "history_terms": 20, "embedding_size": 256}),
    (40, {"optimizer": "SGD"}),
    (20, {"context_length": 8, "embedding_size": 32, "precision": "float64"}),
    (40, {"context_length": 5, "embedding_size": 512}),
    (40, {"model": "network", "context_length": 8, "embedding_size": 32}),
    (20, {"model": "network", "context_length": 16, "embedding_size": 64, "layers": 3}),
    (40, {"model": "network", "context_length": 5, "layers": 2, "dropout": 0.2}),
    (15, {"model": "network", "hidden": 512, "optimizer": "L-BFGS"}),
    (15, {"model": "network", "hidden": 128, "optimizer": "scaled L-BFGS"}),
    (30, {"model": "network", "hidden": 128, "optimizer": "SFO"}),
    (40, {"model": "network", "hidden": 64, "optimizer": "SGD"}),
    (1, {"model": "n-grams"}),
    (1, {"model": "n-grams", "order": 5, "cache": 1000}),
    (40, {"mix_ngrams": -1, "cache": -1}),
    (40, {"context_length": 5, "mix_ngrams": 5}),
]
_OF_MANY_CHARACTERS: list[tuple[int, dict[str, Any]]] = [
    (10, {}),
    (10, {"context_length": 2, "embedding_size": 8, "optimizer": "L-BFGS"}),
    (5, {"context_length": 5, "embedding_size": 16, "optimizer": "Adam"}),
    (10, {"model": "network", "hidden": 64, "embedding_size": 8, "context_length": 3}),
]
_OF_A_LIST: list[tuple[int, dict[str, Any]]] = [
    (100, {}),
    (40, {"context_length": 8, "embedding_size": 32}),
    (40, {"context_length": 5, "embedding_size": 32, "optimizer": "L-BFGS"}),
    (40, {"optimizer": "Adam"}),
    (40, {"model": "network"}),
]


def main() -> int:
    """Print the table; how many targets were missed."""
    print("| settings | MB said | taken | | ms a step said | taken | |")
    print("|---|---|---|---|---|---|---|")
    give_back_large_arrays()  # as in both programs
    missed = 0
    for text, rows in zip(sys.argv[1:], (_SETTINGS, _OF_MANY_CHARACTERS, _OF_A_LIST), strict=False):
        hint = CostHint(Corpus.from_file(text), Trajectory(_RECORDING))
        for steps, chosen in rows:
            settings = TrainingSettings(**chosen)
            cost = hint.cost(settings)
            found = measured(Path(text), chosen, steps, _RECORDING)
            seconds = hint.step_seconds(settings) if cost.parameters else found.step_seconds
            ratios = cost.bytes / found.peak, seconds / found.step_seconds
            missed += not 1 / _MEMORY < ratios[0] < _MEMORY
            missed += not 1 / _TIME < ratios[1] < _TIME
            words = ", ".join(f"{name} {value}" for name, value in chosen.items())
            print(
                f"| {words or 'defaults'} "
                f"| {cost.bytes / 1e6:,.0f} | {found.peak / 1e6:,.0f} | {ratios[0]:.2f} "
                f"| {1e3 * seconds:.2f} | {1e3 * found.step_seconds:.2f} | {ratios[1]:.2f} |",
                flush=True,
            )
    return missed


if __name__ == "__main__":
    sys.exit(main())
