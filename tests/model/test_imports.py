"""Imports inside the engine run one way: type-only and deferred ones are looked at too."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import model

ROOT = Path(model.__file__).parent


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_by(path: Path, modules: set[str]) -> set[str]:
    """The engine's modules that a file names in imports, wherever these stand in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & modules
            found |= inner or {node.module}
    return found & modules


def graph() -> dict[str, set[str]]:
    files = {name_of(path): path for path in ROOT.rglob("*.py")}
    return {name: imported_by(path, set(files)) for name, path in files.items()}


def test_no_circle() -> None:
    list(TopologicalSorter(graph()).static_order())  # raises CycleError, which names the circle


def test_only_its_room_and_the_oracle_know_log_bilinear() -> None:
    room = "model.families.log_bilinear"
    outside = {
        name
        for name, imports in graph().items()
        if not name.startswith(room) and any(other.startswith(room) for other in imports)
    }
    assert outside == {"model", "model.reference"}
