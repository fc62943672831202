"""What a package has by name: what type checkers are promised, without loading it at once."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import model
import model.optimizers

PACKAGES = [model, model.optimizers]
every_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)


def promised(package: ModuleType) -> dict[str, str]:
    """The names imported for type checkers, and the modules they come from."""
    tree = ast.parse(Path(str(package.__file__)).read_text(encoding="utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


@every_package
def test_every_promised_name_is_there(package: ModuleType) -> None:
    for name, home in promised(package).items():
        assert getattr(package, name) is getattr(import_module(home), name)


@every_package
def test_names_are_listed_before_they_are_loaded(package: ModuleType) -> None:
    program = f"import {package.__name__} as package; print(*dir(package))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    public = {name for name in done.stdout.split() if not name.startswith("_")}
    assert public >= set(promised(package))
    helpers = {"TYPE_CHECKING", "annotations", "late_names", "lazy"}
    assert public - set(promised(package)) <= helpers


@every_package
def test_other_names_are_an_error_that_names_the_package(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match=rf"'{package.__name__}' has no attribute 'Nothing'"):
        _ = package.Nothing


@every_package
def test_what_was_found_is_looked_for_once(package: ModuleType) -> None:
    for name in promised(package):
        assert getattr(package, name) is vars(package)[name]


def test_importing_the_engine_loads_neither_scipy_nor_numpy() -> None:
    program = "import sys, model, model.optimizers; print({'scipy', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "set()"
