"""A text as integer codes over its own vocabulary: one, several, or a list."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from model.errors import CorpusError
from model.interruption import give_up_if_unwanted
from model.sequences import LEAST_CHARACTERS, Sequences, require_length
from model.streams.table_mark import is_table
from model.texts.decoding import LONGEST_CHARACTER, Decoded, Described
from model.texts.lists import LIST_SAMPLE, looks_like_list, sample_of_lines
from model.texts.reading import Reading
from model.texts.remote import is_address
from model.texts.roots import require_inside
from model.texts.sources import STDIN, Source, find_sources, title
from model.texts.vocabulary import GrowingVocabulary

if TYPE_CHECKING:
    from model.streams.counted_text import CountedText

# Work in pieces keeps each call into C short, so that other threads get their turn.
_CHUNK_CHARACTERS = 1 << 20
_BYTES_PER_CHARACTER = 4
RARE = "\ufffd"  # stands for all rare characters
LINE_END = "\n"


class TextTooLongError(CorpusError):
    """A text takes more memory than it may."""


@dataclass(frozen=True)
class TextFile:
    """One of the texts that a corpus was read from.

    Attributes:
        path: of the file, absolute, or its address; "-" for standard input.
        member: of a zip archive; empty otherwise.
        name: for people.
        characters: how many it has.
        fingerprint: SHA-256 of its characters as they were read, in UTF-8; that of a table's own
            description where it is one.
        line_ends: which kinds its lines ended with, of LF, CRLF and CR.
    """

    path: str
    member: str
    name: str
    characters: int
    fingerprint: str
    line_ends: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: Source, described: Described) -> Self:
        """What was read from somewhere."""
        is_file = source.path != STDIN and not is_address(source.path)
        return cls(
            str(Path(source.path).absolute()) if is_file else source.path,
            source.member,
            source.name,
            described.characters,
            described.fingerprint,
            described.line_ends,
        )

    @property
    def source(self) -> Source:
        """Where to read it again."""
        return Source(self.path, self.member, self.name)


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
        vocabulary = GrowingVocabulary()
        starts = range(0, len(text), _CHUNK_CHARACTERS)
        pieces = [vocabulary.codes(text[i : i + _CHUNK_CHARACTERS], name, i) for i in starts]
        codes, characters = _in_order(_joined(deque(pieces)), vocabulary)
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
        reading = reading or Reading()
        vocabulary = GrowingVocabulary(LINE_END)
        pieces: deque[NDArray[np.int32]] = deque()
        files: list[TextFile] = []
        skipped: list[str] = []
        most = reading.most_bytes()
        for source in sources:
            before = sum(file.characters for file in files)
            room = None if most is None else most // _BYTES_PER_CHARACTER - before
            try:
                own, file = _read(source, reading, vocabulary, room)
            except TextTooLongError:
                raise
            except CorpusError as error:
                if source.was_named:
                    raise
                skipped.append(str(error))
            else:
                pieces += own
                files.append(file)
        if not files:
            raise CorpusError(skipped[0])
        lengths = np.array([file.characters for file in files if file.characters], dtype=np.int64)
        codes, starts = _joined(pieces), np.cumsum(lengths) - lengths
        if not len(codes):
            raise CorpusError(_EMPTY.format(name=name))
        lines = reading.lines
        if lines is None:
            lines = not reading.is_bytes and looks_like_list(_some_lines(codes, vocabulary))
        if lines:
            codes, starts = _entries(codes, starts), starts[:0]
        codes, characters = _in_order(codes, vocabulary)
        if not len(codes):
            raise CorpusError(_EMPTY.format(name=name))
        return cls(
            codes,
            characters,
            name,
            tuple(starts.tolist()) if len(starts) > 1 else (),
            replace(reading, lines=lines),
            tuple(files),
            tuple(skipped),
            was_recognized=lines and reading.lines is None,
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
        if not len(self):
            raise CorpusError(_EMPTY.format(name=self.name))
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
        for start in range(0, len(self.codes), _CHUNK_CHARACTERS):
            part = self.codes[start : start + _CHUNK_CHARACTERS]
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
        for start in range(0, len(codes), _CHUNK_CHARACTERS):
            stop = start + _CHUNK_CHARACTERS
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


_EMPTY = "{name} is empty: choose a text with at least " + f"{LEAST_CHARACTERS} characters."


def _read(
    source: Source, reading: Reading, vocabulary: GrowingVocabulary, room: int | None
) -> tuple[list[NDArray[np.int32]], TextFile]:
    """The codes of a text, which may have so many characters."""
    pieces, described = [], Described()
    with source.open() as (stream, stored):
        if room is not None and stream is stored and source.size() > room * LONGEST_CHARACTER:
            raise _too_long(source, reading)
        decoded = Decoded(stream, source.name, reading)
        for text in decoded.pieces():
            give_up_if_unwanted()
            pieces.append(vocabulary.codes(text, source.name, described.characters))
            described.add(text)
            if room is not None and described.characters > room:
                raise _too_long(source, reading)
    described.line_ends = decoded.line_ends
    return pieces, TextFile.of(source, described)


def _too_long(source: Source, reading: Reading) -> TextTooLongError:
    limit = (reading.most_bytes() or 0) / 1e6
    return TextTooLongError(
        f"{source.name} takes more than the {limit:,.0f} MB of memory that a text may take "
        f"({_BYTES_PER_CHARACTER} bytes a character; by default a quarter of what is free): "
        "--limit allows more."
    )


def _joined(pieces: deque[NDArray[np.int32]]) -> NDArray[np.int32]:
    """One array of many, which are let go one by one."""
    joined = np.empty(sum(map(len, pieces)), dtype=np.int32)
    place = 0
    while pieces:
        piece = pieces.popleft()
        joined[place : place + len(piece)] = piece
        place += len(piece)
    return joined


def _in_order(
    codes: NDArray[np.int32], vocabulary: GrowingVocabulary
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Codes by code point in place of those by first sight, and the characters in use."""
    in_use = np.zeros(len(vocabulary), dtype=bool)
    chunks = range(0, len(codes), _CHUNK_CHARACTERS)
    for start in chunks:
        in_use[codes[start : start + _CHUNK_CHARACTERS]] = True
    characters, ranks = vocabulary.sorted(in_use)
    for start in chunks:
        stop = start + _CHUNK_CHARACTERS
        codes[start:stop] = ranks[codes[start:stop]]
    codes.flags.writeable = False
    return codes, characters


def _some_lines(codes: NDArray[np.int32], vocabulary: GrowingVocabulary) -> list[str]:
    """Lines of the beginning of a text, and of its middle."""
    characters = vocabulary.characters
    middle = max(LIST_SAMPLE, len(codes) // 2)
    beginning, inside = (
        "".join(characters[code] for code in codes[start : start + LIST_SAMPLE].tolist())
        for start in (0, middle)
    )
    return sample_of_lines(beginning, inside, ends_in_middle=middle + LIST_SAMPLE >= len(codes))


def _entries(codes: NDArray[np.int32], starts: NDArray[np.int64]) -> NDArray[np.int32]:
    """Lines that all end with a line feed, code 0, and none of which is empty."""
    ends = np.append(starts[1:], len(codes))
    open_ends = ends[codes[ends - 1] != 0]
    if len(open_ends):
        codes = np.insert(codes, open_ends, 0)
    is_end = codes == 0
    is_empty = is_end.copy()
    is_empty[1:] &= is_end[:-1]
    return codes[~is_empty] if is_empty.any() else codes
