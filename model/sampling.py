"""Writing: drawing characters from the model's distribution, one after another."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.log_bilinear import LogBilinear

Array = NDArray[np.float64]

_UNIFORMS_AT_ONCE = 1024
_CACHED_NUMBERS = 1 << 23  # 64 MB of cumulative weights


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
    embeddings, so its part of the energy is the mean over the vocabulary. As the written text
    moves on, unknown positions leave the context.

    Args:
        model: the model's shape.
        theta: (D,) parameters; read once, so later changes do not disturb the writing.
        vocabulary: the V characters, in the order of their codes.
        prompt: the text to continue; only its last M characters matter. It is not repeated.
        length: how many characters to write, 0 or more.
        temperature: energies are divided by it; below 1 more careful, above 1 wilder, 0 always
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
        self._temperature, self._top_k, self._top_p = temperature, top_k, top_p

    def write(self, prompt: str, length: int, rng: np.random.Generator) -> Iterator[str]:
        """Yield `length` characters that follow the prompt."""
        positions, unknown = self._context_length, len(self._vocabulary)
        code_of = {character: code for code, character in enumerate(self._vocabulary)}
        known = [code_of.get(character, unknown) for character in prompt[-positions:]]
        context = [unknown] * (positions - len(known)) + known
        # A context is one number in base V + 1: quick to move on and to look up.
        base = unknown + 1
        modulus = base**positions
        key = 0
        for code in context:
            key = key * base + code

        cache: dict[int, array[float]] = {}
        most_cached = max(1, _CACHED_NUMBERS // unknown)
        written = 0
        while written < length:
            for uniform in rng.random(min(_UNIFORMS_AT_ONCE, length - written)).tolist():
                cumulative = cache.get(key)
                if cumulative is None:
                    if len(cache) >= most_cached:
                        cache.clear()
                    cumulative = cache[key] = self._cumulative(key, base)
                code = bisect_right(cumulative, uniform)
                yield self._vocabulary[code]
                key = (key * base + code) % modulus
            written += _UNIFORMS_AT_ONCE

    def probabilities(self, context: Sequence[int]) -> Array:
        """What the next character is drawn from; M codes (V for unknown) -> (V,)."""
        return self._adjusted(self._outputs @ self._embeddings[list(context)].ravel())

    def _cumulative(self, key: int, base: int) -> array[float]:
        codes: list[int] = []
        for _ in range(self._context_length):
            key, code = divmod(key, base)
            codes.append(code)
        cumulative = np.cumsum(self.probabilities(codes[::-1]))
        # Ends in exactly 1 from the last possible character on, and draws are below 1: so
        # bisection never chooses a character of probability 0.
        cumulative /= cumulative[-1]
        return array("d", cumulative.tobytes())

    def _adjusted(self, energies: Array) -> Array:
        """Probabilities after temperature, top-k and top-p; (V,) -> (V,)."""
        energies = energies - energies.max()
        if self._temperature == 0:
            return np.eye(1, len(energies), int(energies.argmax()))[0]
        with np.errstate(over="ignore"):  # a tiny temperature: -inf, weight 0
            weights = np.exp(energies / self._temperature)
        if self._top_k is not None and self._top_k < len(weights):
            weights[weights < np.partition(weights, -self._top_k)[-self._top_k]] = 0.0
        weights /= weights.sum()
        if self._top_p is not None and self._top_p < 1:
            order = np.argsort(-weights, kind="stable")
            before = np.cumsum(weights[order]) - weights[order]
            weights[order[before >= self._top_p]] = 0.0
            weights /= weights.sum()
        return weights
