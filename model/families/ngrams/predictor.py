"""A smoothed counting model as a predictor: whole distributions after any contexts, at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.families.base import Codes, Reader
from model.families.ngrams.draws import NgramDraws
from model.families.ngrams.levels import Level, count_levels
from model.families.ngrams.limits import Smoothing
from model.families.ngrams.places import places
from model.families.ngrams.smoothing import SmoothedLevel, kneser_ney, witten_bell
from model.families.ngrams.sureness import Sureness
from model.families.windows import WindowReader
from model.running_text import RunningText
from model.sequences import Sequences

Array = NDArray[np.float64]
IntArray = NDArray[np.integer]

_CELLS_AT_ONCE = 1 << 18  # of a (n, V) block, 2 MB: it stays in the processor's cache
_TABLE_CELLS = 1 << 20  # a level of so many probabilities at most is stored as whole rows
_SMOOTHINGS = {"kneser-ney": kneser_ney, "witten-bell": witten_bell}


class NgramPredictor:
    """N-grams at fixed counts.

    Only the known characters after the last unknown one of a context matter, and of these only
    as many as the training text has in this order.

    >>> codes = np.array([0, 1, 0, 1, 0])
    >>> predictor = NgramPredictor.from_codes(codes, 2, order=2, smoothing="witten-bell")
    >>> np.exp(predictor.log_probabilities(np.array([[0]]))).round(3).tolist()
    [[0.19, 0.81]]

    Args:
        levels: smoothed contexts of 0 to order - 1 characters.
        vocabulary_size: V.
        table_cells: so many probabilities of a level at most are stored as whole rows, (C, V). Who
            asks for few does without, and saves megabytes a level.
    """

    needs_only_windows = True

    def __init__(
        self,
        levels: Sequence[SmoothedLevel],
        vocabulary_size: int,
        table_cells: int | None = None,
    ) -> None:
        self._levels = list(levels)
        self.vocabulary_size = vocabulary_size
        self._draws: NgramDraws | None = None
        self._sureness: Sureness | None = None
        self._tables = [self._table(np.full((1, vocabulary_size), 1.0 / vocabulary_size), 0)]
        most = _TABLE_CELLS if table_cells is None else table_cells
        for j in range(1, len(self._levels)):
            if len(self._levels[j].keys) * vocabulary_size > most:
                break
            self._tables.append(self._table(self._tables[-1], j))

    @classmethod
    def from_codes(
        cls,
        codes: IntArray,
        vocabulary_size: int,
        order: int,
        smoothing: Smoothing = "kneser-ney",
    ) -> NgramPredictor:
        """Count a text and smooth the counts; arguments and errors as for `count_levels`."""
        levels = count_levels(codes, vocabulary_size, order)
        return cls.from_levels(levels, vocabulary_size, smoothing)

    @classmethod
    def from_sequences(
        cls,
        sequences: Sequences,
        vocabulary_size: int,
        order: int,
        smoothing: Smoothing = "kneser-ney",
    ) -> NgramPredictor:
        """Count texts or a list, and smooth the counts; the rest as for `from_codes`."""
        text = RunningText.of(sequences, vocabulary_size, max(1, order - 1))
        return cls.from_text(text, order, smoothing)

    @classmethod
    def from_text(
        cls, text: RunningText, order: int, smoothing: Smoothing = "kneser-ney"
    ) -> NgramPredictor:
        """Count a text that has a reach of order - 1 at least; the rest as for `from_codes`."""
        levels = count_levels(text.codes, text.vocabulary_size, order, text.counted)
        return cls.from_levels(levels, text.vocabulary_size, smoothing)

    @classmethod
    def from_levels(
        cls, levels: Sequence[Level], vocabulary_size: int, smoothing: Smoothing = "kneser-ney"
    ) -> NgramPredictor:
        """Smooth counts of contexts of 0 to order - 1 characters."""
        return cls(_SMOOTHINGS[smoothing](levels), vocabulary_size)

    @property
    def order(self) -> int:
        """Length of the longest n-grams."""
        return len(self._levels)

    @property
    def context_length(self) -> int:
        """How many characters a window has: order - 1, at least 1."""
        return max(1, self.order - 1)

    def log_probabilities(self, contexts: Codes) -> Array:
        """Natural logarithms of the probabilities of every next character; (n, M) -> (n, V)."""
        return np.log(self.probabilities(contexts)[0])

    def probabilities(self, contexts: Codes) -> tuple[Array, NDArray[np.int64], Array]:
        """Probabilities of every next character, and how much was known of each context.

        Args:
            contexts: (n, M) codes, V for unknown ones; M may be less or more than
                `context_length`: only the last characters are read.

        Returns:
            (n, V) probabilities; (n,) how many of the last characters the training text has in
            this order; (n,) how much of the probability such a context leaves to shorter ones.
        """
        contexts = np.asarray(contexts)
        p = np.empty((len(contexts), self.vocabulary_size))
        depths = np.empty(len(contexts), dtype=np.int64)
        rests = np.empty(len(contexts))
        block = max(1, _CELLS_AT_ONCE // self.vocabulary_size)
        for start in range(0, len(contexts), block):
            part = slice(start, start + block)
            p[part], depths[part], rests[part] = self._interpolated(
                self._find(contexts[part]), len(contexts[part])
            )
        return p, depths, rests

    def log_probabilities_of(self, contexts: Codes, targets: IntArray) -> Array:
        """Natural logarithms of the probabilities of one character a context; (n, M), (n,) -> (n,).

        The same as those entries of `log_probabilities`, several times as fast.
        """
        contexts, targets = np.asarray(contexts), np.asarray(targets)
        p = self._tables[0][0, targets]
        for j, (rows, numbers) in enumerate(self._find(contexts)):
            if j > 0:
                p[rows] = self._step(j, numbers, targets[rows], p[rows])
        return np.log(p)

    def draws(self) -> NgramDraws:
        """The same distributions to draw single characters from, made the first time."""
        if self._draws is None:
            self._draws = NgramDraws(self._levels, self._tables, self.vocabulary_size)
        return self._draws

    def sureness(self) -> Sureness:
        """How sure it is after every context that it knows, found the first time."""
        if self._sureness is None:
            self._sureness = Sureness.of(self._levels, self.vocabulary_size)
        return self._sureness

    def drafter(self) -> NgramDrafter:
        """For writing several characters at once: see `model.speculative`."""
        return NgramDrafter(self)

    def reader(self, codes: Sequence[int] = ()) -> Reader:
        """A reader that has read these codes, of any number."""
        return WindowReader(self, codes)

    def _find(self, contexts: Codes) -> list[tuple[NDArray[np.intp], NDArray[np.int64]]]:
        """For every level, which contexts are long enough and known there, and their numbers."""
        rows = np.arange(len(contexts))
        numbers = np.zeros(len(contexts), dtype=np.int64)
        found = [(rows, numbers)]
        for j in range(1, min(self.order, contexts.shape[1] + 1)):
            keys = self._levels[j].keys
            codes = contexts[rows, -j]
            wanted = numbers * self.vocabulary_size + codes
            at, there = places(keys, wanted)
            there &= codes < self.vocabulary_size
            rows, numbers = rows[there], at[there]
            if not len(rows):
                break
            found.append((rows, numbers))
        return found

    def _interpolated(
        self, found: Sequence[tuple[NDArray[np.intp], NDArray[np.int64]]], contexts: int
    ) -> tuple[Array, NDArray[np.int64], Array]:
        """Distributions after some contexts, of which each level has some: see `_find`."""
        depths = np.zeros(contexts, dtype=np.int64)
        rests = np.full(contexts, self._levels[0].rest[0])
        p = self._tables[0][found[0][1]]
        for j, (rows, numbers) in enumerate(found[1:], start=1):
            depths[rows] = j
            rests[rows] = self._levels[j].rest[numbers]
            if j < len(self._tables):
                p[rows] = self._tables[j][numbers]
            else:
                p[rows] *= rests[rows, None]
                self._add_shares(p, rows, j, numbers)
        return p, depths, rests

    def _add_shares(self, p: Array, rows: IntArray, j: int, numbers: IntArray) -> None:
        """Add to rows of p what contexts of level j give to each character themselves."""
        level = self._levels[j]
        first, lengths = level.starts[numbers], level.starts[numbers + 1] - level.starts[numbers]
        ends = np.cumsum(lengths)
        at = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - lengths), lengths)
        # No character follows a context twice, so that no cell is added to twice.
        p.ravel()[np.repeat(rows * p.shape[1], lengths) + level.following[at]] += level.shares[at]

    def _step(self, j: int, numbers: IntArray, targets: IntArray, p: Array) -> Array:
        """From probabilities of targets after shorter contexts to those after contexts of j."""
        if j < len(self._tables):
            return self._tables[j][numbers, targets]
        level = self._levels[j]
        grams = np.repeat(
            np.arange(len(level.keys), dtype=np.int64) * self.vocabulary_size,
            np.diff(level.starts),
        )
        grams += level.following
        wanted = numbers * self.vocabulary_size + targets
        at, there = places(grams, wanted)
        p = level.rest[numbers] * p
        p[there] += level.shares[at[there]]
        return p

    def _table(self, shorter: Array, j: int) -> Array:
        """Whole rows of level j, (C, V), from those of the level below."""
        level = self._levels[j]
        parents = level.keys // self.vocabulary_size if j else np.zeros(1, dtype=np.int64)
        p = shorter[parents] * level.rest[:, None]
        numbers = np.arange(len(level.keys))
        self._add_shares(p, numbers, j, numbers)
        return p


class NgramDrafter:
    """Counts as their own draft, which always stands: see `model.speculative`."""

    def __init__(self, predictor: NgramPredictor) -> None:
        self._draws = predictor.draws()
        self.vocabulary_size = predictor.vocabulary_size
        self.context_length = predictor.context_length
        self.find, self.follow = self._draws.find, self._draws.follow

    def draw(self, found: int, uniform: float) -> tuple[int, float, float, int]:
        """A code, the rest of the number, a share: all of it stands; and what is found then."""
        code, rest, context, gram = self._draws.draw(found, uniform)
        return code, rest, 1.0, self._draws.after(found, code, context, gram)

    def complete(self, contexts: NDArray[np.intp], found: Sequence[int]) -> tuple[Array, Array]:
        """Probabilities after contexts that `find` found, twice; (k, M) -> two of (k, V)."""
        p = self._draws.rows(np.array(found))
        return p, p.copy()
