"""A map on which neighbours are kept near: t-SNE, by scikit-learn, which is an optional extra."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from model.errors import CharembedError
from model.projection import principal_plane

Array = NDArray[np.float64]

_MOST_NEIGHBOURS = 30  # the usual perplexity
_FIRST_ROUNDS, _ROUNDS = 750, 250  # scikit-learn allows no fewer
_EXAGGERATION = 12.0  # of attractions at first, so that groups find each other
_MOST_EXACTLY = 400  # characters; from here on Barnes and Hut's approximation is quicker
_START_SPREAD = 1e-2
_LEAST = 4  # characters: with fewer all are neighbours


class ScikitLearnMissing(CharembedError, ImportError):
    """The map of neighbours needs scikit-learn."""

    def __init__(self) -> None:
        super().__init__(
            "The map of neighbours needs scikit-learn: install it with  "
            "pip install 'charembed-tui[maps]'  or  pip install scikit-learn"
        )


def require_scikit_learn() -> None:
    """Raises ScikitLearnMissing. Does not import it: that takes a second."""
    try:
        found = find_spec("sklearn")
    except ValueError:  # somebody has put nothing in its place
        found = None
    if found is None:
        raise ScikitLearnMissing


def lay_out(embeddings: Array, before: Array | None = None) -> Array:
    """Return points (V, 2) by t-SNE (van der Maaten and Hinton, JMLR 9, 2008).

    From points before, characters move no farther than they have to, so that frames flow.

    Args:
        embeddings: (V, H), finite.
        before: (V, 2), of the frame before; without it the principal plane is the start.

    Raises:
        ScikitLearnMissing: it is not installed.
    """
    require_scikit_learn()
    from sklearn.manifold import TSNE

    count = len(embeddings)
    start, is_first = before, False
    if start is None or start.shape != (count, 2):
        start, is_first = principal_plane(embeddings).picture(embeddings), True
        start = start * (_START_SPREAD / (start[:, 0].std() or 1.0))
    if count < _LEAST:
        return start
    fit = TSNE(
        perplexity=min(_MOST_NEIGHBOURS, (count - 1) / 3),
        init=start,
        early_exaggeration=_EXAGGERATION if is_first else 1.0,
        max_iter=_FIRST_ROUNDS if is_first else _ROUNDS,
        method="exact" if count <= _MOST_EXACTLY else "barnes_hut",
        random_state=0,
    )
    points = np.asarray(fit.fit_transform(embeddings), dtype=np.float64)
    return points - points.mean(axis=0)
