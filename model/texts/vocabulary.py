"""A vocabulary that grows with the text: codes in the order of first sight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.errors import CorpusError

_UNICODE = 0x110000


class GrowingVocabulary:
    """Codes of characters as they come.

    Args:
        first: characters that have codes from the beginning, from 0 on.
    """

    def __init__(self, first: str = "") -> None:
        self._lookup = np.full(_UNICODE, -1, dtype=np.int32)
        self._found: list[int] = []
        for character in first:
            self._add(ord(character))

    def __len__(self) -> int:
        return len(self._found)

    @property
    def characters(self) -> list[str]:
        """The characters, in the order of their codes."""
        return list(map(chr, self._found))

    def codes(self, text: str, name: str, characters_before: int = 0) -> NDArray[np.int32]:
        """The codes of a piece of a text, (len(text),); new characters get new ones.

        Raises:
            CorpusError: it holds lone surrogates, which are no characters.
        """
        points = code_points(text, name, characters_before)
        codes = self._lookup[points]
        if len(codes) and codes.min() < 0:
            for point in np.unique(points[codes < 0]).tolist():
                self._add(point)
            codes = self._lookup[points]
        return codes

    def sorted(
        self, codes_in_use: NDArray[np.bool_] | None = None
    ) -> tuple[tuple[str, ...], NDArray[np.int32]]:
        """The characters by code point, and what becomes of each code given so far.

        Args:
            codes_in_use: which codes occur; all do without it.
        """
        points = np.array(self._found, dtype=np.int64)
        ranks = np.full(len(points), -1, dtype=np.int32)
        order = np.argsort(points)
        if codes_in_use is not None:
            order = order[codes_in_use[order]]
        ranks[order] = np.arange(len(order), dtype=np.int32)
        return tuple(map(chr, points[order].tolist())), ranks

    def _add(self, point: int) -> None:
        self._lookup[point] = len(self._found)
        self._found.append(point)


def code_points(text: str, name: str, characters_before: int = 0) -> NDArray[np.uint32]:
    """The code point of every character, (n,). Raises CorpusError for lone surrogates."""
    try:
        raw = text.encode("utf-32-le")
    except UnicodeEncodeError as error:
        raise CorpusError(
            f"{name} holds a lone surrogate at character {characters_before + error.start:,}, "
            "which is no character: remove it."
        ) from None
    return np.frombuffer(raw, dtype="<u4")
