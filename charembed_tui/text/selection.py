"""Characters that somebody means by a word: a class of them, or those that are typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from charembed_tui.text.glyphs import CharacterClass, classify, glyph
from model.errors import SettingsError

_LONGEST_NAME = 24


@dataclass(frozen=True)
class Selection:
    """Some characters of a vocabulary, at least one.

    Attributes:
        name: for people.
        codes: of the characters.
    """

    name: str
    codes: frozenset[int]


def classes(vocabulary: Sequence[str]) -> dict[CharacterClass, Selection]:
    """Return the classes that occur, in their order, each with its characters."""
    codes: dict[CharacterClass, list[int]] = {kind: [] for kind in CharacterClass}
    for code, character in enumerate(vocabulary):
        codes[classify(character)].append(code)
    return {kind: Selection(kind.value, frozenset(found)) for kind, found in codes.items() if found}


def selected(vocabulary: Sequence[str], text: str) -> Selection:
    """Return the characters that are meant.

    Args:
        vocabulary: the characters there are.
        text: the name of a class, or characters; a glyph counts as what it stands for.

    Raises:
        SettingsError: nothing is meant, or a character that is not there.
    """
    for kind, selection in classes(vocabulary).items():
        if text.strip().lower() == kind.value.lower():
            return selection
    codes = {character: code for code, character in enumerate(vocabulary)}
    by_glyph = {glyph(character): code for code, character in enumerate(vocabulary)}
    known = {**by_glyph, **codes}
    if not text:
        raise SettingsError("Type characters, or the name of a class such as vowels.")
    missing = [c for c in dict.fromkeys(text) if c not in known]
    if missing:
        some = " ".join(glyph(c) for c in missing[:8])
        raise SettingsError(f"The text has no {some}: type characters of it, or a class.")
    name = "".join(glyph(c) for c in dict.fromkeys(text))
    if len(name) > _LONGEST_NAME:
        name = name[: _LONGEST_NAME - 1] + "…"
    return Selection(name, frozenset(known[c] for c in text))
