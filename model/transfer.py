"""Parameters carried over from one text to another: shared characters keep what was learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.errors import SettingsError
from model.families.base import Block, Model

Array = NDArray[np.float64]


def carried_over(
    theta: Array,
    model: Model,
    vocabulary: Sequence[str],
    other: Model,
    other_vocabulary: Sequence[str],
    rng: np.random.Generator,
) -> tuple[Array, int]:
    """Parameters of another model of the same family and sizes, but for the vocabulary.

    Args:
        theta: (D,) of the first model.
        model: its shape.
        vocabulary: its V characters.
        other: shape of the other model.
        other_vocabulary: its V' characters.
        rng: draws the parameters of characters that the first one does not know.

    Returns:
        (D',) parameters, and how many characters were carried over. What belongs to no character
        is carried over too.

    Raises:
        SettingsError: the models differ in more than the vocabulary, or share no character.
    """
    if model.family != other.family:
        raise SettingsError(
            f"The parameters are of the family {model.family}, not {other.family}: choose the same."
        )
    sizes = (model.context_length, model.embedding_size)
    if sizes != (other.context_length, other.embedding_size):
        raise SettingsError(
            f"The parameters are of context length {sizes[0]} and embedding size {sizes[1]}, not "
            f"{other.context_length} and {other.embedding_size}: choose the same."
        )
    result = other.initial(rng)
    sources, targets = model.blocks(theta), other.blocks(result)
    if [_form(block) for block in sources] != [_form(block) for block in targets]:
        raise SettingsError(
            "The two models differ in more than the vocabulary: choose the same settings."
        )
    place = {character: code for code, character in enumerate(vocabulary)}
    shared = [(place[c], code) for code, c in enumerate(other_vocabulary) if c in place]
    if not shared:
        raise SettingsError("The two texts share no character: nothing can be carried over.")
    old, new = np.array(shared).T
    for target, source in zip(targets, sources, strict=True):
        if target.role == "shared":
            target.values[...] = source.values
        else:
            target.values[new] = source.values[old]
    return result, len(shared)


def _form(block: Block) -> tuple[str, tuple[int, ...]]:
    """What two blocks have to agree in: everything but how many characters there are."""
    return block.role, block.values.shape[block.role != "shared" :]
