from __future__ import annotations

import pytest

from charembed_tui.text.glyphs import CharacterClass
from charembed_tui.text.selection import classes, selected
from model.errors import SettingsError

VOCABULARY = tuple("\n aeBc.世")


def characters(text: str) -> str:
    return "".join(VOCABULARY[i] for i in sorted(selected(VOCABULARY, text).codes))


def test_every_character_is_in_one_class() -> None:
    found = classes(VOCABULARY)
    assert sorted(i for s in found.values() for i in s.codes) == list(range(len(VOCABULARY)))
    assert found[CharacterClass.VOWEL].name == "vowels"
    assert CharacterClass.DIGIT not in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vowels", "ae"),
        (" Whitespace ", "\n "),
        ("Han", "世"),
        ("cB", "Bc"),
        ("aa", "a"),
        (" ", " "),
        ("␣⏎", "\n "),
    ],
)
def test_what_is_meant(text: str, expected: str) -> None:
    assert characters(text) == expected


def test_its_name_says_what_it_is() -> None:
    assert selected(VOCABULARY, "VOWELS").name == "vowels"
    assert selected(VOCABULARY, "a ").name == "a␣"
    assert (
        len(selected([chr(i) for i in range(97, 160)], "".join(map(chr, range(97, 127)))).name) < 25
    )


@pytest.mark.parametrize(
    ("text", "named"), [("", "Type"), ("axyz", "x y z"), ("digits", "d i g t s")]
)
def test_what_is_not_there_is_named(text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        selected(VOCABULARY, text)
