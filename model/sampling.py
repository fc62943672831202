"""Writing: drawing characters from the model's distribution, one after another."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.families.log_bilinear.shape import LogBilinear

Array = NDArray[np.float64]

_UNIFORMS_AT_ONCE = 1024
_MOST_ROWS = 256  # vocabularies beyond this have their contexts computed one by one
_CACHED_NUMBERS = 1 << 24  # of probabilities and links, 256 MB at the most


def generate(
    model: LogBilinear,
    theta: Array,
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
    characters outside the vocabulary, count as unknown: an unknown character has the mean of all
    embeddings, so its part of the logit is the mean over the vocabulary. As the written text
    moves on, unknown positions leave the context.

    Args:
        model: the model's shape.
        theta: (D,) parameters; read once, so later changes do not disturb the writing.
        vocabulary: the V characters, in the order of their codes.
        prompt: the text to continue; only its last M characters matter. It is not repeated.
        length: how many characters to write, 0 or more.
        temperature: logits are divided by it; below 1 more careful, above 1 wilder, 0 always
            the most probable character (the first of several).
        top_k: draw from the k most probable characters only (more where several are equal).
        top_p: draw from the smallest set of most probable characters that has at least this
            probability, after temperature and top_k.
        seed: the same seed writes the same text; None takes a fresh one.

    Raises:
        SettingsError: a setting is out of range, or theta or the vocabulary does not fit.
    """
    sampler = Sampler(model, theta, vocabulary, temperature=temperature, top_k=top_k, top_p=top_p)
    if length < 0:
        raise SettingsError(f"The length is {length}: it must be 0 or more.")
    return sampler.write(prompt, length, np.random.default_rng(seed))


@dataclass(slots=True)
class _Node:
    """A context, its cumulative probabilities, and the contexts that follow by each character."""

    context: tuple[int, ...]
    cumulative: array[float]
    following: list[_Node | None]


