"""Writing in the background: chunks of text, often enough to see them stream."""

from __future__ import annotations

import time
from collections.abc import Callable

from charembed_tui.snapshot import Snapshot
from model.sampling import generate

_SECONDS_BETWEEN_CHUNKS = 0.03


def write(
    snapshot: Snapshot,
    vocabulary: tuple[str, ...],
    prompt: str,
    length: int,
    emit: Callable[[str], object],
    is_cancelled: Callable[[], bool],
) -> None:
    """Emit `length` characters in chunks, written with a snapshot's parameters.

    Raises:
        CharembedError: the model cannot write.
    """
    if snapshot.theta is None:
        return
    chunk: list[str] = []
    emitted = time.monotonic()
    for character in generate(snapshot.model, snapshot.theta, vocabulary, prompt, length):
        chunk.append(character)
        if time.monotonic() - emitted >= _SECONDS_BETWEEN_CHUNKS:
            if is_cancelled():
                return
            emit("".join(chunk))
            chunk.clear()
            emitted = time.monotonic()
    if not is_cancelled():
        emit("".join(chunk))
