"""Optimizers behind one protocol: an object with a step, whose whole state is explicit."""

from model.optimizers.adam import Adam
from model.optimizers.base import Optimizer, StepResult
from model.optimizers.lbfgs import LBFGS
from model.optimizers.scaled import Scaled, frequency_scales
from model.optimizers.sfo import SFO
from model.optimizers.sgd import SGD

__all__ = [
    "LBFGS",
    "SFO",
    "SGD",
    "Adam",
    "Optimizer",
    "Scaled",
    "StepResult",
    "frequency_scales",
]
