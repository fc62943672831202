"""Writing in the background: chunks of text, often enough to see them stream."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.training.snapshot import View
from model.corpus import Corpus
from model.dataset import Dataset
from model.interruption import interruptible
from model.novelty import Novelty, find_novelty
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
    corpus: Corpus,
    prompt: str,
    settings: SamplingSettings,
    emit: Callable[[Chunk], object],
    is_cancelled: Callable[[], bool],
    *,
    follows: bool = False,
) -> bool:
    """Emit text that follows a prompt in chunks, by the parameters on show.

    The prompt is read as the corpus was. Of a list whole lines are written, each of which begins
    with the prompt.

    Args:
        view: the parameters on show.
        corpus: the text as it is learned.
        prompt: what the text follows.
        settings: of sampling.
        emit: called with each chunk.
        is_cancelled: asked between chunks.
        follows: whether it is one of many texts that follow training, see `Fits`.

    Returns:
        Whether all of it was written; cancelling leaves it unfinished.

    Raises:
        CharembedError: the model cannot write.
    """
    predictor = view.following_predictor() if follows else view.fitted_predictor()
    sampler = Sampler(predictor, corpus.vocabulary, **settings.arguments())
    prompt = corpus.reading.as_read(prompt)
    if corpus.boundary is not None:
        return _write_lines(sampler, prompt, settings, emit, is_cancelled, corpus.boundary)
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


def novelty_of(
    prompt: str,
    written: str,
    dataset: Dataset,
    is_cancelled: Callable[[], bool] | None = None,
) -> Novelty:
    """Compare what was written after a prompt with the training text.

    The prompt is no part of it, but for the line of a list that it begins.

    Returns:
        The novelty, whose `within` is of the written characters alone.

    Raises:
        Cancelled: `is_cancelled` said so.
    """
    corpus = dataset.corpus
    begun = ""
    if corpus.boundary is not None:
        begun = corpus.reading.as_read(prompt).rpartition(corpus.boundary)[2]
    with interruptible(is_cancelled):
        found = find_novelty(begun + written, dataset)
    return replace(found, within=found.within[len(begun) :])


def _write_lines(
    sampler: Sampler,
    prompt: str,
    settings: SamplingSettings,
    emit: Callable[[Chunk], object],
    is_cancelled: Callable[[], bool],
    boundary: str,
) -> bool:
    prompt = prompt.rpartition(boundary)[2]
    before = boundary * sampler.context_length + prompt
    displayed = len(prompt)  # of the first line, by whoever has the prompt
    texts, surprises = [], []
    emitted = time.monotonic()
    entries = sampler.entries(prompt, settings.generator(), boundary)
    for number, entry in enumerate(islice(entries, settings.count), start=1):
        own = entry[len(prompt) :] + boundary
        known = np.zeros(len(prompt) - displayed)
        texts.append(prompt[displayed:] + own)
        surprises += [known, sampler.surprises(before, own)]
        displayed = 0
        if number == settings.count or time.monotonic() - emitted >= _SECONDS_BETWEEN_CHUNKS:
            if is_cancelled():
                return False
            emit(Chunk("".join(texts), np.concatenate(surprises)))
            texts, surprises = [], []
            emitted = time.monotonic()
    return True
