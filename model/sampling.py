"""Writing: drawing characters from a predictor's distribution, one after another."""

from __future__ import annotations

import math
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.evaluation import LossReader
from model.families.base import Codes, Predictor
from model.speculative import writer_of

Array = NDArray[np.float64]
if TYPE_CHECKING:
    Floats = array[float]
else:
    Floats = array  # takes no parameter before Python 3.12

_UNIFORMS_AT_ONCE = 1024
_MOST_ROWS = 256  # vocabularies beyond this have their contexts computed one by one
_LONGEST_ENTRY = 1000  # characters of a line: one that has not ended by then never may
_CACHED_NUMBERS = 1 << 24  # of probabilities and links, 256 MB at the most


def generate(
    predictor: Predictor,
    vocabulary: Sequence[str],
    prompt: str,
    length: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> Iterator[str]:
    """Write `length` characters that follow a prompt, one at a time.

    Any prompt will do. Context positions before a prompt shorter than the context length, and
    characters outside the vocabulary, count as unknown. As the written text moves on, unknown
    positions leave the context.

    Args:
        predictor: a model at fixed parameters.
        vocabulary: the V characters, in the order of their codes.
        prompt: the text to continue, which is not repeated; only its last M characters matter to
            a predictor that needs only windows.
        length: how many characters to write, 0 or more.
        temperature: log probabilities are divided by it; below 1 more careful, above 1 wilder,
            0 always the most probable character (the first of several).
        top_k: draw from the k most probable characters only (more where several are equal).
        top_p: draw from the smallest set of most probable characters that has at least this
            probability, after temperature and top_k.
        seed: the same seed writes the same text; None takes a fresh one.

    Raises:
        SettingsError: a setting is out of range, or the vocabulary does not fit.
    """
    sampler = Sampler(predictor, vocabulary, temperature=temperature, top_k=top_k, top_p=top_p)
    if length < 0:
        raise SettingsError(f"The length is {length}: it must be 0 or more.")
    return sampler.write(prompt, length, np.random.default_rng(seed))


@dataclass(slots=True)
class _Node:
    """A context, its cumulative probabilities, and the contexts that follow by each character."""

    context: tuple[int, ...]
    cumulative: Floats
    following: list[_Node | None]


class Sampler:
    """A predictor and settings, ready to write; arguments and errors as for `generate`."""

    def __init__(
        self,
        predictor: Predictor,
        vocabulary: Sequence[str],
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
    ) -> None:
        if len(vocabulary) != predictor.vocabulary_size:
            raise SettingsError(
                f"{len(vocabulary)} characters were given for a model of "
                f"{predictor.vocabulary_size}: pass the vocabulary the model was trained with."
            )
        if not 0 <= temperature < math.inf:
            raise SettingsError(f"The temperature is {temperature}: choose a number from 0 up.")
        if top_k is not None and top_k < 1:
            raise SettingsError(f"top-k is {top_k}: it must be at least 1.")
        if top_p is not None and not 0 < top_p <= 1:
            raise SettingsError(f"top-p is {top_p}: choose a number above 0, at most 1.")
        self._predictor = predictor
        self._vocabulary = tuple(vocabulary)
        self._code_of = {character: code for code, character in enumerate(vocabulary)}
        self._temperature, self._top_k, self._top_p = temperature, top_k, top_p
        # Cumulative probabilities after all contexts that end alike; none where one was met alone.
        self._rows: dict[tuple[int, ...], Floats | None] = {}

    @property
    def context_length(self) -> int:
        """M, how many characters a window has."""
        return self._predictor.context_length

    def context(self, text: str) -> tuple[int, ...]:
        """What the next character depends on after a text: codes, V for what is unknown.

        The last M of them are the window; where the predictor needs more, the rest of the text
        stands before it.
        """
        positions, unknown = self._predictor.context_length, len(self._vocabulary)
        known = self._codes(text[-positions:] if self._predictor.needs_only_windows else text)
        return (unknown,) * (positions - len(known)) + tuple(known)

    def _codes(self, text: str) -> list[int]:
        unknown = len(self._vocabulary)
        return [self._code_of.get(character, unknown) for character in text]

    def probabilities(self, context: Sequence[int]) -> Array:
        """What the next character is drawn from after a `context`; (V,)."""
        if self._predictor.needs_only_windows:
            return self._adjusted(self._predictor.log_probabilities(np.array([context])))[0]
        return self._adjusted(self._predictor.reader(context).log_probabilities()[None])[0]

    def surprises(self, before: str, text: str) -> Array:
        """How surprising each character of a text that follows another is; (n,).

        In nats, -ln P, without temperature, top-k and top-p. Characters outside the vocabulary
        have infinite surprise. Where the predictor needs more than windows, all that was before
        has to be given.
        """
        return self.surprise_reader(before).read(text)

    def surprise_reader(self, before: str) -> SurpriseReader:
        """`surprises` of a text that comes in pieces."""
        codes = self._codes(before)
        return SurpriseReader(LossReader(self._predictor, codes), self._code_of)

    def write(self, prompt: str, length: int, rng: np.random.Generator) -> Iterator[str]:
        """Yield `length` characters that follow the prompt."""
        plain = self._temperature == 1 and self._top_k is None and self._top_p in (None, 1)
        writer = writer_of(self._predictor, None if plain else self._adjusted_probabilities)
        if writer is not None:
            pieces = writer.write(self._codes(prompt), length, rng)
            return (self._vocabulary[code] for piece in pieces for code in piece)
        if self._predictor.needs_only_windows:
            return self._write_by_windows(prompt, length, rng)
        return self._write_by_reader(prompt, length, rng)

    def entries(self, prompt: str, rng: np.random.Generator, boundary: str) -> Iterator[str]:
        """Yield lines of a list, whole and without their ends, for ever.

        Args:
            prompt: how every line begins.
            rng: what is drawn from.
            boundary: the character on both sides of a line. A line that does not come to its end
                is cut off; empty ones are left out.
        """
        end = self._code_of[boundary]
        start = boundary * self._predictor.context_length + prompt
        written = [prompt]
        if self._predictor.needs_only_windows:
            characters = self._write_by_windows(start, sys.maxsize, rng, end)
        else:
            characters = self._restarted(start, rng, end)
        for character in characters:
            if character != boundary:
                written.append(character)
                continue
            if entry := "".join(written):
                yield entry
            written = [prompt]

    def _restarted(self, start: str, rng: np.random.Generator, end: int) -> Iterator[str]:
        while True:
            for character in self._write_by_reader(start, _LONGEST_ENTRY, rng):
                if character == self._vocabulary[end]:
                    break
                yield character
            yield self._vocabulary[end]

    def _write_by_reader(self, prompt: str, length: int, rng: np.random.Generator) -> Iterator[str]:
        reader = self._predictor.reader(self._codes(prompt))
        for _ in range(length):
            cumulative = self._cumulative(reader.log_probabilities()[None])
            code = bisect_right(cumulative, float(rng.random()))
            yield self._vocabulary[code]
            reader.read(code)

    def _write_by_windows(
        self, prompt: str, length: int, rng: np.random.Generator, end: int | None = None
    ) -> Iterator[str]:
        """Characters after a prompt; the code `end` begins anew after it, for a line of a list."""
        unknown = len(self._vocabulary)
        context = self.context(prompt)

        # Every context met becomes a node that knows the nodes of the contexts after it: moving
        # on is one look into a list.
        nodes: dict[tuple[int, ...], _Node] = {}
        most_nodes = max(1, _CACHED_NUMBERS // unknown)
        self._rows.clear()
        first = node = self._node(context)
        written = since_first = 0
        while written < length:
            for uniform in rng.random(min(_UNIFORMS_AT_ONCE, length - written)).tolist():
                code = bisect_right(node.cumulative, uniform)
                if end is not None:
                    since_first += 1
                    if code == end or since_first > _LONGEST_ENTRY:
                        node, since_first = first, 0
                        yield self._vocabulary[end]
                        continue
                yield self._vocabulary[code]
                following = node.following[code]
                if following is None:
                    context = (*node.context[1:], code)
                    following = nodes.get(context)
                    if following is None:
                        if len(nodes) >= most_nodes:
                            nodes.clear()
                            self._rows.clear()
                            node.following = [None] * unknown
                            first.following = [None] * unknown
                        following = nodes[context] = self._node(context)
                    node.following[code] = following
                node = following
            written += _UNIFORMS_AT_ONCE

    def _node(self, context: tuple[int, ...]) -> _Node:
        size = len(self._vocabulary)
        first, rest = context[0], context[1:]
        if size > _MOST_ROWS:
            cumulative = self._cumulative_after(np.array([context]))
        elif rest not in self._rows:
            self._rows[rest] = None
            cumulative = self._cumulative_after(np.array([context]))
        else:
            # Contexts that differ in their first character only are computed together as soon as
            # a second one is met: in a long text most of them soon are. In one of 160 characters
            # few are, and together each takes four times as long as alone.
            rows = self._rows[rest]
            if rows is None:
                contexts = np.empty((size + 1, len(context)), dtype=np.intp)
                contexts[:, 0] = np.arange(size + 1)
                contexts[:, 1:] = rest
                rows = self._rows[rest] = self._cumulative_after(contexts)
            cumulative = rows[first * size : (first + 1) * size]
        return _Node(context, cumulative, [None] * size)

    def _cumulative_after(self, contexts: Codes) -> Floats:
        """Cumulative probabilities after some contexts, (n, M), one after another."""
        return self._cumulative(self._predictor.log_probabilities(contexts))

    def _cumulative(self, log_probabilities: Array) -> Floats:
        """Cumulative probabilities of what is drawn from, (n, V), one row after another."""
        cumulative = np.cumsum(self._adjusted(log_probabilities), axis=1)
        # Ends in exactly 1 from the last possible character on, and draws are below 1: so
        # bisection never chooses a character of probability 0.
        cumulative /= cumulative[:, -1:]
        return array("d", cumulative.tobytes())

    def _adjusted_probabilities(self, probabilities: Array) -> Array:
        """As `_adjusted`, from probabilities; (n, V) -> (n, V)."""
        with np.errstate(divide="ignore"):  # what is impossible stays so
            return self._adjusted(np.log(probabilities))

    def _adjusted(self, log_probabilities: Array) -> Array:
        """Probabilities after temperature, top-k and top-p; (n, V) -> (n, V)."""
        if self._temperature == 0:
            return np.eye(log_probabilities.shape[1])[log_probabilities.argmax(axis=1)]
        cuts = self._top_k is not None and self._top_k < log_probabilities.shape[1]
        if self._temperature == 1:
            weights = np.exp(log_probabilities)
        else:
            below_peak = log_probabilities - log_probabilities.max(axis=1, keepdims=True)
            with np.errstate(over="ignore"):  # a tiny temperature: -inf, weight 0
                weights = np.exp(below_peak / self._temperature)
        if cuts and self._top_k is not None:
            least = np.partition(weights, -self._top_k, axis=1)[:, -self._top_k, None]
            weights[weights < least] = 0.0
        if cuts or self._temperature != 1:
            weights /= weights.sum(axis=1, keepdims=True)
        if self._top_p is not None and self._top_p < 1:
            order = np.argsort(-weights, axis=1, kind="stable")
            ordered = np.take_along_axis(weights, order, axis=1)
            ordered[np.cumsum(ordered, axis=1) - ordered >= self._top_p] = 0.0
            np.put_along_axis(weights, order, ordered, axis=1)
            weights /= weights.sum(axis=1, keepdims=True)
        return weights


class SurpriseReader:
    """How surprising each character of a text is, which is read piece by piece.

    Args:
        losses: has read what stands before the text.
        code_of: the codes of the characters of the vocabulary.
    """

    def __init__(self, losses: LossReader, code_of: Mapping[str, int]) -> None:
        self._losses, self._code_of = losses, code_of

    def read(self, text: str) -> Array:
        """-ln P of every next character, (n,), in nats; infinite outside the vocabulary."""
        unknown = len(self._code_of)
        return self._losses.read([self._code_of.get(c, unknown) for c in text])
