"""Where the sample texts are: in the installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGED = Path(__file__).parent.parent / "sample_texts"
_CHECKOUT = Path(__file__).parent.parent.parent / "sample_texts"
_DEFAULT = "the_salt_crown.txt"


def sample_directory() -> Path:
    """Return the folder of the sample texts."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def samples() -> list[Path]:
    """Return all sample texts, in alphabetical order."""
    return sorted(sample_directory().glob("*.txt"))


def default_sample() -> Path:
    """Return the sample that opens when no text is named: a play in verse and speech."""
    return sample_directory() / _DEFAULT


def title(path: Path) -> str:
    """Return a sample's name for people."""
    return path.stem.replace("_", " ")
