"""Formats of other programs, read by them where they are installed."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from charembed_tui.coordinates.views import Components
from charembed_tui.exports.coordinates import write_coordinates
from charembed_tui.exports.vectors import (
    SafetensorsMissing,
    word,
    write_safetensors,
    write_word2vec,
)
from charembed_tui.training.snapshot import View
from model.families.log_bilinear.shape import LogBilinear

VOCABULARY = tuple("\n\t\x85 aU+世\xa0\u3000\u200b")
MODEL = LogBilinear(len(VOCABULARY), 2, 3)
THETA = np.random.default_rng(0).normal(size=MODEL.parameter_count)
VIEW = View(MODEL, 7, THETA, live=True)


def test_coordinates_are_those_on_show(tmp_path: Path) -> None:
    seen = Components(0, 2).project(VIEW.embeddings)
    write_coordinates(tmp_path / "map.csv", seen, VOCABULARY, 7)
    with (tmp_path / "map.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == [
        "character",
        "code point",
        "class",
        "x: component 1",
        "y: component 3",
        "step",
    ]
    assert rows[1][:3] == ["⏎", "U+000A", "whitespace"]
    assert {row[5] for row in rows[1:]} == {"7"}
    numbers = np.array([[float(row[3]), float(row[4])] for row in rows[1:]])
    np.testing.assert_allclose(numbers, VIEW.embeddings[:, [0, 2]], rtol=1e-8)


def test_every_character_has_a_word_of_its_own() -> None:
    words = [word(c) for c in VOCABULARY]
    assert len(set(words)) == len(words)
    assert not any(c.isspace() for c in "".join(words))
    assert word(" ") == "U+0020"
    assert word("a") == "a"


def test_gensim_reads_the_vectors(tmp_path: Path) -> None:
    models = pytest.importorskip("gensim.models", reason="gensim is not installed")
    path = tmp_path / "vectors.txt"
    write_word2vec(path, VIEW.embeddings, VOCABULARY)
    vectors = models.KeyedVectors.load_word2vec_format(str(path))
    assert len(vectors) == len(VOCABULARY)
    for character, embedding in zip(VOCABULARY, VIEW.embeddings, strict=True):
        np.testing.assert_allclose(vectors[word(character)], embedding, rtol=1e-5)


def test_safetensors_are_read_back(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors", reason="safetensors is not installed")
    path = tmp_path / "run.safetensors"
    write_safetensors(path, VIEW, VOCABULARY)
    with safetensors.safe_open(path, "numpy") as file:
        np.testing.assert_array_equal(file.get_tensor("embeddings"), VIEW.embeddings)
        np.testing.assert_array_equal(file.get_tensor("theta"), THETA)
        about = file.metadata()
    assert about["step"] == "7"
    assert "".join(map(chr, json.loads(about["vocabulary"]))) == "".join(VOCABULARY)


def test_without_safetensors_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(SafetensorsMissing, match=r"charembed-tui\[safetensors\]"):
        write_safetensors(tmp_path / "file", VIEW, VOCABULARY)
    assert not list(tmp_path.iterdir())
