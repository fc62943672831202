"""What a choice of hyperparameters costs, before anything is counted or allocated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.sequences import IntArray, Sequences

_SAMPLE = 100_000  # characters


@dataclass(frozen=True)
class Cost:
    """An estimate, right to within a factor of about two.

    Attributes:
        parameters: D, exact.
        contexts: different contexts in the text.
        gradient_seconds: of one exact gradient of the whole text.
        bytes: memory of counting and objective together, without the optimizer's state.
        counting_seconds: before the first step, where a family counts more than its contexts.
    """

    parameters: int
    contexts: int
    gradient_seconds: float
    bytes: int
    counting_seconds: float = 0.0


def estimate_contexts(text: IntArray | Sequences, vocabulary_size: int, context_length: int) -> int:
    """How many different contexts a text has, extrapolated from its beginning.

    Different contexts grow as a power of the length (Heaps' law), which is measured between half
    of a sample and the whole of it. Texts shorter than the sample are counted exactly.
    """
    whole = text if isinstance(text, Sequences) else Sequences.of(text)
    sample = _contexts(whole.head(_SAMPLE), vocabulary_size, context_length)
    if len(whole) <= _SAMPLE or not sample:
        return sample
    half = _contexts(whole.head(_SAMPLE // 2), vocabulary_size, context_length)
    power = min(1.0, max(0.0, float(np.log2(sample / max(half, 1)))))
    most = min(float(len(whole)), float(vocabulary_size) ** context_length)
    return int(min(most, sample * (len(whole) / _SAMPLE) ** power))


def _contexts(text: Sequences, vocabulary_size: int, context_length: int) -> int:
    from model.counting import count_sequences  # with scipy: not at start-up

    if text.positions(context_length) < 2:
        return 0
    return len(count_sequences(text, context_length, vocabulary_size).contexts)
