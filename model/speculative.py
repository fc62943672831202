"""Writing several characters at once with a predictor that is slow one context at a time.

A cheap draft goes ahead by some characters, the slow predictor is asked about all their contexts
in one batch, and drafted characters stand as often as the two distributions allow; in place of the
first that does not, one is drawn where the slow predictor has more than the draft: Leviathan,
Kalman and Matias, Fast inference from transformers via speculative decoding, ICML 2023, section 2.
The text is distributed exactly as the slow predictor's, whatever the draft.

Here each character is a function of the text before it and of one uniform number alone: the number
draws from the draft, and what is left of it, which is uniform again, decides whether the character
stands and what comes instead. So how many characters are drafted at a time changes nothing of the
text. (With Kneser-Ney as the draft of a mixture, 91 of 100 characters stand; comparing the inverse
distribution functions of both at the same number would let 80 stand.)

A cache on top belongs to both distributions: what it draws itself stands unasked. So does what
would stand whatever the slow predictor said, if the draft knows that.
Where temperature, top-k or top-p change the whole, the slow predictor is asked about those as well.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.families.base import Predictor
from model.families.cache.memory import Adjustment, Memory
from model.families.cache.predictor import CachePredictor
from model.families.cache.settings import CacheSettings

Array = NDArray[np.float64]
Adjust = Callable[[Array], Array]
"""Probabilities after temperature, top-k and top-p; (n, V) -> (n, V), rows independent."""

AHEAD = 32  # characters drafted at a time, at the most
# A character falls where the rest of its number is above the ratio of both probabilities: with
# Kneser-Ney as the draft of a mixture, in about 0.7 x^(2.8 + 10.7 s) of the cases where the rest is
# x of the way from the share s that stands for sure to 1. Drafting ends where what comes next would
# probably be thrown away.
_FALLS, _STEEPNESS, _STEEPER_BY_SHARE = 0.7, 2.8, 10.7
_LEAST_CHANCE = 0.45
_UNIFORMS_AT_ONCE = 1024
_BELOW_ONE = float(np.nextafter(1.0, 0.0))


class Drafter(Protocol):
    """A predictor with a cheaper one inside."""

    @property
    def vocabulary_size(self) -> int:
        """V."""
        ...

    @property
    def context_length(self) -> int:
        """M."""
        ...

    def find(self, context: Sequence[int]) -> Any:
        """What the draft needs to know after M codes, V for unknown ones."""
        ...

    def follow(self, found: Any, code: int) -> Any:
        """As `find`, after one more code that is known, from what it found without that."""
        ...

    def draw(self, found: Any, uniform: float) -> tuple[int, float, float, Any]:
        """Draw from the draft by a number from [0, 1).

        Returns:
            A code; a uniform rest of the number; a share of such rests with which the code stands
            whatever the true probabilities are, from 0 for nothing known; and what `follow` finds
            after the code.
        """
        ...

    def complete(self, contexts: NDArray[np.intp], found: Sequence[Any]) -> tuple[Array, Array]:
        """Probabilities of the draft and the true ones; k contexts (k, M) -> (k, V), (k, V)."""
        ...


@runtime_checkable
class HasDrafter(Protocol):
    """A predictor that can be written with ahead."""

    def drafter(self) -> Drafter:
        """Itself, with the cheaper one inside."""
        ...


def writer_of(predictor: Predictor, adjust: Adjust | None = None) -> SpeculativeWriter | None:
    """What writes ahead with a predictor, or with the one below its cache; None if nothing does.

    Args:
        predictor: any.
        adjust: as for `SpeculativeWriter`.
    """
    below = predictor.below if isinstance(predictor, CachePredictor) else predictor
    cache = predictor.settings if isinstance(predictor, CachePredictor) else None
    if not isinstance(below, HasDrafter):
        return None
    return SpeculativeWriter(below.drafter(), adjust, cache)


class SpeculativeWriter:
    """Writes with a drafter, and a cache on top if there is one.

    Args:
        drafter: what writes.
        adjust: temperature, top-k and top-p; None draws from the probabilities as they are.
        cache: settings of a cache over prompt and text so far; None for none.
        ahead: how many characters are drafted at a time, at least 1.

    Raises:
        SettingsError: a setting is out of range.
    """

    def __init__(
        self,
        drafter: Drafter,
        adjust: Adjust | None = None,
        cache: CacheSettings | None = None,
        ahead: int = AHEAD,
    ) -> None:
        if ahead < 1:
            raise SettingsError(f"{ahead} characters ahead: draft at least one.")
        self._drafter, self._adjust, self._cache, self._ahead = drafter, adjust, cache, ahead

    def write(
        self, prompt: Sequence[int], length: int, rng: np.random.Generator
    ) -> Iterator[list[int]]:
        """Yield pieces that together are `length` codes that follow a prompt.

        Args:
            prompt: codes of any number, V for unknown ones.
            length: how many codes to write.
            rng: gives one uniform number a character.
        """
        m, size = self._drafter.context_length, self._drafter.vocabulary_size
        text = [size] * m + list(prompt)[-m:]
        memory = None if self._cache is None else Memory(self._cache, size, prompt)
        state = self._drafter.find(text[-m:])
        written = 0
        while written < length:
            uniforms = rng.random(min(_UNIFORMS_AT_ONCE, length - written)).tolist()
            done = 0
            while done < len(uniforms):
                ahead = uniforms[done : done + self._ahead]
                piece, state = self._piece(text[-m:], state, memory, ahead)
                text += piece
                done += len(piece)
                yield piece
            del text[:-m]
            if memory is not None:
                memory.forget()
            written += len(uniforms)

    def _piece(
        self, text: list[int], state: Any, memory: Memory | None, uniforms: Sequence[float]
    ) -> tuple[list[int], Any]:
        """At least one character, by as many numbers of those given, and what is found after it.

        Args:
            text: the last M codes.
            state: what the draft found there.
            memory: has read all before.
            uniforms: one number a character.
        """
        m, follow, draw = len(text), self._drafter.follow, self._drafter.draw
        asked: list[int] = []  # which of the drafted characters may fall
        states, left, recalls = [], [], []
        chance = 1.0
        for i, uniform in enumerate(uniforms):
            code, rest, share = -1, uniform, 1.0
            if memory is not None:
                recall = memory.recall()
                recalls.append(recall)
                code, rest = recall.draw(uniform)
            if code < 0:
                code, rest, share, after = draw(state, rest)
            else:
                after = follow(state, code)
            if self._adjust is not None:
                share = 0.0
            if rest >= share:
                asked.append(i)
                states.append(state)
                left.append(rest)
                steepness = _STEEPNESS + _STEEPER_BY_SHARE * share
                chance *= 1.0 - _FALLS * ((rest - share) / (1.0 - share)) ** steepness
            text.append(code)
            if memory is not None:
                memory.read(code)
            state = after
            if chance < _LEAST_CHANCE:
                break
        drafted = text[m:]
        if not asked:
            return drafted, state
        windows = np.array(text)[np.add.outer(asked, np.arange(m))]
        draft, true = self._drafter.complete(windows, states)
        if self._adjust is not None:
            if recalls:
                _apply([recall.adjustment() for recall in recalls], draft, true)
            true = self._adjust(true)
        first, code = _settle(draft, true, [drafted[i] for i in asked], left)
        if first == len(asked):
            return drafted, state
        falls = asked[first]
        if memory is not None:
            for _ in range(len(drafted) - falls):
                memory.unread()
            memory.read(code)
        return [*drafted[:falls], code], follow(states[first], code)


def _settle(
    draft: Array, true: Array, drafted: Sequence[int], left: Sequence[float]
) -> tuple[int, int]:
    """How many drafted characters stand, and what comes in place of the next one."""
    at = np.arange(0, draft.size, draft.shape[1])
    at += drafted
    stand = left * draft.take(at) < true.take(at)
    i = int(stand.argmin())
    if stand[i]:
        return len(drafted), -1
    over = np.maximum(true[i] - draft[i], 0.0).cumsum()
    if over[-1] <= 0.0:  # equal but for rounding
        return i, int(true[i].argmax())
    # The number lies beyond the share that would stand: where it lies there is uniform again.
    share = float(true[i, drafted[i]] / draft[i, drafted[i]])
    again = min((left[i] - share) / (1.0 - share), _BELOW_ONE)
    # Ends in exactly 1 from the last possible character on, so that none that is impossible comes.
    return i, bisect_right((over / over[-1]).tolist(), again)


def _apply(adjustments: Sequence[Adjustment], *distributions: Array) -> None:
    """Turn (k, V) probabilities into those with the cache on top, in place."""
    cells: list[int] = []
    own: list[float] = []
    size = distributions[0].shape[1]
    for i, adjustment in enumerate(adjustments):
        cells += [i * size + code for code in adjustment.own]
        own += adjustment.own.values()
    rest = np.array([adjustment.rest for adjustment in adjustments])[:, None]
    at, added = np.array(cells, dtype=np.intp), np.array(own)
    for p in distributions:
        p *= rest
        p.ravel()[at] += added
