"""Folders that everything that is read has to be in: for those whom somebody else's machine serves.

Without any there is no such limit. Links are followed before it is decided: what counts is where a
file is, not where its name stands.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from model.errors import CorpusError
from model.texts.remote import is_address

_OUTSIDE = "is outside of the folders that this program was started with (--root)"
_roots: tuple[Path, ...] = ()


def restrict_to(folders: Sequence[str | Path]) -> None:
    """Have nothing read but what is in these folders; with none of them anything.

    Raises:
        CorpusError: one of them is no folder.
    """
    global _roots
    for folder in folders:
        if not os.path.isdir(folder):
            raise CorpusError(f"{folder} is no folder: --root takes one that holds texts and runs.")
    _roots = tuple(Path(os.path.realpath(folder)) for folder in folders)


def roots() -> tuple[Path, ...]:
    """These folders; none where anything may be read."""
    return _roots


def is_inside(path: str | Path) -> bool:
    """Whether what a path leads to is in one of the folders, or there are none."""
    if not _roots:
        return True
    if is_address(str(path)):  # which may lead anywhere
        return False
    try:
        real = Path(os.path.realpath(path))
    except (OSError, ValueError):  # a name that none can have
        return False
    return any(real.is_relative_to(root) for root in _roots)


def require_inside(path: str | Path, name: str = "") -> None:
    """Refuse what is outside, whether or not it is there.

    Raises:
        CorpusError: with the name, or the last part of the path.
    """
    if not is_inside(path):
        raise CorpusError(f"{name or Path(path).name or path} {_OUTSIDE}: choose something inside.")


def refuse_outside(path: str | Path) -> None:
    """The same for whoever expects trouble with files. Raises OSError."""
    if not is_inside(path):
        raise OSError(errno.EACCES, f"It {_OUTSIDE}", str(path))
