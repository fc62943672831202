"""What can be opened: files, folders, patterns, archives, pipes; and what is said of the rest."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from model.corpus import Corpus
from model.errors import CorpusError
from model.texts import sources
from model.texts.encoding import TextTooLongError
from model.texts.reading import Reading
from model.texts.sources import find_sources

TEXT = "the cat sat on the mat, and the other cat did not.\n"


def text_of(corpus: Corpus) -> str:
    return corpus.decode(corpus.codes.tolist())


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), ("", gzip.compress)],
)
def test_packed_texts(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / f"text.txt{suffix}"
    path.write_bytes(pack(TEXT.encode()))
    assert text_of(Corpus.from_file(path)) == TEXT
    path.write_bytes(pack(TEXT.encode())[:-6])
    with pytest.raises(CorpusError, match="no whole"):
        Corpus.from_file(path)
    if suffix:
        path.write_text(TEXT)
        with pytest.raises(CorpusError, match=r"is no .* file"):
            Corpus.from_file(path)


def test_an_archive_of_texts(tmp_path: Path) -> None:
    path = tmp_path / "texts.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("b.txt", "second")
        archive.writestr("a.txt", "first")
        archive.writestr("picture.png", b"\x89PNG\0\0\0\0")
        archive.writestr("__MACOSX/a.txt", "nothing")
    corpus = Corpus.from_file(path)
    assert text_of(corpus) == "firstsecond"
    assert corpus.starts == (0, 5)
    assert [file.member for file in corpus.files] == ["a.txt", "b.txt"]
    (reason,) = corpus.skipped
    assert "picture.png" in reason
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(CorpusError, match="no whole zip file"):
        Corpus.from_file(path)


def test_a_folder_is_all_its_texts(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    (folder / "inner").mkdir(parents=True)
    (folder / "b.txt").write_text("bb ")
    (folder / "a.txt").write_text("aa ")
    (folder / "inner" / "c.txt").write_text("cc ")
    (folder / ".hidden").write_text("no")
    (folder / "program").write_bytes(b"\x7fELF\0\0\0\0")
    corpus = Corpus.from_file(folder)
    assert text_of(corpus) == "aa bb cc "
    assert corpus.name == "books (4 texts)"
    assert len(corpus.skipped) == 1
    assert corpus.starts == (0, 3, 6)
    (folder / "a.txt").unlink()
    # What only a text that is left out has is no character of the vocabulary.
    assert Corpus.from_file(folder).vocabulary == (" ", "b", "c")


def test_patterns_and_several_names(tmp_path: Path) -> None:
    for name in "cab":
        (tmp_path / f"{name}.txt").write_text(name * 2)
    assert text_of(Corpus.from_file(tmp_path / "*.txt")) == "aabbcc"
    both = Corpus.from_files([tmp_path / "c.txt", tmp_path / "a.txt"])
    assert (text_of(both), both.name) == ("ccaa", "c.txt + 1 more")
    assert {file.name for file in both.files} == {"a.txt", "c.txt"}
    assert len({file.fingerprint for file in both.files}) == 2
    with pytest.raises(CorpusError, match="does not exist"):
        Corpus.from_files([tmp_path / "a.txt", tmp_path / "z*.txt"])
    (tmp_path / "a.txt").write_bytes(b"\xff\xff")
    with pytest.raises(CorpusError, match="not UTF-8"):  # a person named it
        Corpus.from_files([tmp_path / "a.txt", tmp_path / "b.txt"])
    with pytest.raises(CorpusError, match="once"):
        find_sources(["-", "-"])


def test_a_text_longer_than_its_limit_is_not_read_on(tmp_path: Path) -> None:
    path = tmp_path / "long.txt.gz"
    path.write_bytes(gzip.compress(b"ab" * 5_000_000))
    with pytest.raises(TextTooLongError, match="takes more than the 20 MB"):
        Corpus.from_file(path, Reading(limit=20_000_000))
    assert len(Corpus.from_file(path, Reading(limit=40_000_000))) == 10_000_000
    # In a folder, too: it is a text.
    with pytest.raises(TextTooLongError):
        Corpus.from_file(tmp_path, Reading(limit=20_000_000))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes on Windows")
def test_pipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    monkeypatch.setattr(sources, "_SECONDS_TO_WAIT", 0.1)
    with pytest.raises(CorpusError, match=r"pipe that nobody writes to: nothing came in 0\.1"):
        Corpus.from_file(path)
    monkeypatch.setattr(sources, "_SECONDS_TO_WAIT", 60.0)
    writer = threading.Thread(target=lambda: path.write_text(TEXT * 5000))
    writer.start()
    assert text_of(Corpus.from_file(path)) == TEXT * 5000
    writer.join()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no such device")
@pytest.mark.parametrize("reading", [Reading(limit=10_000_000, encoding="bytes")])
def test_a_device_without_an_end(reading: Reading) -> None:
    with pytest.raises(TextTooLongError, match="zero takes more than"):
        Corpus.from_file("/dev/zero", reading)
