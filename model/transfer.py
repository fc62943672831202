"""Parameters carried over from one text to another: shared characters keep what was learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.families.log_bilinear.shape import LogBilinear

Array = NDArray[np.float64]


def carried_over(
    theta: Array,
    model: LogBilinear,
    vocabulary: Sequence[str],
    other: LogBilinear,
    other_vocabulary: Sequence[str],
    rng: np.random.Generator,
) -> tuple[Array, int]:
    """Parameters of another model of the same context length and embedding size.

    Args:
        theta: (D,) of the first model.
        model: its shape.
        vocabulary: its V characters.
        other: shape of the other model.
        other_vocabulary: its V' characters.
        rng: draws the rows of characters that the first one does not know.

    Returns:
        (D',) parameters, and how many characters were carried over.

    Raises:
        SettingsError: the models differ in more than the vocabulary, or share no character.
    """
    sizes = (model.context_length, model.embedding_size)
    if sizes != (other.context_length, other.embedding_size):
        raise SettingsError(
            f"The parameters are of context length {sizes[0]} and embedding size {sizes[1]}, not "
            f"{other.context_length} and {other.embedding_size}: choose the same."
        )
    place = {character: code for code, character in enumerate(vocabulary)}
    shared = [(place[c], code) for code, c in enumerate(other_vocabulary) if c in place]
    if not shared:
        raise SettingsError("The two texts share no character: nothing can be carried over.")
    old, new = np.array(shared).T
    result = other.initial(rng)
    for target, source in zip(other.unpack(result), model.unpack(theta), strict=True):
        target[new] = source[old]
    return result, len(shared)
