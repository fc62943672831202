"""What a log-bilinear model costs on a text, before anything is counted or allocated."""

from __future__ import annotations

from model.cost import Cost, TextSize
from model.families.log_bilinear.context_sums import Form, cheapest_form, too_many
from model.families.log_bilinear.layout import Layout
from model.families.log_bilinear.objective import is_plain
from model.families.log_bilinear.pair_sums import on_grid

# Seconds of an exact gradient on a current core: a target of an observed pair of halves, and a
# table entry, there and back, beside each of its multiplications.
_PER_TERM = 2e-9
_PER_ENTRY, _PER_MULTIPLICATION = 1.5e-8, 2e-10
_PLAIN_TERM, _PLAIN_MULTIPLICATION = 3.2e-9, 0.12e-9  # without tables

_FLOAT = 8
_NODE = 24  # bytes of a different beginning of a half: its place in the tree, both ways
_PAIR, _CELL = 44, 24  # of a context, where its pair of halves is alone, and on the grid
_PRODUCTS = 2.5  # arrays as large as both halves' products that an evaluation has at once
_SEGMENT_PRODUCTS = 2.0
_BLOCKS = 12e6  # of terms that are formed and gone, of all threads
_TABLES, _TABLES_OF_PRODUCTS = 2.0, 1.5  # of float64, and of the products' type
_PLAIN_SUMS = 8


def estimate(layout: Layout, text: TextSize, itemsize: int) -> Cost:
    """The cost of a model on a text of this size, with products of so many bytes a number."""
    v, m, h = layout.vocabulary_size, layout.context_length, layout.embedding_size
    d, contexts = layout.parameter_count, text.contexts
    if is_plain(layout, contexts):
        seconds = contexts * v * (_PLAIN_TERM + m * h * _PLAIN_MULTIPLICATION)
        sums = int(_PLAIN_SUMS * _FLOAT * d + _BLOCKS)
        return Cost(d, contexts, seconds, 0, evaluation_bytes=sums)
    entries = m * v * v
    different = _beginnings(text, v)
    form = cheapest_form(contexts, m, different, different, v)
    seconds = form.work * v * _PER_TERM + entries * (_PER_ENTRY + h * _PER_MULTIPLICATION)
    held, working = _bytes(form, contexts, different, layout, itemsize)
    held += 2 * _FLOAT * min(entries, m * text.ngrams)
    working += (_FLOAT * _TABLES + itemsize * _TABLES_OF_PRODUCTS) * entries + _BLOCKS
    return Cost(d, contexts, seconds, int(held), evaluation_bytes=int(working))


def _beginnings(text: TextSize, vocabulary_size: int) -> list[int]:
    """How many different beginnings of each length contexts have, from 0 to M or too many."""
    counts: list[int] = []
    for count in text.different[:-1]:
        counts.append(count)
        if too_many(count, vocabulary_size):
            break
    return counts


def _bytes(
    form: Form, contexts: int, different: list[int], layout: Layout, itemsize: int
) -> tuple[float, float]:
    """Bytes of what knows how contexts are cut, and of an evaluation."""
    row = layout.vocabulary_size * itemsize
    if form.split:
        halves = [form.split, layout.context_length - form.split]
        left, right = (different[length] for length in halves)
        grid = on_grid(contexts, left, right)
        held = contexts * _CELL + 2.0 * _FLOAT * left * right if grid else contexts * float(_PAIR)
        working = (left + right) * row * _PRODUCTS + 2 * _FLOAT * contexts
    else:
        halves = [form.segment] * -(-layout.context_length // form.segment)
        most = different[form.segment]
        numbers = 1 + (2 if most <= 1 << 16 else 4)  # an order too, where gradients are asked for
        held = contexts * (len(halves) * numbers + 12.0)
        working = len(halves) * most * row * _SEGMENT_PRODUCTS
    return held + _NODE * sum(sum(different[1 : length + 1]) for length in halves), working
