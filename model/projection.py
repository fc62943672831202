"""Two axes to look along at embeddings, steady from one moment to the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes

Array = NDArray[np.float64]


def principal_plane(embeddings: Array, before: Array | None = None) -> tuple[Array, Array]:
    """The embeddings seen in the plane in which they vary most.

    The principal axes are turned (and mirrored, if need be) within their plane so that the
    characters lie as near as possible to where they lay before: an orthogonal Procrustes problem
    (Schönemann, Psychometrika 31, 1966). Without a picture before, the first axis has the
    greatest variance and the largest part of each axis is positive.

    Args:
        embeddings: (V, H), finite.
        before: (V, 2) the picture to stay close to.

    Returns:
        The picture, (V, 2), centred at 0; and the share of the total variance that the plane
        holds along each of its two axes, (2,). An embedding of size 1 has a second axis of zeros.
    """
    centred = embeddings - embeddings.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2]
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    picture = centred @ axes.T
    if picture.shape[1] < 2:
        picture = np.column_stack([picture, np.zeros(len(picture))])
    if before is not None and before.shape == picture.shape:
        turn, _ = orthogonal_procrustes(picture, before)
        picture = picture @ turn
    total = float(sizes @ sizes)
    shares = (picture**2).sum(axis=0) / total if total > 0 else np.zeros(2)
    return picture, shares


def component_variances(embeddings: Array) -> Array:
    """The share of the total variance along each component; (V, H) -> (H,), zeros if all equal."""
    variances = embeddings.var(axis=0)
    total = float(variances.sum())
    return variances / total if total > 0 else np.zeros_like(variances)
