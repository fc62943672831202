"""Loss and gradient at some parameters, on some threads.

Each thread takes rows of its own (data parallelism), with BLAS on one thread; what does not depend
on rows is divided by context position. Sums are formed in the order of the threads' numbers, so
results are the same bit for bit whichever thread is done first, or if one does the work of all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.families.network.backpropagation import Backpropagation, Sums
from model.families.network.dropout import MaskStream, scale
from model.families.network.input_layer import Floats, input_layer
from model.families.network.layout import Layout, Weights
from model.families.network.rows import Rows, even_ranges
from model.families.network.sums import total
from model.interruption import give_up_if_unwanted
from model.parallel import in_parallel, one_blas_thread

Array = NDArray[np.float64]
Result = TypeVar("Result")


class Evaluation:
    """Evaluates rows of a text.

    Args:
        layout: the network's sizes.
        rows: the text's.
        dtype: of all computing, float32 or float64; parameters, losses and gradients are float64
            on the outside. Casting a million parameters and their gradient takes 0.8 ms, beside
            20 ms for the gradient of 1,024 rows.
        threads: how many share the work, at least 1.
    """

    def __init__(self, layout: Layout, rows: Rows, dtype: np.dtype[Any], threads: int) -> None:
        self._layout, self._rows, self._dtype, self._threads = layout, rows, dtype, threads

    @one_blas_thread
    def value(self, theta: Array, start: int, stop: int) -> float:
        """Some rows' share of the loss; infinite where it overflows."""
        with np.errstate(all="ignore"):
            network = self._network(theta, stop - start, 1.0)
        terms = in_parallel(
            [partial(self._loss, network, share) for share in _shares(start, stop, self._threads)]
        )
        return _value(terms)

    @one_blas_thread
    def value_and_gradient(
        self, theta: Array, start: int, stop: int, masks: Sequence[MaskStream] | None = None
    ) -> tuple[float, Array]:
        """Some rows' share of the loss and of its gradient, (D,).

        Where the loss overflows it is infinite, and the gradient NaN.

        Args:
            theta: (D,) parameters.
            start: the first row.
            stop: behind the last row.
            masks: of dropout, one stream a thread; None for no dropout.
        """
        factor = 1.0 if masks is None else scale(self._layout.dropout)
        with np.errstate(all="ignore"):
            network = self._network(theta, stop - start, factor)
        shares = _shares(start, stop, self._threads)
        sums = [Sums(self._layout.layers) for _ in shares]
        terms = in_parallel(
            [
                partial(self._loss, network, share, None if masks is None else masks[i], sums[i])
                for i, share in enumerate(shares)
            ]
        )
        value = _value(terms)
        if not np.isfinite(value):
            return value, np.full(theta.shape, np.nan)
        gradient = np.empty(theta.shape)
        with np.errstate(all="ignore"):
            self._write(network, sums, factor, self._layout.weights(gradient))
        return value, gradient

    def _network(self, theta: Array, rows: int, factor: float) -> Backpropagation:
        layout = self._layout
        weights: Weights[Floats] = layout.weights(theta.astype(self._dtype))
        if factor != 1:
            for matrix in (weights.outputs, *weights.deeper):
                matrix *= factor
        inputs = input_layer(weights, rows)
        self._by_position(inputs.prepare)
        return Backpropagation(layout, weights, inputs)

    def _loss(
        self,
        network: Backpropagation,
        share: range,
        masks: MaskStream | None = None,
        sums: Sums | None = None,
    ) -> float:
        with np.errstate(all="ignore"):  # holds for one thread: an infinite loss says it all
            blocks = self._rows.blocks(share.start, share.stop)
            total = 0.0
            for block in blocks:
                give_up_if_unwanted()
                total += network.loss(block, masks, sums)
            return total

    def _write(
        self, network: Backpropagation, sums: list[Sums], factor: float, gradient: Weights[Array]
    ) -> None:
        """Write the gradient from the threads' sums into views of it."""

        def finish(positions: range) -> Floats:
            with np.errstate(all="ignore"):
                return network.inputs.finish([s.inputs for s in sums], positions, gradient)

        gradient.embeddings[:] = total(self._by_position(finish))
        outputs = total(s.outputs for s in sums if s.outputs is not None)
        np.multiply(outputs, factor, out=gradient.outputs)
        gradient.output_bias[:] = total(s.output_bias for s in sums if s.output_bias is not None)
        for i, matrix in enumerate(gradient.deeper):
            deeper = total(d for s in sums if (d := s.deeper[i]) is not None)
            np.multiply(deeper, factor, out=matrix)
            gradient.biases[i + 1][:] = total(
                b for s in sums if (b := s.deeper_biases[i]) is not None
            )

    def _by_position(self, work: Callable[[range], Result]) -> list[Result]:
        shares = _shares(0, self._layout.context_length, self._threads)
        return in_parallel([partial(work, share) for share in shares])


def _shares(start: int, stop: int, threads: int) -> list[range]:
    """A range in one part for each thread, fewer if some would be empty."""
    return even_ranges(start, stop, max(1, min(threads, stop - start)))


def _value(terms: list[float]) -> float:
    value = sum(terms)
    return value if np.isfinite(value) else np.inf
