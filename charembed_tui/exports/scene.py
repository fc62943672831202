"""Embeddings laid out to be drawn: the same frame for every step, so that only characters move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charembed_tui.coordinates.axes import Range
from charembed_tui.coordinates.views import MapView
from charembed_tui.text.glyphs import CharacterClass, classify, glyph
from charembed_tui.training.trajectory import Frame
from model.families.base import Model

Array = NDArray[np.float64]

WIDTH, HEIGHT = 640, 520
MARGIN = 36
BACKGROUND, FRAME, INK = "#16181d", "#4a4f59", "#c9ccd3"
# Okabe and Ito's colours, told apart by the colour-blind too.
COLOURS = {
    CharacterClass.VOWEL: "#e69f00",
    CharacterClass.CONSONANT: "#56b4e9",
    CharacterClass.CAPITAL: "#009e73",
    # Scripts that are found in one text differ.
    CharacterClass.HIRAGANA: "#e69f00",
    CharacterClass.KATAKANA: "#009e73",
    CharacterClass.HAN: "#56b4e9",
    CharacterClass.HANGUL: "#e69f00",
    CharacterClass.ARABIC: "#009e73",
    CharacterClass.HEBREW: "#e69f00",
    CharacterClass.DEVANAGARI: "#009e73",
    CharacterClass.THAI: "#e69f00",
    CharacterClass.LETTER: "#56b4e9",
    CharacterClass.DIGIT: "#f0e442",
    CharacterClass.PUNCTUATION: "#d55e00",
    CharacterClass.SPACE: "#cc79a7",
    CharacterClass.OTHER: "#9aa0ab",
}


@dataclass(frozen=True, eq=False)
class Scene:
    """A scene is steps to draw, in pixels.

    Attributes:
        glyphs: (V,) what stands for each character.
        colours: (V,) of each.
        steps: (F,).
        places: (F, V, 2) in pixels, from the top left.
        title: a line under the picture.
    """

    glyphs: tuple[str, ...]
    colours: tuple[str, ...]
    steps: tuple[int, ...]
    places: Array
    title: str


def lay_out(
    frames: Sequence[Frame],
    model: Model,
    vocabulary: Sequence[str],
    view: MapView,
    name: str,
) -> Scene:
    """Lay out some frames as they are seen from one side."""
    embeddings = [model.embeddings(frame.theta) for frame in frames]
    projection = view.project(embeddings[-1])
    if projection.plane is not None:
        points = np.stack([projection.plane.picture(e) for e in embeddings])
    else:
        laid_out: list[Array] = []
        for e in embeddings:
            laid_out.append(view.project(e, laid_out[-1] if laid_out else None).points)
        points = np.stack(laid_out)
    places = np.empty_like(points)
    for axis, length in enumerate((WIDTH, HEIGHT)):
        frame_range = Range.around(points[..., axis])
        part = (points[..., axis] - frame_range.low) / (frame_range.high - frame_range.low)
        part = part if axis == 0 else 1 - part
        places[..., axis] = MARGIN + part * (length - 2 * MARGIN)
    return Scene(
        tuple(glyph(c) for c in vocabulary),
        tuple(COLOURS[classify(c)] for c in vocabulary),
        tuple(frame.step for frame in frames),
        places,
        f"{name} · {view.name}",
    )


def thinned(frames: Sequence[Frame], most: int) -> list[Frame]:
    """Return at most so many frames, closer together at the beginning, where most moves."""
    if len(frames) <= most:
        return list(frames)
    last = len(frames) - 1
    return [frames[i] for i in sorted({round(last * (k / (most - 1)) ** 2) for k in range(most)})]
