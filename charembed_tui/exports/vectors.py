"""Vectors of characters in the formats of other programs."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charembed_tui.storage.atomic import write_whole
from charembed_tui.training.snapshot import View
from model.errors import CharembedError


class SafetensorsMissing(CharembedError, ImportError):
    """The format safetensors needs its package."""

    def __init__(self) -> None:
        super().__init__(
            "This format needs safetensors: install it with  "
            "pip install 'charembed-tui[safetensors]'  or  pip install safetensors"
        )


def word(character: str) -> str:
    """Return a character as a word of a text file: blanks and what cannot be seen by their codes.

    No two characters have the same word, since all others are one character long.
    """
    hidden = character.isspace() or unicodedata.category(character)[0] in "CZ"
    return f"U+{ord(character):04X}" if hidden else character


def write_word2vec(path: Path, embeddings: NDArray[np.float64], vocabulary: Sequence[str]) -> None:
    """Write embeddings (V, H) in the text format of word2vec. Raises OSError.

    The first line has V and H, the others a word and its numbers. gensim reads it with
    `KeyedVectors.load_word2vec_format(path)`.
    """
    lines = [" ".join(map(str, embeddings.shape))]
    lines += [
        " ".join([word(character), *(f"{x:.9g}" for x in row)])
        for character, row in zip(vocabulary, embeddings, strict=True)
    ]
    write_whole(path, ("\n".join(lines) + "\n").encode())


def write_safetensors(path: Path, view: View, vocabulary: Sequence[str]) -> None:
    """Write `embeddings` (V, H) and `theta` (D,), with family, step and vocabulary beside them.

    Raises:
        SafetensorsMissing: the package is not installed.
        OSError: the file cannot be written.
    """
    try:
        from safetensors.numpy import save
    except ImportError:
        raise SafetensorsMissing from None
    tensors = {"embeddings": np.ascontiguousarray(view.embeddings), "theta": view.theta.copy()}
    about = {
        "family": view.model.family,
        "step": str(view.step),
        "vocabulary": json.dumps([ord(c) for c in vocabulary]),
    }
    write_whole(path, save(tensors, metadata=about))
