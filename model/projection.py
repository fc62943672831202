"""Two axes to look along at embeddings, steady from one moment to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane through the embeddings' mean.

    Attributes:
        origin: (H,) the mean.
        axes: (H, 2) orthonormal columns (the second is zero where H is 1).
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

    The principal axes are turned (and mirrored, if need be) within their plane so that the
    characters lie as near as possible to where they lay before: an orthogonal Procrustes problem
    (Schönemann, Psychometrika 31, 1966). Without a picture before, the first axis has the
    greatest variance and the largest part of each axis is positive.

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


def component_variances(embeddings: Array) -> Array:
    """The share of the total variance along each component; (V, H) -> (H,), zeros if all equal."""
    variances = embeddings.var(axis=0)
    total = float(variances.sum())
    return variances / total if total > 0 else np.zeros_like(variances)
