from pathlib import Path

import pytest

from charembed_tui.text.sample_texts import default_sample, samples, title
from model.corpus import Corpus

PLAY, WORDS = "the_salt_crown", "invented_words"


def test_there_are_five_and_the_default_is_one_of_them() -> None:
    assert len(samples()) >= 5
    assert default_sample() in samples()
    assert title(default_sample()) == "the salt crown"


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.stem)
def test_samples_are_texts_of_a_good_size(path: Path) -> None:
    assert 20_000 <= path.stat().st_size <= 60_000
    corpus = Corpus.from_file(path)
    assert len(corpus.vocabulary) >= 20
    assert "\r" not in corpus.vocabulary


def test_there_is_another_alphabet_and_a_list_of_words() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in samples()}
    assert any("ж" in text for text in texts.values())
    words = texts[WORDS].split("\n")
    assert len(set(words)) > 2000
    assert all(word.islower() for word in words if word)
    assert "\nALDRIC.\n" in texts[PLAY]
