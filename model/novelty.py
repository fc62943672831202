"""How much of what a model writes stands in the text that it learned from, word for word.

The pieces of a short sample are looked for in a long text, of which every character is read once:
a table of hashed pieces lets nearly all places go by, the others are compared exactly. Longer
pieces need no text any more. Each is two shorter ones, which may overlap, so that the longest run
is found by doubling and bisection over the places that are left (as Karp, Miller and Rosenberg,
STOC 1972, name repeated patterns).

For a sample of 300 characters that takes 7 ms with 1 MB of text and 0.5 s with 100 MB. On 1 MB a
suffix automaton of the sample that reads the text in Python takes 0.7 s, and a suffix array of the
text by doubling in numpy 1.4 s, though it would be made once and would take 24 bytes a character.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.corpus import Corpus
from model.dataset import Dataset
from model.interruption import give_up_if_unwanted
from model.sequences import Sequences
from model.unique_ngrams import KEY_BITS

if TYPE_CHECKING:
    from model.ngrams import NgramTable

Codes = NDArray[np.int32]
Places = NDArray[np.int64]

PIECES = (5, 10, 20)
"""How long the pieces are whose share is measured, in characters."""

_BLOCK = 1 << 18  # characters of the text at a time: what is made of them stays in the cache
_MULTIPLIER = np.uint32(0x9E3779B1)  # odd, so that no character is lost where products overflow
_MOST_HASH_BITS = 22
_FREE = 7  # bits: of the table of hashes 1 in 128 places is taken


@dataclass(frozen=True, eq=False)
class Novelty:
    """What of a sample stands in the training text. Pieces and runs are of characters.

    A line of a list has a boundary on both sides, which counts as a character; no piece goes from
    one line into the next.

    Attributes:
        longest: the length of the longest run that stands in the text.
        start: where in the sample it begins.
        stop: where it ends.
        shares: of the pieces of each length of `PIECES`, how many stand in the text, from 0 to 1;
            None where the sample has no such piece, or nobody can know: a table of n-grams knows
            no longer ones.
        within: (n,) of each character of the sample, the length of the longest of such pieces that
            it is in, and 0 for none.
        known_length: the longest runs that can be known; None where the text itself was read.
    """

    longest: int
    start: int
    stop: int
    shares: dict[int, float | None]
    within: NDArray[np.int8]
    known_length: int | None = None

    @property
    def is_at_least(self) -> bool:
        """Whether the longest run may be longer than is known."""
        return self.longest == self.known_length


def find_novelty(sample: str, dataset: Dataset) -> Novelty:
    """Compare a sample with the training text of a dataset, or with its counts.

    >>> text = Corpus.from_text("the cat sat on the mat; the dog sat on the cat")
    >>> found = find_novelty("a dog sat on the mat", Dataset.prepare(text, held_out=0))
    >>> found.longest, found.shares[5]
    (16, 0.9375)

    Held-out text is no part of it. To be called within `model.interruption.interruptible` where it
    may be given up.

    Raises:
        Cancelled: it was given up.
    """
    counted, size = dataset.corpus.counted, len(dataset.vocabulary)
    known = None if counted is None else counted.context_length + 1
    codes, places = _expanded_sample(sample, dataset.corpus)

    def blocks() -> Iterator[tuple[Codes, int]]:
        if counted is None:
            return _blocks_of_text(dataset.training, size)
        return _blocks_of_table(counted.training, size)

    shortest = PIECES[0] if (size + 2) ** PIECES[0] < 1 << KEY_BITS else 3
    search = whole = _Search(codes, size, min(known or shortest, shortest), known)
    search.read(blocks())
    while not search.longest and search.shortest > 1:
        # What an untrained model writes may have nothing longer in common with a text.
        search = _Search(codes, size, search.shortest - 1, search.shortest - 1)
        search.read(blocks())
    search.finish()
    start, stop = np.searchsorted(places, [search.start, search.start + search.longest])
    within = np.zeros(len(codes), dtype=np.int8)
    shares: dict[int, float | None] = dict.fromkeys(PIECES)
    for length in PIECES:
        pieces = whole.names.get(length)
        if pieces is not None and len(pieces.keys):
            stands = whole.stands(length)
            shares[length] = float(stands.sum() / (pieces.numbers >= 0).sum())
            within[_covered(stands, length)] = length
    return Novelty(search.longest, int(start), int(stop), shares, within[places], known)


@dataclass(frozen=True, eq=False)
class _Names:
    """The different pieces of one length that a sample has, numbered.

    Attributes:
        length: of the pieces.
        keys: what tells them apart, ascending; the place of each is its number.
        numbers: which piece begins at each place of the sample; -1 where a gap is in it.
    """

    length: int
    keys: Places
    numbers: Places

    @classmethod
    def of(cls, length: int, keys: Places, are_pieces: NDArray[np.bool_]) -> _Names:
        """Number pieces by their keys, but for what is none."""
        different, numbers = np.unique(keys[are_pieces], return_inverse=True)
        all_numbers = np.full(len(keys), -1, dtype=np.int64)
        all_numbers[are_pieces] = numbers
        return cls(length, different, all_numbers)

    def longer(self, length: int) -> _Names:
        """The pieces of up to twice the length: each begins and ends with one of these."""
        shift = length - self.length
        first, last = self.numbers[: max(0, len(self.numbers) - shift)], self.numbers[shift:]
        return _Names.of(length, first * len(self.keys) + last, (first >= 0) & (last >= 0))

    def find(self, keys: Places) -> tuple[Places, NDArray[np.bool_]]:
        """The number of the piece with each key, and whether there is one."""
        numbers = np.searchsorted(self.keys, keys)
        numbers[numbers == len(self.keys)] = 0
        return numbers, np.take(self.keys, numbers, mode="clip") == keys


@dataclass(frozen=True, eq=False)
class _Found:
    """Where pieces of a sample stand in a text.

    Attributes:
        names: of the pieces.
        places: in the text, ascending.
        numbers: which piece stands at each.
    """

    names: _Names
    places: Places
    numbers: Places

    def longer(self, names: _Names) -> _Found:
        """Where longer pieces stand, as `_Names.longer` has them: both of their parts have to."""
        if not len(self.places):
            return _Found(names, self.places, self.numbers)
        target = self.places + (names.length - self.names.length)
        there = np.searchsorted(self.places, target)
        there[there == len(self.places)] = 0
        are_there = self.places[there] == target
        keys = self.numbers[are_there] * len(self.names.keys) + self.numbers[there[are_there]]
        if not len(names.keys):
            keys = keys[:0]
        numbers, are_pieces = names.find(keys)
        return _Found(names, self.places[are_there][: len(keys)][are_pieces], numbers[are_pieces])


class _Search:
    """A sample whose pieces are looked for in a text that goes by.

    Args:
        codes: (n,) of the sample, with V between its lines, and V + 1 for unknown characters.
        size: V.
        shortest: the length of the shortest pieces that are looked for.
        known_length: that of the longest ones that what goes by can have; None for any.

    Attributes:
        shortest: as above.
        names: the pieces of the sample of all lengths that were looked for.
        longest: the length of the longest that was found; 0 for none.
        start: where one of those begins in the sample.
    """

    def __init__(self, codes: Codes, size: int, shortest: int, known_length: int | None) -> None:
        self.shortest, self.longest, self.start = shortest, 0, 0
        self._base, self._known = size + 2, known_length
        longer = [length for length in PIECES if shortest < length <= (known_length or length)]
        keys = _keys(codes, shortest, self._base)
        gaps = np.cumsum(np.append(0, codes == size))
        are_pieces = gaps[shortest:] == gaps[:-shortest]
        self.names = {shortest: _Names.of(shortest, keys, are_pieces)}
        self._lengths = (shortest, *longer)
        for before, length in pairwise(self._lengths):
            self.names[length] = self.names[before].longer(length)
        self._stands = {
            length: np.zeros(len(self.names[length].keys), dtype=bool) for length in self._lengths
        }
        pieces = len(self.names[shortest].keys)
        bits = min(_MOST_HASH_BITS, max(1, pieces).bit_length() + _FREE)
        self._shift = np.uint32(32 - bits)
        self._hashed = np.zeros(1 << bits, dtype=bool)
        self._hashed[self._hashes(codes)[are_pieces[: len(keys)]]] = True
        self._left: list[_Found] = []  # the longest pieces in what was read

    def read(self, blocks: Iterable[tuple[Codes, int]]) -> None:
        """Look for pieces in a text that comes in blocks.

        Args:
            blocks: codes, and in how many of them the places are that count: what follows is there
                to be read on.

        Raises:
            Cancelled: it was given up.
        """
        before = 0
        for codes, own in blocks:
            give_up_if_unwanted()
            self._read(codes, own, before)
            before += own

    def stands(self, length: int) -> NDArray[np.bool_]:
        """At which places of the sample a piece of such a length begins that was found."""
        numbers = self.names[length].numbers
        return self._stands[length][numbers] & (numbers >= 0)

    def finish(self) -> None:
        """Find the longest run, by doubling and bisection over the places that are left."""
        if not self._left:
            return
        found = _Found(
            self._left[0].names,
            np.concatenate([part.places for part in self._left]),
            np.concatenate([part.numbers for part in self._left]),
        )
        most = len(found.names.numbers) + found.names.length - 1  # the whole sample
        most = min(most, self._known or most)
        too_long = most + 1
        while found.names.length < most:
            give_up_if_unwanted()
            length = min(2 * found.names.length, most)
            longer = found.longer(found.names.longer(length))
            if not len(longer.places):
                too_long = length
                break
            found = longer
        self._note(found)
        low = found.names.length
        while too_long - low > 1:
            give_up_if_unwanted()
            middle = (low + too_long) // 2
            longer = found.longer(found.names.longer(middle))
            if len(longer.places):
                low = middle
                self._note(longer)
            else:
                too_long = middle

    def _read(self, codes: Codes, own: int, before: int) -> None:
        hashes = self._hashes(codes)
        places = np.flatnonzero(self._hashed[hashes])
        numbers, are_pieces = self.names[self.shortest].find(
            _keys(codes, self.shortest, self._base, places)
        )
        found = _Found(self.names[self.shortest], places[are_pieces], numbers[are_pieces])
        levels = [found]
        for length in self._lengths[1:]:
            found = found.longer(self.names[length])
            levels.append(found)
        for found in levels:
            self._stands[found.names.length][found.numbers] = True
            if len(found.places):
                self._note(found)
        if self.longest < self._lengths[-1]:
            self._lengthen(levels)
        last = levels[-1]
        count = int(np.searchsorted(last.places, own))
        if count:
            places = last.places[:count] + before
            self._left.append(_Found(last.names, places, last.numbers[:count]))

    def _lengthen(self, levels: list[_Found]) -> None:
        """See whether something in a block is longer than what was found before."""
        for found in levels:
            while found.names.length <= self.longest < 2 * found.names.length:
                length = self.longest + 1
                if length not in self.names:
                    self.names[length] = found.names.longer(length)
                longer = found.longer(self.names[length])
                if not len(longer.places):
                    break
                self._note(longer)

    def _note(self, found: _Found) -> None:
        if found.names.length > self.longest:
            self.longest = found.names.length
            self.start = int(np.argmax(found.names.numbers == found.numbers[0]))

    def _hashes(self, codes: Codes) -> NDArray[np.intp]:
        """A number for the piece at every place, below 2 to the power of the bits."""
        characters = codes.view(np.uint32)
        count = max(0, len(codes) - self.shortest + 1)
        hashes = characters[:count] * _MULTIPLIER
        for i in range(1, self.shortest):
            hashes += characters[i : i + count]
            hashes *= _MULTIPLIER
        hashes >>= self._shift
        return hashes.astype(np.intp)


def _keys(codes: Codes, length: int, base: int, places: Places | None = None) -> Places:
    """What tells the pieces at some places apart, or at all; base to the power of length fits."""
    if places is None:
        places = np.arange(max(0, len(codes) - length + 1))
    keys = codes[places].astype(np.int64)
    for i in range(1, length):
        keys *= base
        keys += codes[places + i]
    return keys


def _covered(starts: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """Which characters are in a piece that begins at one of some places."""
    changes = np.zeros(len(starts) + length, dtype=np.int64)
    changes[: len(starts)] += starts
    changes[length:] -= starts
    return np.cumsum(changes)[:-1] > 0


def _expanded_sample(sample: str, corpus: Corpus) -> tuple[Codes, Places]:
    """The codes of a sample as `_Search` takes them, and where its own characters are in them."""
    size = len(corpus.vocabulary)
    code_of = {character: code for code, character in enumerate(corpus.vocabulary)}
    codes = np.fromiter((code_of.get(c, size + 1) for c in sample), np.int32, len(sample))
    if corpus.boundary is None:
        return codes, np.arange(len(codes))
    boundary = code_of[corpus.boundary]
    starts = np.flatnonzero(np.append(boundary, codes[:-1]) == boundary)[: len(codes)]
    added = np.searchsorted(starts, np.arange(len(codes)), "right")
    return _with_gaps(codes, starts, size, boundary), np.arange(len(codes)) + 2 * added


def _with_gaps(codes: Codes, starts: Places, gap: int, boundary: int | None) -> Codes:
    """Codes with a gap before every start, and a boundary between the two where there is one."""
    marks = [gap] if boundary is None else [gap, boundary]
    return np.insert(codes, np.repeat(starts, len(marks)), np.tile(marks, len(starts)))


def _blocks_of_text(text: Sequences, gap: int) -> Iterator[tuple[Codes, int]]:
    """A text as `_Search.read` takes it."""
    marks = 1 if text.boundary is None else 2
    for start in range(0, len(text), _BLOCK):
        stop = min(start + _BLOCK, len(text))
        end = stop + PIECES[-1] - 1
        low, middle, high = np.searchsorted(text.starts, [start, stop, end])
        codes = text.codes[start:end]
        if high > low:
            codes = _with_gaps(codes, text.starts[low:high] - start, gap, text.boundary)
        yield codes, stop - start + marks * int(middle - low)


def _blocks_of_table(table: NgramTable, gap: int) -> Iterator[tuple[Codes, int]]:
    """The n-grams of a table, as if each were a text."""
    width = table.context_length + 2
    rows = max(1, _BLOCK // width)
    for start in range(0, table.ngram_count, rows):
        numbers = np.arange(start, min(start + rows, table.ngram_count))
        codes = np.full((len(numbers), width), gap, dtype=np.int32)
        codes[:, :-1] = table.some_ngrams(numbers)
        yield codes.ravel(), codes.size
