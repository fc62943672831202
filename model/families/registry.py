"""Families of models by name. A new one is a file, and a line here.

Nothing is imported before a model is made, so that settings and parsers can ask for names at once.

>>> names()
('log-bilinear', 'network', 'n-grams')
>>> find("log-bilinear").make(30, 3, embedding_size=5).parameter_count
600
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from model.families.base import FirstOrderAdvice, Model
from model.registry import Registry


@dataclass(frozen=True)
class Family:
    """A family of models.

    Attributes:
        name: by which it is chosen and saved.
        settings: names of what its models are made with beside vocabulary size and context length.
        make: (vocabulary_size, context_length, **settings) -> the shape of a model. Raises
            SettingsError where they make none.
        others: names of further settings that are for this family only.
        optimizer: what "auto" stands for; empty for a choice by the size of the text.
        advice: for first-order optimizers.
        defaults: settings that differ from the usual ones where nobody chose them.
        counts: whether its models are counts of a training text: without parameters, and complete
            only on that text, see `model.families.base.on_text`.
        without: names of settings for all families that mean nothing to this one.
        searches: evaluations in a step of an optimizer that searches along lines, about.
    """

    name: str
    settings: tuple[str, ...]
    make: Callable[..., Model]
    others: tuple[str, ...] = ()
    optimizer: str = ""
    advice: FirstOrderAdvice = field(default_factory=FirstOrderAdvice)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    counts: bool = False
    without: tuple[str, ...] = ()
    searches: float = 1.1

    @property
    def own_settings(self) -> tuple[str, ...]:
        """The settings for some families only that are for this one."""
        return (*self.settings, *self.others)


def lazily(module: str, name: str) -> Callable[..., Model]:
    """A maker that is imported when it is first called."""

    def make(vocabulary_size: int, context_length: int, **settings: Any) -> Model:
        maker: Callable[..., Model] = getattr(import_module(module), name)
        return maker(vocabulary_size, context_length, **settings)

    return make


_FAMILIES: Registry[Family] = Registry(
    "family of models",
    [
        Family(
            "log-bilinear",
            ("embedding_size", "precision"),
            lazily("model.families.log_bilinear.shape", "LogBilinear"),
            others=("prior",),
            defaults={"context_length": 3, "embedding_size": 5},
        ),
        # Chosen on a training text, without its end: `tests/benchmarks/network_quality.py`.
        Family(
            "network",
            ("embedding_size", "hidden", "layers", "activation", "dropout"),
            lazily("model.families.network.shape", "Network"),
            others=("batch", "weight_decay", "anneal_seconds", "anneal_steps"),
            optimizer="Adam",
            # In 12,900 steps of 2,048 a megabyte came to 1.372 within its training text, in 18,000
            # of 1,024, which take as long, to 1.382: half of a step goes by parameters, not rows.
            # With dropout 0.5, weight decays of 0.05, 0.1, 0.2 and 0.4 came to 1.558, 1.524, 1.502
            # and 1.505 on the end of it, the first getting worse from 8,500 steps on; with dropout
            # 0.4, decays of 0.2 and 0.3 to 1.503 and 1.497; with dropout 0.3, 0.3 to 1.501.
            advice=FirstOrderAdvice(1024, 2.5e-3, weight_decay=0.3, long_text=500_000),
            defaults={"context_length": 8, "embedding_size": 32},
            searches=1.7,  # from 1.1 with 64 hidden units to 2.0 with 512
        ),
        Family(
            "n-grams",
            ("embedding_size", "order", "smoothing"),
            lazily("model.families.ngrams.shape", "make"),
            defaults={"context_length": 3, "embedding_size": 5},
            counts=True,
            without=("context_length", "seed", "patience"),
        ),
    ],
)
find = _FAMILIES.find
names = _FAMILIES.names
register = _FAMILIES.register
registered = _FAMILIES.registered
