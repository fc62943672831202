"""A text as integer codes over its own vocabulary: one, several, or a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from model.errors import CorpusError
from model.sequences import Sequences, require_length
from model.streams.table_mark import is_table
from model.texts.encoding import (
    CHUNK_CHARACTERS,
    LINE_END,
    encode,
    encode_sources,
    require_characters,
)
from model.texts.reading import Reading
from model.texts.roots import require_inside
from model.texts.sources import STDIN, Source, find_sources, title
from model.texts.text_file import TextFile

if TYPE_CHECKING:
    from model.streams.counted_text import CountedText

RARE = "\ufffd"  # stands for all rare characters


@dataclass(frozen=True, eq=False)
class Corpus:
    """A text as codes, ready to be counted.

    Attributes:
        codes: int32 array of shape (n,): the place of each character in the vocabulary.
        vocabulary: the V different characters, sorted by code point.
        name: what to call the text on the screen.
        starts: where each of several texts begins; empty for a single one.
        reading: how it was read, where it was. Lists have line feeds at the ends of all lines, and
            no empty lines.
        files: what it was read from.
        skipped: why files that were found in folders are no part of it.
        was_recognized: whether it was taken for a list by its look alone.
        counted: the counts of a text that was let go when it had been counted; it has no codes.
        was_streamed: whether that was done since it takes more memory than it may.
    """

    codes: NDArray[np.int32]
    vocabulary: tuple[str, ...]
    name: str = "text"
    starts: tuple[int, ...] = ()
    reading: Reading = field(default_factory=lambda: Reading(lines=False))
    files: tuple[TextFile, ...] = ()
    skipped: tuple[str, ...] = ()
    was_recognized: bool = False
    counted: CountedText | None = None
    was_streamed: bool = False

    @classmethod
    def from_text(cls, text: str, name: str = "text") -> Self:
        """Encode a text over the characters that occur in it.

        >>> corpus = Corpus.from_text("banana")
        >>> corpus.vocabulary
        ('a', 'b', 'n')
        >>> corpus.codes.tolist()
        [1, 0, 2, 0, 2, 0]

        Raises:
            CorpusError: the text is empty, has fewer than two different characters, or holds
                lone surrogates, which are no characters.
        """
        codes, characters = encode(text, name)
        corpus = cls(codes, characters, name)
        corpus.require_two_characters()
        return corpus

    @classmethod
    def from_file(cls, path: str | Path, reading: Reading | None = None) -> Self:
        """Read a text, as `from_files` does."""
        return cls.from_files([path], reading)

    @classmethod
    def from_files(cls, names: Sequence[str | Path], reading: Reading | None = None) -> Self:
        """Read texts: files, folders, patterns, archives, "-" for standard input.

        Args:
            names: where they are; see `model.texts.sources.find_sources`.
            reading: how; by default UTF-8, and lists are recognized.

        Raises:
            CorpusError: one is missing, unreadable, in another encoding, or too long; or what
                `from_text` raises. What is found in folders and is no text is left out.
        """
        sources = find_sources(names)
        corpus = cls.from_sources(sources, title(names, sources), reading)
        corpus.require_two_characters()
        return corpus

    @classmethod
    def from_sources(
        cls, sources: Sequence[Source], name: str, reading: Reading | None = None
    ) -> Self:
        """The same for texts that were found before, of any vocabulary but none."""
        for source in sources:
            if source.path != STDIN:
                require_inside(source.path, source.name)
        if len(sources) == 1 and not sources[0].member and is_table(sources[0].path):
            return cls.from_table(sources[0].path, name)
        for source in sources:
            if source.was_named and not source.member and is_table(source.path):
                raise CorpusError(
                    f"{source.name} is a table of counts, which goes alone: charembed count adds "
                    "tables and texts to one table."
                )
        texts = encode_sources(sources, name, reading or Reading())
        return cls(
            texts.codes,
            texts.vocabulary,
            name,
            texts.starts,
            texts.reading,
            texts.files,
            texts.skipped,
            texts.was_recognized,
        )

    @classmethod
    def from_table(cls, path: str | Path, name: str) -> Self:
        """A text that was counted before; see `model.streams.table_file`. Raises CorpusError."""
        from model.streams.table_file import fingerprint, load_table  # with scipy: not at start-up

        require_inside(path, name)
        counted = load_table(path)
        place = str(Path(path).absolute())
        file = TextFile(place, "", Path(path).name, counted.characters, fingerprint(path))
        return cls(
            np.empty(0, dtype=np.int32),
            counted.vocabulary,
            name,
            reading=Reading(lines=counted.is_list),
            files=(file,),
            counted=counted,
        )

    def require_text(self, purpose: str) -> None:
        """Refuse what needs the text where there are only counts. Raises CorpusError."""
        if self.counted is not None:
            remedy = "--limit allows more" if self.was_streamed else "name that"
            raise CorpusError(
                f"{self.name} {self.why_counts}, and {purpose} needs the text itself: {remedy}."
            )

    @property
    def why_counts(self) -> str:
        """Why there are only counts, as what goes on from the text's name."""
        if self.was_streamed:
            return "was only counted, since it takes more memory than a text may"
        return "is a table of counts"

    def require_two_characters(self) -> None:
        """Refuse what cannot be learned. Raises CorpusError."""
        require_characters(len(self), self.name)
        if len(self.vocabulary) < 2:
            require_length(len(self), 1, self.name)
            raise CorpusError(
                f"{self.name} repeats a single character ({self.vocabulary[0]!r}): "
                "there is nothing to predict. Choose a text with at least two different ones."
            )

    @property
    def is_list(self) -> bool:
        """Whether each line is a sequence of its own."""
        return bool(self.reading.lines)

    @cached_property
    def sequences(self) -> Sequences:
        """The text as sequences that no n-gram crosses."""
        if self.is_list:
            return Sequences.of_lines(self.codes, self._code_of[LINE_END])
        starts = np.array(self.starts or [0], dtype=np.int64)
        return Sequences(self.codes, starts[: len(self.codes)])

    @property
    def line_count(self) -> int:
        """How many lines a list has."""
        return int(self.counts()[self._code_of[LINE_END]])

    @property
    def boundary(self) -> str | None:
        """The character on both sides of a list's lines; None for texts."""
        return LINE_END if self.is_list else None

    @cached_property
    def entries(self) -> frozenset[str]:
        """The different lines of a list, without their ends."""
        return frozenset(self.decode(codes[:-1].tolist()) for codes, _ in self.sequences.parts(0))

    @cached_property
    def _code_of(self) -> dict[str, int]:
        return {character: code for code, character in enumerate(self.vocabulary)}

    def __len__(self) -> int:
        return len(self.codes) if self.counted is None else self.counted.characters

    def encode(self, text: str) -> NDArray[np.int32]:
        """The codes of a text, shape (len(text),).

        Raises:
            CorpusError: a character is not in the vocabulary.
        """
        try:
            return np.fromiter((self._code_of[c] for c in text), dtype=np.int32, count=len(text))
        except KeyError as error:
            raise CorpusError(
                f"The character {error.args[0]!r} does not occur in {self.name}: "
                f"use only its {len(self.vocabulary)} characters."
            ) from None

    def decode(self, codes: Iterable[int]) -> str:
        """The text that has these codes."""
        return "".join(self.vocabulary[code] for code in codes)

    def split(self, fraction: float = 0.1) -> tuple[Corpus, Corpus]:
        """Training text and held-out text: the last part of this one, never to be counted.

        For use as a library, on a single text; the programs split by `model.dataset.Dataset`, which
        merges too.

        Both keep the whole vocabulary. The cut is at int((1 - fraction) * n) characters.

        Raises:
            CorpusError: fraction is not between 0 and 1, or a part would be empty.
        """
        cut = int((1.0 - fraction) * len(self)) if 0 < fraction < 1 else 0
        if not 0 < cut < len(self):
            raise CorpusError(
                f"A part of {fraction} of {len(self)} characters cannot be held out: "
                "choose a fraction between 0 and 1 that leaves both parts a character."
            )
        return (
            Corpus(self.codes[:cut], self.vocabulary, self.name),
            Corpus(self.codes[cut:], self.vocabulary, f"{self.name}, held out"),
        )

    def counts(self) -> NDArray[np.int64]:
        """How often each character of the vocabulary occurs; (V,), read-only."""
        return self._counts

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        total = np.zeros(len(self.vocabulary), dtype=np.int64)
        if self.counted is not None:
            total += self.counted.counts()
        for start in range(0, len(self.codes), CHUNK_CHARACTERS):
            part = self.codes[start : start + CHUNK_CHARACTERS]
            total += np.bincount(part, minlength=len(total))
        total.flags.writeable = False
        return total

    def merge_rare(self, minimum: int) -> Corpus:
        """The text with every character that occurs fewer than `minimum` times as one symbol.

        That symbol is U+FFFD, the replacement character. A text without rare characters, or with
        a minimum of 1, stays as it is.

        Raises:
            CorpusError: fewer than two different characters would be left.
        """
        is_rare = self.counts() < minimum
        if self.is_list:
            is_rare[self._code_of[LINE_END]] = False  # where a line ends is always known
        if not is_rare.any():
            return self
        frequent = {c for c, rare in zip(self.vocabulary, is_rare, strict=True) if not rare}
        vocabulary = tuple(sorted(frequent | {RARE}))
        if len(vocabulary) < 2:
            raise CorpusError(
                f"No character of {self.name} occurs {minimum:,} times: "
                "choose a smaller minimum count."
            )
        place = {character: code for code, character in enumerate(vocabulary)}
        new = np.array([place.get(c, place[RARE]) for c in self.vocabulary], dtype=np.int32)
        codes = np.empty_like(self.codes)
        for start in range(0, len(codes), CHUNK_CHARACTERS):
            stop = start + CHUNK_CHARACTERS
            codes[start:stop] = new[self.codes[start:stop]]
        codes.flags.writeable = False
        counted = self.counted and self.counted.recoded(vocabulary, new)
        return replace(self, codes=codes, vocabulary=vocabulary, counted=counted)

    def recoded(self, vocabulary: Sequence[str], unknown: int) -> Sequences:
        """The same text over another vocabulary, with a code for what is not in it."""
        place = {character: code for code, character in enumerate(vocabulary)}
        new = np.array([place.get(c, unknown) for c in self.vocabulary], dtype=np.int32)
        boundary = self.sequences.boundary
        return replace(
            self.sequences,
            codes=new[self.codes],
            boundary=None if boundary is None else int(new[boundary]),
        )

    def require_context_length(self, context_length: int, part: Sequences | None = None) -> None:
        """Check that the text is long enough for contexts of this many characters.

        Args:
            context_length: M.
            part: of the text, which is to be long enough; all of it without one.

        Raises:
            CorpusError: it has fewer than two windows of `context_length` + 1 characters.
            SettingsError: there are only counts, of shorter contexts.
        """
        if self.counted is not None:
            self.counted.require_context_length(context_length)
        else:
            part = self.sequences if part is None else part
            part.require_context_length(context_length, self.name)
