"""Problems and strategies that several tests share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.families.log_bilinear.shape import LogBilinear
from model.ngrams import NgramTable
from model.parts import FunctionSum

Array = NDArray[np.float64]

PLAY = """KING.
The tide is out, the boats lie on their sides.
FOOL.
Then let them sleep. They had a heavy day.
KING.
Who asked you, fool?
FOOL.
                     The boats, my lord. They snore.
"""


@st.composite
def counted_models(
    draw: st.DrawFn, *, largest_vocabulary: int = 5, longest_context: int = 4
) -> tuple[LogBilinear, NgramTable]:
    """A small model and a table of random n-grams for it."""
    v = draw(st.integers(2, largest_vocabulary))
    m = draw(st.integers(1, longest_context))
    h = draw(st.integers(1, 3))
    rows = draw(
        st.lists(
            st.lists(st.integers(0, v - 1), min_size=m + 1, max_size=m + 1), min_size=1, max_size=12
        )
    )
    counts = draw(st.lists(st.integers(1, 50), min_size=len(rows), max_size=len(rows)))
    return LogBilinear(v, m, h), NgramTable.from_ngrams(np.array(rows), np.array(counts), v)


@dataclass(frozen=True)
class SumProblem:
    """A sum of functions to minimise from a starting point."""

    value_and_gradient: Callable[[Array, int], tuple[float, Array]]
    theta0: Array
    subfunctions: int

    @property
    def objective(self) -> FunctionSum:
        """The sum, for an optimizer."""
        return FunctionSum(self.value_and_gradient, self.subfunctions)

    def total(self, theta: Array) -> float:
        """The sum over all subfunctions."""
        return sum(self.value_and_gradient(theta, i)[0] for i in range(self.subfunctions))


def quadratic(seed: int, subfunctions: int, dimension: int) -> SumProblem:
    """f_i = t'A_i t / 2 - b_i't with positive definite A_i."""
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(subfunctions, dimension, dimension)) / np.sqrt(dimension)
    a = roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(dimension)
    b = rng.normal(size=(subfunctions, dimension))
    return SumProblem(
        lambda t, i: (float(0.5 * t @ a[i] @ t - b[i] @ t), a[i] @ t - b[i]),
        rng.normal(size=dimension),
        subfunctions,
    )


def logistic(seed: int, subfunctions: int, dimension: int, rows: int = 15) -> SumProblem:
    """Regularised logistic regression, a minibatch of rows for each subfunction."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(subfunctions, rows, dimension))
    y = (x @ rng.normal(size=dimension) > 0).astype(float)

    def value_and_gradient(t: Array, i: int) -> tuple[float, Array]:
        z = x[i] @ t
        value = np.logaddexp(0, z).sum() - y[i] @ z + 0.005 * t @ t
        return float(value), x[i].T @ (1 / (1 + np.exp(-z)) - y[i]) + 0.01 * t

    return SumProblem(value_and_gradient, rng.normal(size=dimension), subfunctions)
