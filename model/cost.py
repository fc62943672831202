"""What a choice of hyperparameters costs, before anything is counted or allocated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model.families.log_bilinear.shape import LogBilinear

if TYPE_CHECKING:
    from model.ngrams import IntArray

AUTOMATIC_MINIBATCHES = 10  # see `model.minibatches.automatic_count`
_SAMPLE = 100_000  # characters
# Of an exact gradient on a current core: nanoseconds a context and target, and a table entry.
_PER_CELL = (0.8e-9, 0.25e-9)  # and of the latter one for each context position
_PER_ENTRY = 3e-8
_BYTES_PER_CONTEXT = 250.0
_BYTES_PER_NGRAM = 40.0


@dataclass(frozen=True)
class Cost:
    """An estimate, right to within a factor of about two.

    Attributes:
        parameters: D, exact.
        contexts: different contexts in the text.
        gradient_seconds: of one exact gradient of the whole text.
        bytes: memory of counting, objective and optimizer together.
    """

    parameters: int
    contexts: int
    gradient_seconds: float
    bytes: int


def estimate_contexts(codes: IntArray, vocabulary_size: int, context_length: int) -> int:
    """How many different contexts a text has, extrapolated from its beginning.

    Different contexts grow as a power of the length (Heaps' law), which is measured between half
    of a sample and the whole of it. Texts shorter than the sample are counted exactly.
    """
    if len(codes) < context_length + 2:
        return 0
    whole = _contexts(codes[:_SAMPLE], vocabulary_size, context_length)
    if len(codes) <= _SAMPLE:
        return whole
    half = _contexts(codes[: _SAMPLE // 2], vocabulary_size, context_length)
    power = min(1.0, max(0.0, float(np.log2(whole / half))))
    most = min(float(len(codes)), float(vocabulary_size) ** context_length)
    return int(min(most, whole * (len(codes) / _SAMPLE) ** power))


def _contexts(codes: IntArray, vocabulary_size: int, context_length: int) -> int:
    from model.ngrams import count_ngrams  # with scipy: not at start-up

    return len(count_ngrams(codes, vocabulary_size, context_length).contexts)


def estimate(model: LogBilinear, contexts: int, history_terms: int = 10) -> Cost:
    """The cost of a model on a text with this many different contexts."""
    v, m, d = model.vocabulary_size, model.context_length, model.parameter_count
    entries = m * v * v
    seconds = contexts * v * (_PER_CELL[0] + m * _PER_CELL[1]) + entries * _PER_ENTRY
    memory = (
        contexts * (_BYTES_PER_CONTEXT + 3 * _BYTES_PER_NGRAM)
        + 8 * 4 * entries
        + 8 * d * (2 * history_terms + 12)
        + min(contexts, 4096) * v * 8 * 4
    )
    return Cost(d, contexts, seconds, int(memory))
