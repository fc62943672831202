"""Families of models by name. A new one is a file, and a line here.

Nothing is imported before a model is made, so that settings and parsers can ask for names at once.

>>> names()
('log-bilinear',)
>>> find("log-bilinear").make(30, 3, embedding_size=5).parameter_count
600
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from model.families.base import Model
from model.registry import Registry


@dataclass(frozen=True)
class Family:
    """A family of models.

    Attributes:
        name: by which it is chosen and saved.
        settings: names of what its models are made with beside vocabulary size and context length.
        make: (vocabulary_size, context_length, **settings) -> the shape of a model. Raises
            SettingsError where they make none.
    """

    name: str
    settings: tuple[str, ...]
    make: Callable[..., Model]


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
            ("embedding_size",),
            lazily("model.families.log_bilinear.shape", "LogBilinear"),
        ),
    ],
)
find = _FAMILIES.find
names = _FAMILIES.names
register = _FAMILIES.register
registered = _FAMILIES.registered