class Sampler:
    """A model at fixed parameters and settings, ready to write; arguments as for `generate`."""

    def __init__(
        self,
        model: LogBilinear,
        theta: Array,
        vocabulary: Sequence[str],
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
    ) -> None:
        if len(vocabulary) != model.vocabulary_size:
            raise SettingsError(
                f"{len(vocabulary)} characters were given for a model of "
                f"{model.vocabulary_size}: pass the vocabulary the model was trained with."
            )
        if not 0 <= temperature < math.inf:
            raise SettingsError(f"The temperature is {temperature}: choose a number from 0 up.")
        if top_k is not None and top_k < 1:
            raise SettingsError(f"top-k is {top_k}: it must be at least 1.")
        if top_p is not None and not 0 < top_p <= 1:
            raise SettingsError(f"top-p is {top_p}: choose a number above 0, at most 1.")
        if not np.isfinite(theta).all():
            raise SettingsError("The parameters are not finite: go back to an earlier step.")
        embeddings, outputs = model.unpack(np.array(theta))
        self._context_length = model.context_length
        # One more row: an unknown character.
        self._embeddings = np.vstack([embeddings, embeddings.mean(axis=0)])
        self._outputs = outputs.reshape(model.vocabulary_size, -1)
        self._vocabulary = tuple(vocabulary)
        self._code_of = {character: code for code, character in enumerate(vocabulary)}
        self._temperature, self._top_k, self._top_p = temperature, top_k, top_p
        self._rows: dict[tuple[int, ...], array[float]] = {}

    def context(self, text: str) -> tuple[int, ...]:
        """The context after a text: M codes, V for what is unknown."""
        positions, unknown = self._context_length, len(self._vocabulary)
        known = [self._code_of.get(character, unknown) for character in text[-positions:]]
        return (unknown,) * (positions - len(known)) + tuple(known)

    def write(self, prompt: str, length: int, rng: np.random.Generator) -> Iterator[str]:
        """Yield `length` characters that follow the prompt."""
        unknown = len(self._vocabulary)
        context = self.context(prompt)

        # Every context met becomes a node that knows the nodes of the contexts after it: moving
        # on is one look into a list.
        nodes: dict[tuple[int, ...], _Node] = {}
        most_nodes = max(1, _CACHED_NUMBERS // unknown)
        self._rows.clear()
        node = self._node(context)
        written = 0
        while written < length:
            for uniform in rng.random(min(_UNIFORMS_AT_ONCE, length - written)).tolist():
                code = bisect_right(node.cumulative, uniform)
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
                        following = nodes[context] = self._node(context)
                    node.following[code] = following
                node = following
            written += _UNIFORMS_AT_ONCE

    def surprises(self, before: str, text: str) -> Array:
        """How surprising the model finds each character of a text that follows another; (n,).

        In nats, -ln P, without temperature, top-k and top-p. Characters outside the vocabulary
        have infinite surprise.
        """
        positions, unknown = self._context_length, len(self._vocabulary)
        known = [self._code_of.get(c, unknown) for c in before[-positions:] + text]
        codes = np.array([unknown] * (positions + len(text) - len(known)) + known, dtype=np.intp)
        if not text:
            return np.empty(0)
        from scipy.special import log_softmax  # takes a tenth of a second: not at start-up

        windows = np.lib.stride_tricks.sliding_window_view(codes, positions + 1)
        log_p = log_softmax(self._energies(windows[:, :-1]), axis=1)
        with_unknown = np.column_stack([log_p, np.full(len(log_p), -np.inf)])
        return -with_unknown[np.arange(len(text)), windows[:, -1]]

    def probabilities(self, context: Sequence[int]) -> Array:
        """What the next character is drawn from; M codes (V for unknown) -> (V,)."""
        return self._adjusted(self._energies(np.array(context)[None]))[0]

    def _energies(self, contexts: NDArray[np.integer]) -> Array:
        """Logits after some contexts; (n, M) -> (n, V)."""
        return self._embeddings[contexts].reshape(len(contexts), -1) @ self._outputs.T

    def _node(self, context: tuple[int, ...]) -> _Node:
        size = len(self._vocabulary)
        first, rest = context[0], context[1:]
        if size > _MOST_ROWS:
            cumulative = self._cumulative(np.array([context]))
        else:
            # Contexts that differ in their first character only are computed together: at the
            # beginning of a long text most of them are soon met.
            rows = self._rows.get(rest)
            if rows is None:
                contexts = np.empty((size + 1, len(context)), dtype=np.intp)
                contexts[:, 0] = np.arange(size + 1)
                contexts[:, 1:] = rest
                rows = self._rows[rest] = self._cumulative(contexts)
            cumulative = rows[first * size : (first + 1) * size]
        return _Node(context, cumulative, [None] * size)

    def _cumulative(self, contexts: NDArray[np.integer]) -> array[float]:
        """Cumulative probabilities after some contexts, one after another."""
        cumulative = np.cumsum(self._adjusted(self._energies(contexts)), axis=1)
        # Ends in exactly 1 from the last possible character on, and draws are below 1: so
        # bisection never chooses a character of probability 0.
        cumulative /= cumulative[:, -1:]
        return array("d", cumulative.tobytes())

    def _adjusted(self, logits: Array) -> Array:
        """Probabilities after temperature, top-k and top-p; (n, V) -> (n, V)."""
        logits = logits - logits.max(axis=1, keepdims=True)
        if self._temperature == 0:
            return np.eye(logits.shape[1])[logits.argmax(axis=1)]
        with np.errstate(over="ignore"):  # a tiny temperature: -inf, weight 0
            weights = np.exp(logits / self._temperature)
        if self._top_k is not None and self._top_k < weights.shape[1]:
            least = np.partition(weights, -self._top_k, axis=1)[:, -self._top_k, None]
            weights[weights < least] = 0.0
        weights /= weights.sum(axis=1, keepdims=True)
        if self._top_p is not None and self._top_p < 1:
            order = np.argsort(-weights, axis=1, kind="stable")
            ordered = np.take_along_axis(weights, order, axis=1)
            ordered[np.cumsum(ordered, axis=1) - ordered >= self._top_p] = 0.0
            np.put_along_axis(weights, order, ordered, axis=1)
            weights /= weights.sum(axis=1, keepdims=True)
        return weights
