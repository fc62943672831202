"""What a log-bilinear model costs on a text, before anything is counted or allocated."""

from __future__ import annotations

from model.cost import Cost
from model.families.log_bilinear.layout import Layout

# Of an exact gradient on a current core: nanoseconds a context and target, and a table entry.
_PER_CELL = (0.8e-9, 0.25e-9)  # and of the latter one for each context position
_PER_ENTRY = 3e-8
_BYTES_PER_CONTEXT = 250.0
_BYTES_PER_NGRAM = 40.0
_NGRAMS_PER_CONTEXT = 3
_VECTORS = 12  # of D parameters, held beside the optimizer's
_BLOCK_CONTEXTS = 4096


def estimate(layout: Layout, contexts: int) -> Cost:
    """The cost of a model on a text with this many different contexts."""
    v, m, d = layout.vocabulary_size, layout.context_length, layout.parameter_count
    entries = m * v * v
    seconds = contexts * v * (_PER_CELL[0] + m * _PER_CELL[1]) + entries * _PER_ENTRY
    memory = (
        contexts * (_BYTES_PER_CONTEXT + _NGRAMS_PER_CONTEXT * _BYTES_PER_NGRAM)
        + 8 * 4 * entries
        + 8 * d * _VECTORS
        + min(contexts, _BLOCK_CONTEXTS) * v * 8 * 4
    )
    return Cost(d, contexts, seconds, int(memory))
