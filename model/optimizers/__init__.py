"""Optimizers behind one protocol: an object with a step, whose whole state is explicit.

`model.optimizers.registry` has them by name, with their settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.lazy import late_names

if TYPE_CHECKING:
    from model.optimizers.adam import Adam as Adam
    from model.optimizers.base import Optimizer as Optimizer
    from model.optimizers.base import StepResult as StepResult
    from model.optimizers.lbfgs import LBFGS as LBFGS
    from model.optimizers.problem import Problem as Problem
    from model.optimizers.scaled import Scaled as Scaled
    from model.optimizers.scaled import ScaledObjective as ScaledObjective
    from model.optimizers.scaled import frequency_scales as frequency_scales
    from model.optimizers.sfo import SFO as SFO
    from model.optimizers.sgd import SGD as SGD
else:
    __getattr__, __dir__ = late_names(
        __name__,
        {
            "Adam": "adam",
            "LBFGS": "lbfgs",
            "Optimizer": "base",
            "Problem": "problem",
            "SFO": "sfo",
            "SGD": "sgd",
            "Scaled": "scaled",
            "ScaledObjective": "scaled",
            "StepResult": "base",
            "frequency_scales": "scaled",
        },
    )
