from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.corpus import Corpus
from model.errors import CorpusError


def test_vocabulary_is_sorted_by_code_point() -> None:
    corpus = Corpus.from_text("banana!")
    assert corpus.vocabulary == ("!", "a", "b", "n")
    assert corpus.codes.tolist() == [2, 1, 3, 1, 3, 1, 0]
    assert np.issubdtype(corpus.codes.dtype, np.integer)


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=2).filter(lambda t: len(set(t)) > 1)
)
def test_decoding_undoes_encoding(text: str) -> None:
    corpus = Corpus.from_text(text)
    assert corpus.decode(corpus.codes) == text
    assert corpus.encode(text).tolist() == corpus.codes.tolist()
    assert len(corpus) == len(text)


def test_encoding_refuses_strangers() -> None:
    with pytest.raises(CorpusError, match="'z' does not occur"):
        Corpus.from_text("abba").encode("abz")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with byte order mark"])
def test_reads_utf8(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(mark + "Grüße, 世界\r\n".encode())
    corpus = Corpus.from_file(path)
    assert corpus.decode(corpus.codes) == "Grüße, 世界\n"
    assert corpus.name == "a.txt"


def test_reads_characters_that_cross_the_borders_of_its_pieces(tmp_path: Path) -> None:
    text = "a" + "世" * 700_000 + "b"
    path = tmp_path / "long.txt"
    path.write_text(text, encoding="utf-8")
    corpus = Corpus.from_file(path)
    assert len(corpus) == len(text)
    assert corpus.codes[[0, 1, -2, -1]].tolist() == [0, 2, 2, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\x7fELF\0\0\0", "binary"),
        (b"caf\xe9 au lait", r"not UTF-8 \(byte 3 is 0xe9, in line 1\).*cp1252"),
        (b"x" * (1 << 20) + b"\xff", r"byte 1,048,576 is 0xff"),
        (b"ends in the middle \xe4\xb8", "not UTF-8"),
        ("hello".encode("utf-16"), "UTF-16"),
        (b"aaaa", "single character"),
    ],
)
def test_says_what_is_wrong_with_a_file(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        Corpus.from_file(path)


def test_says_what_is_wrong_with_a_path(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="does not exist"):
        Corpus.from_file(tmp_path / "nowhere.txt")
    with pytest.raises(CorpusError, match="directory without texts"):
        Corpus.from_file(tmp_path)


def test_refuses_lone_surrogates() -> None:
    with pytest.raises(CorpusError, match="lone surrogate at character 2"):
        Corpus.from_text("ab\ud800")


def test_a_context_needs_two_characters_more() -> None:
    corpus = Corpus.from_text("abcd")
    corpus.require_context_length(2)
    with pytest.raises(CorpusError, match="at most 2"):
        corpus.require_context_length(3)


def test_rare_characters_become_one_symbol() -> None:
    corpus = Corpus.from_text("aaabbbcd\ufffdaé")
    assert corpus.counts().tolist() == [4, 3, 1, 1, 1, 1]
    merged = corpus.merge_rare(2)
    assert merged.vocabulary == ("a", "b", "\ufffd")
    assert merged.decode(merged.codes) == "aaabbb\ufffd\ufffd\ufffda\ufffd"
    assert corpus.merge_rare(1) is corpus
    with pytest.raises(CorpusError, match="smaller minimum"):
        corpus.merge_rare(5)


@given(st.text(min_size=2).filter(lambda t: len(set(t)) > 1), st.integers(1, 4))
def test_what_is_not_rare_stays(text: str, minimum: int) -> None:
    try:
        corpus = Corpus.from_text(text)
        merged = corpus.merge_rare(minimum)
    except CorpusError:
        return
    for before, after in zip(text, merged.decode(merged.codes), strict=True):
        assert after == (before if text.count(before) >= minimum else "\ufffd")
