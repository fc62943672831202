"""The examples in the docstrings are true."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module
from types import ModuleType

import pytest

import model

MODULES = [model] + [
    import_module(found.name) for found in pkgutil.walk_packages(model.__path__, "model.")
]
WITH_EXAMPLES = [m for m in MODULES if any(t.examples for t in doctest.DocTestFinder().find(m))]


def test_the_main_entries_have_examples() -> None:
    names = {module.__name__ for module in WITH_EXAMPLES}
    assert {
        "model",
        "model.corpus",
        "model.counting",
        "model.dataset",
        "model.families.log_bilinear.shape",
    } <= names


@pytest.mark.parametrize("module", WITH_EXAMPLES, ids=lambda module: module.__name__)
def test_examples(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
