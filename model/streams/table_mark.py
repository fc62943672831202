"""How a file shows that it is a counted table, found out without loading what reads one."""

from __future__ import annotations

from pathlib import Path

MAGIC = b"charembed table "


def is_table(path: str | Path) -> bool:
    """Whether a file begins as a table does; False for what cannot be read, and for pipes."""
    path = Path(path)
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False
