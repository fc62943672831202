"""Whether what each character adds at each position is computed once for all rows.

See `input_layer`: such tables are large, and pay where there are many rows.
"""

from __future__ import annotations

# A sparse product moves memory: it does about a sixth of the multiplications a second of a dense
# one, and there are two of them.
_SPARSE_COST = 4
_LARGEST = 1 << 26  # elements


def are_bearable(elements: int) -> bool:
    """Whether tables of so many elements may be made."""
    return elements <= _LARGEST


def pay(characters: int, embedding_size: int, rows: int) -> bool:
    """Whether tables are faster for so many rows than to gather their embeddings."""
    # Multiplications of the two, each divided by 3 * M * width.
    return characters * embedding_size + _SPARSE_COST * rows < rows * embedding_size
