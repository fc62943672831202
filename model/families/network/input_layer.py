"""From the characters of a context to the first hidden layer, and directly to the logits.

Both are sums over context positions of a matrix times an embedding. There are two ways:

- Tables. What each character adds at each position, T_m = E W_m' (V, hidden), is computed once for
  all rows; then a row is a sum of M table rows, one product with a sparse one-hot matrix, and the
  gradient by the tables is one product with its transpose. W and E are reached from there by
  products of the size of the vocabulary, not of the batch. At V = 65, M = 8, H = 32, 1024 units
  and 512 rows: 2.8 ms for value and gradient, the other way 8.6 ms.
- Gathering. Embeddings of all rows, concatenated, times the matrix: where there are fewer rows
  than characters in the vocabulary.

Work that does not depend on rows can be split by context position between threads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from model.families.network import tables
from model.families.network.layout import Weights
from model.families.network.sums import plus, total

Floats = NDArray[np.floating[Any]]
Codes = NDArray[np.integer]


@dataclass(eq=False)
class InputSums:
    """A thread's sums over its rows, from which the gradient follows; None before the first."""

    first: Floats | None = None
    direct: Floats | None = None
    bias: Floats | None = None
    embeddings: Floats | None = None


class InputLayer(ABC):
    """The part of a network that knows characters, at fixed parameters.

    Args:
        weights: parameters; the embeddings may have more rows than there are target characters.
    """

    def __init__(self, weights: Weights[Floats]) -> None:
        self.weights = weights
        self.hidden, self.context_length, _ = weights.first.shape
        self.characters = len(weights.embeddings)

    @abstractmethod
    def prepare(self, positions: range) -> None:
        """Compute what all rows share, for some context positions, before any row is asked for."""

    @abstractmethod
    def encode(self, codes: Codes) -> Any:
        """What `forward` and `backward` multiply by, for (n, M) codes."""

    @abstractmethod
    def forward(self, encoded: Any) -> tuple[Floats, Floats | None]:
        """Inputs of the first hidden layer, (n, hidden), and an addend of the logits, (n, V)."""

    @abstractmethod
    def backward(self, encoded: Any, hidden: Floats, logits: Floats, sums: InputSums) -> None:
        """Add what some rows' gradients, (n, hidden) and (n, V), contribute to the sums."""

    @abstractmethod
    def finish(self, sums: list[InputSums], positions: range, gradient: Weights[Floats]) -> Floats:
        """Write the gradient by the weights of some context positions.

        Args:
            sums: of all threads.
            positions: a range of context positions; the first one brings the bias.
            gradient: views, of any type, that are written to.

        Returns:
            These positions' contribution to the gradient by the embeddings, (characters, H).
        """


def input_layer(weights: Weights[Floats], rows: int) -> InputLayer:
    """The faster way for this many rows."""
    characters, size = weights.embeddings.shape
    if tables.pay(characters, size, rows) and tables_fit(weights):
        return InputTables(weights)
    return GatheredInputs(weights)


def tables_fit(weights: Weights[Floats]) -> bool:
    """Whether tables are of bearable size."""
    hidden, m, _ = weights.first.shape
    width = hidden + (0 if weights.direct is None else len(weights.direct))
    return tables.are_bearable(m * len(weights.embeddings) * width)


class InputTables(InputLayer):
    """Sums of table rows."""

    def __init__(self, weights: Weights[Floats]) -> None:
        super().__init__(weights)
        m, v, dtype = self.context_length, self.characters, weights.first.dtype
        self.first = np.empty((m, v, self.hidden), dtype)
        direct = weights.direct
        self.direct = None if direct is None else np.empty((m, v, len(direct)), dtype)

    def prepare(self, positions: range) -> None:
        """Fill the tables of some positions; that of the first has the bias in it."""
        weights, part = self.weights, slice(positions.start, positions.stop)
        pairs = (self.first, weights.first), (self.direct, weights.direct)
        for table, matrix in pairs:
            if table is not None and matrix is not None:
                by_position = matrix[:, part].transpose(1, 2, 0)
                np.matmul(weights.embeddings, by_position, out=table[part])
        if 0 in positions:
            self.first[0] += weights.biases[0]

    def forward(self, encoded: sparse.csr_array) -> tuple[Floats, Floats | None]:
        """See `InputLayer`."""
        hidden = encoded @ self.first.reshape(-1, self.hidden)
        if self.direct is None:
            return hidden, None
        return hidden, encoded @ self.direct.reshape(-1, self.direct.shape[2])

    def backward(
        self, encoded: sparse.csr_array, hidden: Floats, logits: Floats, sums: InputSums
    ) -> None:
        """See `InputLayer`; the sums are gradients by tables."""
        back = encoded.T
        sums.first = plus(sums.first, back @ hidden)
        if self.direct is not None:
            sums.direct = plus(sums.direct, back @ logits)

    def finish(self, sums: list[InputSums], positions: range, gradient: Weights[Floats]) -> Floats:
        """See `InputLayer`."""
        weights, v = self.weights, self.characters
        part = slice(positions.start, positions.stop)
        rows = slice(positions.start * v, positions.stop * v)
        table = total(s.first[rows] for s in sums if s.first is not None)
        embeddings = _back(
            table, weights.first[:, part], weights.embeddings, gradient.first[:, part]
        )
        if 0 in positions:
            gradient.biases[0][:] = table[:v].sum(axis=0)
        if weights.direct is not None and gradient.direct is not None:
            table = total(s.direct[rows] for s in sums if s.direct is not None)
            embeddings += _back(
                table, weights.direct[:, part], weights.embeddings, gradient.direct[:, part]
            )
        return embeddings

    def encode(self, codes: Codes) -> sparse.csr_array:
        """A one-hot matrix, (n, M * characters), M ones a row."""
        return one_hot(codes, self.characters, self.first.dtype)


