"""What happens on the map, in words: each sentence is measured, and said once in a run."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from charembed_tui.text.glyphs import CharacterClass, classify, glyph
from charembed_tui.training.trajectory import Frame
from model.separation import Separation, nearest, separation

Array = NDArray[np.float64]

_MOST_CHARACTERS = 150  # the most frequent: 2 ms a frame
_LEAST_COUNT = 5  # of a character: rarer ones stand where they began
_LEAST_MEMBERS = 3
_STRONG, _GONE = 0.4, 0.1  # strengths of a separation that is there, and of one that is lost
_CLOSE = 0.05  # of all distances, those that are short
_GROWTH = 1.12  # of the step from one measured frame to the next

_LOWER_CASE = "lower case"
_LETTERS = "letters"
_NAMES = {
    CharacterClass.HAN: "Han characters",
    CharacterClass.HANGUL: "Hangul syllables",
    CharacterClass.ARABIC: "Arabic letters",
    CharacterClass.HEBREW: "Hebrew letters",
    CharacterClass.DEVANAGARI: "Devanagari letters",
    CharacterClass.THAI: "Thai letters",
    CharacterClass.PUNCTUATION: "punctuation marks",
    CharacterClass.SPACE: "blanks",
    CharacterClass.OTHER: "other signs",
}
_NO_LETTERS = (
    CharacterClass.DIGIT,
    CharacterClass.PUNCTUATION,
    CharacterClass.SPACE,
    CharacterClass.OTHER,
)
_SIGNS = {
    "\n": "line ends",
    "\t": "tabs",
    " ": "spaces",
    ".": "full stops",
    ",": "commas",
    ";": "semicolons",
    ":": "colons",
    "?": "question marks",
    "!": "exclamation marks",
    "-": "hyphens",
    "'": "apostrophes",
    '"': "quotation marks",
    "(": "opening brackets",
    ")": "closing brackets",
    "_": "underscores",
    "=": "equals signs",
    "。": "full stops",
    "、": "commas",
}


@dataclass(frozen=True)
class Remark:
    """A sentence, and the step at which it was found true."""

    step: int
    text: str


class Commentary:
    """Reads a recording as it grows, and finds what there is to say.

    A sentence has to be true in two measured frames that follow each other, and is said of the
    second. What is true in the first frame of all did not happen, and is not said. Which frames are
    measured depends on the recording alone: the same run has the same remarks at every speed.

    Args:
        vocabulary: the V characters.
        counts: (V,) how often each occurs.

    Attributes:
        remarks: what there was to say so far.
        due: the step from which on the next frame is measured.
    """

    def __init__(self, vocabulary: Sequence[str], counts: NDArray[np.integer]) -> None:
        order = np.argsort(-counts, kind="stable")[:_MOST_CHARACTERS]
        self._characters = np.sort(order[counts[order] >= _LEAST_COUNT])
        self._signs = [vocabulary[c] for c in self._characters.tolist()]
        groups = _groups(self._signs)
        self._single = [g for g in groups if g.name not in (_LOWER_CASE, _LETTERS)]
        self._pairs = _pairs(groups)
        self.remarks: list[Remark] = []
        self._said: set[str] = set()
        self._true_before: set[str] = set()
        self.due = 0  # step
        self._is_first = True

    def read(
        self, frames: Sequence[Frame], embeddings: Callable[[Array], Array], most: int = 1
    ) -> bool:
        """Measure frames that are due.

        Args:
            frames: all of the recording, in ascending order of steps.
            embeddings: of parameters, (D,) -> (V, H).
            most: how many are measured at the most.

        Returns:
            Whether there is something new to say.
        """
        before = len(self.remarks)
        for _ in range(most):
            place = bisect_left(frames, self.due, key=lambda frame: frame.step)
            if place == len(frames) or len(self._signs) < 2 * _LEAST_MEMBERS:
                break
            frame = frames[place]
            self._measure(frame.step, embeddings(frame.theta)[self._characters])
            self.due = max(frame.step + 1, round(frame.step * _GROWTH))
        return len(self.remarks) > before

    def at(self, step: int) -> str:
        """The newest sentence that was true up to a step; empty before the first."""
        place = bisect_right(self.remarks, step, key=lambda remark: remark.step)
        return self.remarks[place - 1].text if place else ""

    def _measure(self, step: int, points: Array) -> None:
        true = dict(self._true(points))
        if self._is_first:
            self._is_first = False
            self._said |= set(true)
        new = [text for text in true if text in self._true_before and text not in self._said]
        if new:
            text = max(new, key=lambda each: true[each])
            self._said.add(text)
            self.remarks.append(Remark(step, text))
        self._true_before = set(true)

    def _true(self, points: Array) -> Iterator[tuple[str, float]]:
        """Sentences that are true of points (n, H), and how strongly."""
        for group in self._single:
            found = separation(points, group.members)
            together = f"{group.name} have found each other"
            if _is_strong(found):
                yield together, found.strength
            elif together in self._said and found.strength < _GONE:
                yield f"{group.name} have lost each other again", 1.0
        for one, other in self._pairs:
            both = one.members | other.members
            found = separation(points[both], one.members[both])
            if _is_strong(found):
                yield f"{one.name} left the {other.name}", found.strength
        yield from self._moved(points)

    def _moved(self, points: Array) -> Iterator[tuple[str, float]]:
        """Which signs stand close to another character, the nearest of all."""
        neighbours = nearest(points, 1)[:, 0]
        distances = np.linalg.norm(points - points[neighbours], axis=1)
        pairs = np.linalg.norm(points[:, None] - points, axis=2)[np.triu_indices(len(points), 1)]
        close = float(np.quantile(pairs, _CLOSE))
        for place, sign in enumerate(self._signs):
            other = self._signs[neighbours[place]]
            if sign in _SIGNS and distances[place] < close and classify(other) in _NO_LETTERS:
                first, second = sorted((sign, other), key=_rank)
                yield f"{_called(first)} moved to {_called(second)}", _GONE


@dataclass(frozen=True, eq=False)
class _Group:
    name: str
    members: NDArray[np.bool_]  # (n,)


def _groups(signs: Sequence[str]) -> list[_Group]:
    """The classes that have enough members among some characters, and two unions of classes."""
    classes = [classify(sign) for sign in signs]
    kinds: dict[str, tuple[CharacterClass, ...]] = {
        _NAMES.get(kind, kind.value): (kind,) for kind in CharacterClass
    }
    kinds[_LOWER_CASE] = (CharacterClass.VOWEL, CharacterClass.CONSONANT)
    kinds[_LETTERS] = tuple(kind for kind in CharacterClass if kind not in _NO_LETTERS)
    groups = [
        _Group(name, np.array([each in members for each in classes], dtype=bool))
        for name, members in kinds.items()
    ]
    return [g for g in groups if _LEAST_MEMBERS <= g.members.sum() < len(signs)]


def _pairs(groups: Sequence[_Group]) -> list[tuple[_Group, _Group]]:
    """Groups without common members that are worth comparing, the smaller first."""
    named = {group.name: group for group in groups}
    others = [_NAMES.get(kind, kind.value) for kind in _NO_LETTERS]
    cases = [CharacterClass.VOWEL, CharacterClass.CONSONANT, CharacterClass.CAPITAL]
    scripts = [
        _NAMES.get(kind, kind.value)
        for kind in CharacterClass
        if kind not in _NO_LETTERS and kind not in cases
    ]
    wanted = [
        (CharacterClass.CAPITAL.value, _LOWER_CASE),
        (CharacterClass.VOWEL.value, CharacterClass.CONSONANT.value),
        *((name, _LETTERS) for name in others),
        *combinations(scripts, 2),
    ]
    return [(named[a], named[b]) for a, b in wanted if a in named and b in named]


def _is_strong(found: Separation) -> bool:
    return found.beaten and found.strength >= _STRONG


def _rank(sign: str) -> int:
    """Signs that have a name, in its order, before those that have none."""
    return list(_SIGNS).index(sign) if sign in _SIGNS else len(_SIGNS)


def _called(sign: str) -> str:
    return _SIGNS.get(sign, glyph(sign))
