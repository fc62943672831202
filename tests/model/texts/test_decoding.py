"""Bytes become text: encodings, line ends, case; and what is said where they do not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.corpus import Corpus
from model.errors import CorpusError, SettingsError
from model.texts.decoding import Decoded, likely_encoding
from model.texts.reading import Reading, bytes_of, characters_of

ENCODINGS = ["utf-8", "utf-16", "utf-32", "cp1252", "shift-jis", "koi8-r", "gb18030", "utf-7"]


def decoded(data: bytes, reading: Reading, size: int = 3) -> str:
    return "".join(Decoded(io.BytesIO(data), "it", reading).pieces(size))


@given(st.text(st.characters(codec="utf-8")), st.sampled_from(ENCODINGS), st.integers(1, 9))
def test_any_encoding_in_any_pieces(text: str, encoding: str, size: int) -> None:
    text = text.removeprefix("\ufeff").replace("\ufeff", "")
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        return
    if data.decode(encoding) != text:
        return  # not every codec is its own inverse
    assert decoded(data, Reading(encoding, newlines="keep"), size) == text
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    assert decoded(data, Reading(encoding), size) == plain
    folded = Reading(encoding, fold_case=True)
    assert decoded(data, folded, size) == plain.casefold() == folded.as_read(text)


@given(st.binary(), st.integers(1, 5))
def test_any_bytes_are_characters(data: bytes, size: int) -> None:
    text = decoded(data, Reading("bytes"), size)
    assert len(text) == len(data)
    assert bytes_of(text) == data
    assert characters_of(data) == text


@pytest.mark.parametrize(
    ("data", "ends"),
    [
        (b"a\nb\n", ("LF",)),
        (b"a\r\nb\r\n", ("CRLF",)),
        (b"a\rb\r", ("CR",)),
        (b"a\rb\r\nc\n", ("CR", "LF", "CRLF")),
        (b"ab", ()),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 100])
def test_which_line_ends_there_were(data: bytes, ends: tuple[str, ...], size: int) -> None:
    for newlines in ("unify", "keep"):
        text = Decoded(io.BytesIO(data), "it", Reading(newlines=newlines))
        assert list(text.pieces(size))
        assert set(text.line_ends) == set(ends)


def test_one_text_with_three_line_ends_is_one_text(tmp_path: Path) -> None:
    found = []
    for name, end in (("lf", "\n"), ("crlf", "\r\n"), ("cr", "\r")):
        path = tmp_path / name
        path.write_bytes(end.join(["the first line", "and the second", ""]).encode())
        found.append(Corpus.from_file(path))
    assert len({corpus.codes.tobytes() for corpus in found}) == 1
    assert len({corpus.files[0].fingerprint for corpus in found}) == 1


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_wrong_byte_is_named_with_its_place(size: int) -> None:
    data = "plain text first\nand then déjà vu, après tout\n".encode("cp1252")
    place = data.index(b"\xe9")
    with pytest.raises(CorpusError) as caught:
        decoded(data, Reading(), size)
    message = str(caught.value)
    assert f"byte {place} is 0xe9, in line 2" in message
    if size == 1000:  # smaller pieces show less
        assert "--encoding cp1252" in message
    with pytest.raises(CorpusError, match=r"is not ascii .*another --encoding"):
        decoded(data, Reading("ascii"), size)


def test_what_bytes_are_likely_to_be() -> None:
    assert likely_encoding("Der Fluß führt über die Brücke.".encode("cp1252")) == "cp1252"
    assert likely_encoding("it’s “quoted” – and so on, for a while".encode("cp1252")) == "cp1252"
    pytest.importorskip("charset_normalizer")
    russian = "Привет, как дела? Это мельница на краю света, и она стоит.".encode("cp1251")
    assert likely_encoding(russian) == "cp1251"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("hello".encode("utf-16"), "--encoding utf-16 reads it"),
        ("hello".encode("utf-32"), "--encoding utf-32 reads it"),
        ("hello, world".encode("utf-16-le"), "--encoding utf-16-le reads it"),
        (b"\x7fELF\0\0\0\0\1\2\3", "binary file.*--encoding bytes"),
        (b"plain \xff\0 and so on" + b"x" * 99, "binary file.*--encoding bytes"),
    ],
)
def test_what_is_no_utf8_hears_of_the_option(data: bytes, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        decoded(data, Reading(), 1000)


def test_every_control_character_is_learned() -> None:
    data = b"".join(bytes([c]) + b" is a control character among many\n" for c in range(32))
    assert set(map(chr, range(32))) - {"\r"} <= set(decoded(data, Reading(), 1000))


@pytest.mark.parametrize("name", ["nonsense", "hex", "rot13", "base64"])
def test_no_encoding_of_text(name: str) -> None:
    with pytest.raises(SettingsError, match="no encoding"):
        Reading(name)
    with pytest.raises(SettingsError, match="neither lines nor case"):
        Reading("bytes", lines=True)
