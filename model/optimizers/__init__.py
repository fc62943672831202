"""Optimizers behind one protocol: an object with a step, whose whole state is explicit.

`registry` has them by name, with their settings.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.optimizers.adam import Adam
    from model.optimizers.base import Optimizer, StepResult
    from model.optimizers.lbfgs import LBFGS
    from model.optimizers.problem import Problem
    from model.optimizers.scaled import Scaled, ScaledObjective, frequency_scales
    from model.optimizers.sfo import SFO
    from model.optimizers.sgd import SGD

__all__ = [
    "LBFGS",
    "SFO",
    "SGD",
    "Adam",
    "Optimizer",
    "Problem",
    "Scaled",
    "ScaledObjective",
    "StepResult",
    "frequency_scales",
]

# Imported when they are first asked for: some need scipy, which takes longer to load than a
# program to start.
_HOMES = {
    "LBFGS": "lbfgs",
    "SFO": "sfo",
    "SGD": "sgd",
    "Adam": "adam",
    "Optimizer": "base",
    "Problem": "problem",
    "Scaled": "scaled",
    "ScaledObjective": "scaled",
    "StepResult": "base",
    "frequency_scales": "scaled",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"model.optimizers.{_HOMES[name]}"), name)
