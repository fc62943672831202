import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from charembed_tui.text.glyphs import (
    CharacterClass,
    classify,
    glyph,
    name,
    printable,
    visible,
    width,
)
from model.texts.reading import FIRST_BYTE


@given(st.characters())
def test_every_character_has_a_visible_glyph_of_one_or_two_cells(character: str) -> None:
    shown = glyph(character)
    assert width(character) == cell_len(shown)
    assert width(character) in (1, 2)
    assert shown.strip()
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in shown)


@pytest.mark.parametrize(
    ("character", "shown"),
    [(" ", "␣"), ("\n", "⏎"), ("\t", "⇥"), ("\x1b", "␛"), ("\u0301", "◌\u0301"), ("世", "世")],
)
def test_known_glyphs(character: str, shown: str) -> None:
    assert glyph(character) == shown


@pytest.mark.parametrize(
    ("character", "expected"),
    [
        ("e", "latin small letter e"),
        ("\n", "line feed"),
        ("窓", "Han U+7A93"),
        (chr(FIRST_BYTE + 0x7F), "byte 7f"),
        ("\x01", ""),
    ],
)
def test_names(character: str, expected: str) -> None:
    assert name(character) == expected


@given(st.text())
def test_text_is_safe_to_show(text: str) -> None:
    for shown in (visible(text), printable(text)):
        assert "\x1b" not in shown
        assert "\x9b" not in shown
    assert "\n" not in visible(text)


@pytest.mark.parametrize(
    ("characters", "expected"),
    [
        ("aeiouéя", CharacterClass.VOWEL),
        ("bcxñжß", CharacterClass.CONSONANT),
        ("AZÄЖ", CharacterClass.CAPITAL),
        ("かん", CharacterClass.HIRAGANA),
        ("カー", CharacterClass.KATAKANA),
        ("世界", CharacterClass.HAN),
        ("안", CharacterClass.HANGUL),
        ("مر", CharacterClass.ARABIC),
        ("א", CharacterClass.HEBREW),
        ("न", CharacterClass.DEVANAGARI),
        ("ก", CharacterClass.THAI),
        ("አ", CharacterClass.LETTER),
        ("07½", CharacterClass.DIGIT),
        (".,;!-€", CharacterClass.PUNCTUATION),
        (" \n\t", CharacterClass.SPACE),
        ("\x00\u0301", CharacterClass.OTHER),
    ],
)
def test_classes(characters: str, expected: CharacterClass) -> None:
    assert {classify(c) for c in characters} == {expected}
