"""How characters look on the screen: every one visible, none able to disturb the terminal."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

from rich.cells import cell_len

from model.texts.reading import FIRST_BYTE

_NAMED = {" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍", "\x7f": "␡", "\xa0": "⍽", "\u3000": "□"}
_UNDRAWABLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_CONTROL_PICTURES = 0x2400
_CARRIER = "◌"  # what a combining character stands on
_REPLACEMENT = "�"
_VOWELS = frozenset("aeiouyαεηιοωυаеёиоуыэюяіїє")

# What changes more than its own cell: control characters, and orders of direction.
DISTURBING = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

_FOREIGN = re.compile(r"[^ -~]")  # what may look otherwise than it is
_PRINTED = {"\n": "\n", "\t": "    "}


class CharacterClass(Enum):
    """The characters of a class are drawn in one colour."""

    VOWEL = "vowels"
    CONSONANT = "consonants"
    CAPITAL = "capitals"
    HIRAGANA = "hiragana"
    KATAKANA = "katakana"
    HAN = "Han"
    HANGUL = "Hangul"
    ARABIC = "Arabic"
    HEBREW = "Hebrew"
    DEVANAGARI = "Devanagari"
    THAI = "Thai"
    LETTER = "other letters"
    DIGIT = "digits"
    PUNCTUATION = "punctuation"
    SPACE = "whitespace"
    OTHER = "other"


# The first word of a letter's name tells the script, where there are no capitals.
_SCRIPTS = {
    "HIRAGANA": CharacterClass.HIRAGANA,
    "KATAKANA": CharacterClass.KATAKANA,
    "KATAKANA-HIRAGANA": CharacterClass.KATAKANA,
    "CJK": CharacterClass.HAN,
    "HANGUL": CharacterClass.HANGUL,
    "ARABIC": CharacterClass.ARABIC,
    "HEBREW": CharacterClass.HEBREW,
    "DEVANAGARI": CharacterClass.DEVANAGARI,
    "THAI": CharacterClass.THAI,
}

_NAMES_OF_CONTROLS = {"\n": "line feed", "\t": "tab", "\r": "carriage return"}


def glyph(character: str) -> str:
    """Return a visible form of a character, one or two cells wide.

    Whitespace and control characters get symbols of their own, combining characters a carrier,
    and what no terminal can draw safely a replacement mark.
    """
    if character in _NAMED:
        return _NAMED[character]
    if 0 <= ord(character) - FIRST_BYTE < 256:
        return f"{ord(character) - FIRST_BYTE:02x}"  # a byte
    if ord(character) < 0x20:
        return chr(_CONTROL_PICTURES + ord(character))
    category = unicodedata.category(character)
    if category in _UNDRAWABLE:
        return _REPLACEMENT
    if category == "Zs":
        return _NAMED[" "]
    if category.startswith("M") or cell_len(character) == 0:
        return _CARRIER + character
    return character


def width(character: str) -> int:
    """Return how many cells the glyph of a character takes: 1 or 2."""
    return max(1, cell_len(glyph(character)))


def name(character: str) -> str:
    """Return a character's name, as people read it; empty where it has none."""
    if character in _NAMES_OF_CONTROLS:
        return _NAMES_OF_CONTROLS[character]
    if 0 <= ord(character) - FIRST_BYTE < 256:
        return f"byte {glyph(character)}"
    found = unicodedata.name(character, "").lower()
    return f"Han U+{ord(character):X}" if found.startswith("cjk unified ") else found


def visible(text: str) -> str:
    """Write a text on one line, safe to print: every character as its glyph, spaces as they are."""
    return _FOREIGN.sub(lambda found: glyph(found[0]), text)


def printable(text: str) -> str:
    """Write a text safely over several lines: line feeds and tabs work, the rest is glyphs."""
    return _FOREIGN.sub(lambda found: _PRINTED.get(found[0]) or glyph(found[0]), text)


def classify(character: str) -> CharacterClass:
    """Return the class a character belongs to."""
    category = unicodedata.category(character)
    if character.isspace():
        return CharacterClass.SPACE
    if category == "Lu":
        return CharacterClass.CAPITAL
    if category == "Ll":
        # Accents do not make a vowel a consonant.
        base = unicodedata.normalize("NFD", character)[0]
        return CharacterClass.VOWEL if base in _VOWELS else CharacterClass.CONSONANT
    if category.startswith("L"):
        script = unicodedata.name(character, "").partition(" ")[0]
        return _SCRIPTS.get(script, CharacterClass.LETTER)
    if category.startswith("N"):
        return CharacterClass.DIGIT
    if category[0] in "PS":
        return CharacterClass.PUNCTUATION
    return CharacterClass.OTHER
