"""Every file, folder and name that the architecture notes speak of is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("model", "charembed_tui")
PACKAGES = (*ROOMS, "tests")
_FILE = re.compile(r"((?:\w+/)*[\w*]+\.py)(?:: ([\w.]+))?")
_FOLDER = re.compile(r"(?:\w+/)+")
_CLASS_AND_METHOD = re.compile(r"([A-Z]\w+)\.(\w+)")


def quoted(room: str) -> list[str]:
    """What stands between backticks in the notes of a room."""
    return re.findall(r"`([^`\n]+)`", (ROOT / room / "README.md").read_text(encoding="utf-8"))


def files(room: str, path: str) -> list[Path]:
    """The files of a path as the notes write it: from the room, from the root, or a bare name."""
    if path.split("/")[0] in PACKAGES:
        return list(ROOT.glob(path))
    return list((ROOT / room).glob(path)) or list((ROOT / room).glob(f"**/{path}"))


@cache
def defined(path: Path) -> set[str]:
    """All classes, functions and methods of a file, the latter with and without their class."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            inner = [
                m.name for m in node.body if isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef)
            ]
            names |= {node.name, *(f"{node.name}.{name}" for name in inner)}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_files_and_what_is_defined_in_them(room: str) -> None:
    found = [match for text in quoted(room) if (match := _FILE.fullmatch(text))]
    assert len(found) > 30
    for path, name in (match.groups() for match in found):
        there = files(room, path)
        assert there, f"{room}/README.md names {path}, which is not there"
        assert not name or any(name in defined(file) for file in there), f"{path}: {name}"


@pytest.mark.parametrize("room", ROOMS)
def test_folders(room: str) -> None:
    found = [text for text in quoted(room) if _FOLDER.fullmatch(text)]
    assert len(found) > 3
    for path in found:
        assert any((base / path).is_dir() for base in (ROOT / room, ROOT)), path


@pytest.mark.parametrize("room", ROOMS)
def test_methods_that_are_named_with_their_class(room: str) -> None:
    everywhere = {name for file in (ROOT / room).rglob("*.py") for name in defined(file)}
    for text in quoted(room):
        if _CLASS_AND_METHOD.fullmatch(text):
            assert text in everywhere, text


@pytest.mark.parametrize("room", ROOMS)
def test_full_names_in_docstrings(room: str) -> None:
    """pdoc makes links of them where they are right, and is silent where they are not."""
    for file in (ROOT / room).rglob("*.py"):
        for name in re.findall(r"`((?:model|charembed_tui)(?:\.\w+)+)`", file.read_text("utf-8")):
            assert resolves(name), f"{file.name} names {name}"


def resolves(name: str) -> bool:
    """Whether a full name is a module, or something in one."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def test_what_is_not_there_is_found_out() -> None:
    assert not resolves("model.corpus.Nothing")
    assert not resolves("model.nowhere.Nothing")
    assert files("model", "corpus.py")
    assert not files("model", "corpse.py")
    assert not files("model", "model/corpse.py")
    assert "Dataset.count" in defined(ROOT / "model" / "dataset.py")
    assert "Dataset.guess" not in defined(ROOT / "model" / "dataset.py")
