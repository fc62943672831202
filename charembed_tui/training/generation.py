"""Writing in the background: chunks of text, often enough to see them stream."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.training.snapshot import View
from model.sampling import Sampler

Array = NDArray[np.float64]

_SECONDS_BETWEEN_CHUNKS = 0.03


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some characters, and how surprising the model found each, in nats; (len(text),)."""

    text: str
    surprises: Array


def write(
    view: View,
    vocabulary: Sequence[str],
    prompt: str,
    settings: SamplingSettings,
    emit: Callable[[Chunk], object],
    is_cancelled: Callable[[], bool],
) -> bool:
    """Emit text that follows a prompt in chunks, by the parameters on show.

    Returns:
        Whether all of it was written; cancelling leaves it unfinished.

    Raises:
        CharembedError: the model cannot write.
    """
    sampler = Sampler(view.fitted_predictor(), vocabulary, **settings.arguments())
    surprises = sampler.surprise_reader(prompt)
    pending: list[str] = []

    def send() -> None:
        chunk = "".join(pending)
        pending.clear()
        emit(Chunk(chunk, surprises.read(chunk)))

    emitted = time.monotonic()
    for character in sampler.write(prompt, settings.length, settings.generator()):
        pending.append(character)
        if time.monotonic() - emitted >= _SECONDS_BETWEEN_CHUNKS:
            if is_cancelled():
                return False
            send()
            emitted = time.monotonic()
    if is_cancelled():
        return False
    send()
    return True
