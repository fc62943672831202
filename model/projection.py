"""Two axes to look along at embeddings, steady from one moment to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane to see embeddings in.

    Attributes:
        origin: (H,) what is seen at 0.
        axes: (H, 2) orthogonal columns, as a rule of length 1 (the second is zero where H is 1).
        shares: (2,) of the total variance along each axis.
    """

    origin: Array
    axes: Array
    shares: Array

    def picture(self, embeddings: Array) -> Array:
        """Embeddings, (V, H), seen in this plane; (V, 2)."""
        return (embeddings - self.origin) @ self.axes


def principal_plane(embeddings: Array, before: Array | None = None) -> Plane:
    """The plane in which embeddings vary most.

    It goes through their mean. The principal axes are turned (and mirrored, if need be) within it
    so that the characters lie as near as possible to where they lay before: an orthogonal
    Procrustes problem (Schönemann, Psychometrika 31, 1966). Without a picture before, the first
    axis has the greatest variance and the largest part of each axis is positive.

    Args:
        embeddings: (V, H), finite.
        before: (V, 2) the picture to stay close to.
    """
    origin = embeddings.mean(axis=0)
    centred = embeddings - origin
    _, sizes, rows = np.linalg.svd(centred, full_matrices=False)
    axes = rows[:2].T
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    if axes.shape[1] < 2:
        axes = np.column_stack([axes, np.zeros(len(axes))])
    if before is not None and before.shape == (len(embeddings), 2):
        from scipy.linalg import orthogonal_procrustes  # takes a while: not at start-up

        turn, _ = orthogonal_procrustes(centred @ axes, before)
        axes = axes @ turn
    total = float(sizes @ sizes)
    along = ((centred @ axes) ** 2).sum(axis=0)
    return Plane(origin, axes, along / total if total > 0 else np.zeros(2))


def component_plane(embeddings: Array, x: int, y: int) -> Plane:
    """The plane of two components of embeddings (V, H), through the origin."""
    size = embeddings.shape[1]
    axes = np.zeros((size, 2))
    axes[[x, y], [0, 1]] = 1.0
    variances = component_variances(embeddings)
    return Plane(np.zeros(size), axes, variances[[x, y]])


def difference_plane(
    embeddings: Array, start: Sequence[int], end: Sequence[int], before: Array | None = None
) -> Plane:
    """The plane of the axis from some characters to others, and of what varies most besides.

    The mean of the first is at 0 of the first axis, that of the others at 1; the second axis is
    orthogonal to it and has the same unit.

    Args:
        embeddings: (V, H), finite.
        start: rows of the first.
        end: rows of the others.
        before: (V, 2) the picture to whose side the second axis points; without it, to where its
            largest part is positive.

    Returns:
        The plane; its axes are orthogonal, as long as 1 over the distance of both means. Where
        there is no distance, the first component takes its place.
    """
    origin = embeddings[list(start)].mean(axis=0)
    difference = embeddings[list(end)].mean(axis=0) - origin
    length = float(np.linalg.norm(difference))
    scale = float(np.abs(embeddings).max())
    if length <= 1e-12 * scale or length == 0:
        difference, length = np.eye(1, embeddings.shape[1])[0], 1.0
    along = difference / length
    centred = embeddings - embeddings.mean(axis=0)
    rest = centred - np.outer(centred @ along, along)
    _, sizes, rows = np.linalg.svd(rest, full_matrices=False)
    across = rows[0] if sizes[0] > 1e-12 * scale else np.zeros_like(along)
    if before is not None and before.shape == (len(embeddings), 2):
        side = float((rest @ across) @ (before[:, 1] - before[:, 1].mean()))
    else:
        side = float(across[np.abs(across).argmax()])
    axes = np.column_stack([along, -across if side < 0 else across])
    total = float((centred**2).sum())
    shares = ((centred @ axes) ** 2).sum(axis=0) / total if total > 0 else np.zeros(2)
    return Plane(origin, axes / length, shares)


def component_variances(embeddings: Array) -> Array:
    """The share of the total variance along each component; (V, H) -> (H,), zeros if all equal."""
    variances = embeddings.var(axis=0)
    total = float(variances.sum())
    return variances / total if total > 0 else np.zeros_like(variances)
