"""Optimizers by name. A new one is a file, and a line here.

A file of an optimizer has two functions:

    make(problem: Problem) -> Optimizer
    state_bytes(parameter_count: int, contexts: int, options: Options) -> int

Nothing is imported before one of them is called, so that settings and parsers can ask for names
and settings at once.

>>> own_settings("scaled SFO")
('minibatches', 'history_terms')
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import Protocol

from model.optimizers.base import Optimizer
from model.optimizers.problem import Options, Problem
from model.registry import Registry

AUTO = "auto"
_FIRST_ORDER = (
    "batch",
    "learning_rate",
    "weight_decay",
    "clip",
    "anneal_seconds",
    "anneal_steps",
)
_MINIBATCHES_PAY = 3_000_000  # contexts times vocabulary: a gradient of about 5 ms


class Maker(Protocol):
    """The module of an optimizer, or anything else with its two functions."""

    def make(self, problem: Problem) -> Optimizer:
        """An optimizer, ready for its first step."""
        ...

    def state_bytes(self, parameter_count: int, contexts: int, options: Options) -> int:
        """Bytes of the arrays in its `state_dict`, once it has been at work for long."""
        ...


@dataclass(frozen=True)
class Entry:
    """An optimizer to choose.

    Attributes:
        name: by which it is chosen and saved.
        maker: the full name of its module, or an object with the same two functions.
        settings: names of the settings that it has, of those that only some optimizers have.
        scaled: whether it works in units of `frequency_scales`.
    """

    name: str
    maker: str | Maker
    settings: tuple[str, ...]
    scaled: bool = False

    def load(self) -> Maker:
        """The module, imported now if it was not before."""
        if isinstance(self.maker, str):
            return import_module(self.maker)
        return self.maker


_OPTIMIZERS: Registry[Entry] = Registry(
    "optimizer",
    [
        Entry("scaled L-BFGS", "model.optimizers.lbfgs", ("history_terms",), scaled=True),
        Entry("scaled SFO", "model.optimizers.sfo", ("minibatches", "history_terms"), scaled=True),
        Entry("SFO", "model.optimizers.sfo", ("minibatches", "history_terms")),
        Entry("L-BFGS", "model.optimizers.lbfgs", ("history_terms",)),
        Entry("Adam", "model.optimizers.adam", _FIRST_ORDER),
        Entry("SGD", "model.optimizers.sgd", _FIRST_ORDER),
    ],
)
find = _OPTIMIZERS.find
register = _OPTIMIZERS.register
registered = _OPTIMIZERS.registered


def names() -> tuple[str, ...]:
    """What may be chosen: "auto", which stands for one of the others, and all optimizers."""
    return (AUTO, *_OPTIMIZERS.names())


def chosen(name: str, contexts: int, vocabulary_size: int, suited: str = "") -> str:
    """The optimizer's name; what "auto" stands for on a text with so many different contexts.

    It is the one that is named as suited to the family of models, if there is one.

    Both choices were first in races to within 1 % of the best loss: scaled L-BFGS where a
    gradient of the whole text costs a few milliseconds, scaled SFO where minibatches pay.
    """
    if name != AUTO:
        return name
    if suited:
        return suited
    large = contexts * vocabulary_size >= _MINIBATCHES_PAY
    return "scaled SFO" if large else "scaled L-BFGS"


def own_settings(name: str, suited: str = "") -> tuple[str, ...]:
    """The settings that an optimizer has, of those that only some have.

    "auto" has those of everything that it may stand for.
    """
    if name == AUTO:
        name = suited or "scaled SFO"
    return find(name).settings


def make(name: str, problem: Problem) -> Optimizer:
    """An optimizer, ready for its first step.

    Args:
        name: of the optimizer; "auto" chooses by the size of the problem.
        problem: what to optimize, and with which options.

    Raises:
        SettingsError: there is no such optimizer, or an option is out of its range.
        OptimizerError: the starting point is no vector of finite numbers.
    """
    size = problem.model.vocabulary_size
    entry = find(chosen(name, len(problem.table.contexts), size))
    maker = entry.load()
    if not entry.scaled:
        return maker.make(problem)
    from model.optimizers.scaled import Scaled, ScaledObjective, frequency_scales

    scales = frequency_scales(problem.model, problem.table)
    inner = replace(
        problem,
        theta0=problem.theta0 / scales,
        sum_objective=lambda parts, *, noise=False: ScaledObjective(
            problem.sum_objective(parts, noise=noise), scales
        ),
    )
    return Scaled(maker.make(inner), scales)


def copied_bytes(name: str, parameter_count: int, contexts: int, options: Options) -> int:
    """Of `state_bytes`, what a checkpoint copies before it is written."""
    maker = find(name).load()
    lent = getattr(maker, "lent_bytes", None)
    whole = state_bytes(name, parameter_count, contexts, options)
    return whole - (lent(parameter_count, contexts, options) if lent else 0)


def state_bytes(name: str, parameter_count: int, contexts: int, options: Options) -> int:
    """Bytes of an optimizer's `state_dict`, once it has been at work for long.

    That is what it holds in memory, and what a checkpoint holds of it. While one is written both
    are there, and its bytes.

    Args:
        name: of the optimizer, not "auto": see `chosen`.
        parameter_count: D.
        contexts: different contexts in the text.
        options: see `Problem`.

    Raises:
        SettingsError: there is no such optimizer.
    """
    entry = find(name)
    scales = 8 * parameter_count if entry.scaled else 0
    return scales + entry.load().state_bytes(parameter_count, contexts, options)