def _back(table: Floats, matrix: Floats, embeddings: Floats, gradient: Floats) -> Floats:
    """From a gradient by tables, (m * V, width), to those by a matrix and by the embeddings.

    All positions at once: whenever a call of numpy is over, a thread must get the interpreter back
    from the other one, which takes longer than the product for one position.

    Args:
        table: of m positions; of float32 mostly.
        matrix: (width, m, H), what the embeddings are multiplied by in the tables.
        embeddings: (V, H).
        gradient: (width, m, H), of any type; written to.

    Returns:
        The gradient by the embeddings, (V, H).
    """
    by_position = table.reshape(-1, len(embeddings), len(matrix))
    gradient[:] = np.matmul(by_position.transpose(0, 2, 1), embeddings).transpose(1, 0, 2)
    return cast(Floats, np.matmul(by_position, matrix.transpose(1, 0, 2)).sum(axis=0))


def one_hot(codes: Codes, characters: int, dtype: np.dtype[Any]) -> sparse.csr_array:
    """A matrix (n, M * characters) with M ones a row, for (n, M) codes."""
    n, m = codes.shape
    rows = codes + np.arange(0, m * characters, characters, dtype=np.int32)
    ends = np.arange(0, n * m + 1, m, dtype=np.int32)
    ones = np.ones(n * m, dtype=dtype)
    return sparse.csr_array((ones, rows.ravel(), ends), shape=(n, m * characters))


class GatheredInputs(InputLayer):
    """Concatenated embeddings times matrices."""

    def prepare(self, positions: range) -> None:
        """Nothing is shared."""

    def encode(self, codes: Codes) -> tuple[Codes, Floats]:
        """The codes, and their concatenated embeddings, (n, M * H)."""
        return codes, self.weights.embeddings[codes].reshape(len(codes), -1)

    def forward(self, encoded: tuple[Codes, Floats]) -> tuple[Floats, Floats | None]:
        """See `InputLayer`."""
        weights, inputs = self.weights, encoded[1]
        hidden = inputs @ weights.first.reshape(self.hidden, -1).T
        hidden += weights.biases[0]
        if weights.direct is None:
            return hidden, None
        return hidden, inputs @ weights.direct.reshape(len(weights.direct), -1).T

    def backward(
        self, encoded: tuple[Codes, Floats], hidden: Floats, logits: Floats, sums: InputSums
    ) -> None:
        """See `InputLayer`; the sums are gradients by weights and embeddings."""
        weights, (codes, inputs) = self.weights, encoded
        back = hidden @ weights.first.reshape(self.hidden, -1)
        sums.first = plus(sums.first, hidden.T @ inputs)
        sums.bias = plus(sums.bias, hidden.sum(axis=0))
        if weights.direct is not None:
            back += logits @ weights.direct.reshape(len(weights.direct), -1)
            sums.direct = plus(sums.direct, logits.T @ inputs)
        count = codes.size
        one_hot = sparse.csr_array(
            (
                np.ones(count, dtype=back.dtype),
                codes.ravel().astype(np.int32),
                np.arange(count + 1, dtype=np.int32),
            ),
            shape=(count, self.characters),
        )
        by_character = cast(Floats, one_hot.T @ back.reshape(count, -1))
        sums.embeddings = plus(sums.embeddings, by_character)

    def finish(self, sums: list[InputSums], positions: range, gradient: Weights[Floats]) -> Floats:
        """See `InputLayer`."""
        # `total` overwrites its first term: every thread must have a part of it to itself.
        part, shape = slice(positions.start, positions.stop), self.weights.first.shape
        firsts = [s.first.reshape(shape)[:, part] for s in sums if s.first is not None]
        gradient.first[:, part] = total(firsts)
        if self.weights.direct is not None and gradient.direct is not None:
            shape = self.weights.direct.shape
            directs = [s.direct.reshape(shape)[:, part] for s in sums if s.direct is not None]
            gradient.direct[:, part] = total(directs)
        if 0 not in positions:
            return np.zeros_like(self.weights.embeddings)
        gradient.biases[0][:] = total(s.bias for s in sums if s.bias is not None)
        return total(s.embeddings for s in sums if s.embeddings is not None)
