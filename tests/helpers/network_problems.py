"""Small networks with small texts for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from model.families.network.shape import Network
from model.ngrams import NgramTable

Array = NDArray[np.float64]


@st.composite
def networks(draw: st.DrawFn, /, **fixed: Any) -> Network:
    """A small network of any configuration."""
    settings: dict[str, Any] = {
        "vocabulary_size": draw(st.integers(2, 5)),
        "context_length": draw(st.integers(1, 4)),
        "embedding_size": draw(st.integers(1, 3)),
        "hidden": draw(st.integers(1, 5)),
        "layers": draw(st.integers(1, 3)),
        "activation": draw(st.sampled_from(["relu", "tanh"])),
        "direct": draw(st.booleans()),
    }
    return Network(**settings | fixed)


@st.composite
def counted(draw: st.DrawFn, model: Network, *, fractional: bool = False) -> NgramTable:
    """A table of random n-grams for it, with whole or fractional counts."""
    v, m = model.vocabulary_size, model.context_length
    gram = st.tuples(*[st.integers(0, v - 1)] * (m + 1))
    rows = draw(st.lists(gram, min_size=1, max_size=12))
    counts = draw(st.lists(st.integers(1, 9), min_size=len(rows), max_size=len(rows)))
    table = NgramTable.from_ngrams(np.array(rows), np.array(counts), v)
    return with_fractions(table) if fractional else table


def with_fractions(table: NgramTable) -> NgramTable:
    """The same contexts with counts that are no whole numbers."""
    data = table.counts.data * 0.75 - 0.125 * (np.arange(table.ngram_count) % 3)
    matrix = sparse.csr_array(
        (data, table.counts.indices, table.counts.indptr), shape=table.counts.shape
    )
    return NgramTable(table.contexts, matrix)


def parameters(model: Network, seed: int) -> Array:
    """Random parameters, no entry zero, large enough for all terms to matter."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.7, model.parameter_count)


def random_table(model: Network, positions: int, seed: int) -> NgramTable:
    """A random text, counted; frequent characters and contexts among rare ones."""
    rng = np.random.default_rng(seed)
    v, m = model.vocabulary_size, model.context_length
    ngrams = np.minimum(rng.geometric(0.3, (positions, m + 1)) - 1, v - 1)
    return NgramTable.from_ngrams(ngrams, np.ones(positions, dtype=np.int64), v)


def positions_of(table: NgramTable) -> list[tuple[list[int], int, float]]:
    """(context, target, weight) of all n-grams."""
    ngrams, counts = table.ngrams()
    return [
        (list(map(int, row[:-1])), int(row[-1]), float(count))
        for row, count in zip(ngrams, counts, strict=True)
    ]
