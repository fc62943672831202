"""A run measured by how much changes, not by how many steps it takes: for playback and pictures.

Steps are no measure of what there is to see: of 900 most move nothing, and the first ten nearly
everything. Here a step is as long as what it changes: half of the scale is the loss, by the way it
goes up and down, and half is the picture, by how far characters move on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charembed_tui.training.loss_log import Curve
from charembed_tui.training.trajectory import Frame
from model.families.base import Model

Array = NDArray[np.float64]

MOST_MEASURED = 400  # frames: 5 ms of a small model
_MOST_NUMBERS = 2_000_000  # in their embeddings: where a vocabulary is large, fewer are measured
_FARTHEST = 1.0  # spreads that one character moves: one that runs away is not the picture


@dataclass(frozen=True, eq=False)
class ChangeScale:
    """Which part of all change has happened after a step.

    Attributes:
        steps: (n,) ascending.
        parts: (n,) from 0 to 1, never descending; linear between steps.
    """

    steps: Array
    parts: Array

    @classmethod
    def of(
        cls, frames: Sequence[Frame], model: Model, curve: Curve, most: int = MOST_MEASURED
    ) -> ChangeScale:
        """Measure a recording.

        Args:
            frames: the recording, in ascending order of steps.
            model: whose parameters they are.
            curve: its losses; may be empty.
            most: how many frames are measured at the most; the scale is linear between them.
        """
        chosen = _spread_out(len(frames), model, most)
        steps = np.array([frames[i].step for i in chosen], dtype=np.float64)
        if len(steps) < 2:
            return cls(steps, np.zeros(len(steps)))
        pictures = _pictures(np.array([model.embeddings(frames[i].theta) for i in chosen]))
        moved = _normalized(_distances(pictures))
        fallen = np.zeros_like(moved)
        if len(curve) > 1:
            way = np.append(0.0, np.abs(np.diff(curve.losses)).cumsum())
            fallen = _normalized(np.diff(np.interp(steps, curve.steps, way)))
        # The last is for where nothing moves at all: then steps are as good as anything.
        parts = _normalized(moved + fallen + 1e-6 * _normalized(np.diff(steps)))
        return cls(steps, np.append(0.0, parts.cumsum()).clip(max=1.0))

    @property
    def last(self) -> float:
        """The last step that was measured; 0 where there is none."""
        return float(self.steps[-1]) if len(self.steps) else 0.0

    def part(self, step: float) -> float:
        """The part of all change that has happened after a step, from 0 to 1."""
        return float(np.interp(step, self.steps, self.parts)) if len(self.steps) else 0.0

    def step(self, part: float) -> float:
        """The inverse of `part`: where a part of all change has happened."""
        return float(np.interp(part, self.parts, self.steps)) if len(self.steps) else 0.0


NO_CHANGE = ChangeScale(np.empty(0), np.empty(0))


def paced(frames: Sequence[Frame], scale: ChangeScale, most: int) -> list[tuple[Frame, float]]:
    """Frames at equal distances on a scale, for an animation.

    Args:
        frames: the recording, in ascending order of steps.
        scale: of the recording.
        most: how many frames at the most, at least 2.

    Returns:
        The first frame, the last, and others between, each with the part of the time for which it
        is to be seen; the parts sum up to 1. A frame before a long step stays for longer.
    """
    if not frames:
        return []
    parts = np.array([scale.part(frame.step) for frame in frames])
    wanted = np.searchsorted(parts, np.linspace(0.0, 1.0, most) + 1e-12, side="right") - 1
    wanted[-1] = len(frames) - 1
    places, turns = np.unique(wanted, return_counts=True)
    return [
        (frames[place], turn / most)
        for place, turn in zip(places.tolist(), turns.tolist(), strict=True)
    ]


def _spread_out(count: int, model: Model, most: int) -> list[int]:
    """Indices of the frames to measure: all, or more of the early ones than of the late ones."""
    numbers = max(1, model.vocabulary_size * model.embedding_size)
    most = max(2, min(most, _MOST_NUMBERS // numbers))
    if count <= most:
        return list(range(count))
    places = np.linspace(0.0, 1.0, most) ** 2 * (count - 1)
    return np.unique(places.round().astype(int)).tolist()


def _pictures(embeddings: Array) -> Array:
    """Embeddings (n, V, H) as pictures have them: in the middle, and of one size."""
    pictures = embeddings - np.median(embeddings, axis=1, keepdims=True)
    spreads = np.median(np.linalg.norm(pictures, axis=2), axis=1)
    spreads[spreads == 0] = 1.0
    pictures /= spreads[:, np.newaxis, np.newaxis]
    return pictures


def _distances(pictures: Array) -> Array:
    """How far characters move from picture to picture (n, V, H), in spreads of the picture."""
    moved = np.linalg.norm(np.diff(pictures, axis=0), axis=2)
    return moved.clip(max=_FARTHEST).mean(axis=1)


def _normalized(values: Array) -> Array:
    """Values that are not negative, divided by their sum."""
    total = float(values.sum())
    return values / total if total > 0 else values
