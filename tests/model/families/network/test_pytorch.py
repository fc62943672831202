"""The hand-derived gradient against PyTorch's: `pip install -e '.[bench]'`."""

from __future__ import annotations

from itertools import product
from typing import Any, Literal

import numpy as np
import pytest
from network_problems import parameters, random_table, with_fractions
from numpy.typing import NDArray

from model.families.network.dropout import MaskStream, scale
from model.families.network.shape import Network
from model.ngrams import NgramTable

torch: Any = pytest.importorskip("torch")
Array = NDArray[np.float64]
Masks = list[NDArray[np.bool_]]

ACTIVATIONS: tuple[Literal["relu", "tanh"], ...] = ("relu", "tanh")
CONFIGURATIONS = [
    Network(7, 3, 4, hidden=6, layers=layers, activation=activation, dropout=0.4, direct=direct)
    for layers, activation, direct in product((1, 2, 3), ACTIVATIONS, (True, False))
]


def by_pytorch(
    model: Network, table: NgramTable, theta: Array, masks: Masks | None = None
) -> tuple[float, Array]:
    """Loss and gradient by automatic differentiation of the network as people would write it."""
    flat = torch.tensor(theta, dtype=torch.float64, requires_grad=True)
    places = model.weights(np.arange(len(theta), dtype=np.float64))

    def part(numbers: Array) -> Any:
        return flat[torch.tensor(numbers.astype(np.int64).reshape(len(numbers), -1))]

    inputs = part(places.embeddings)[torch.tensor(table.contexts, dtype=torch.long)].flatten(1)
    layer = inputs
    matrices = [part(matrix) for matrix in (places.first, *places.deeper)]
    for i, (matrix, bias) in enumerate(zip(matrices, places.biases, strict=True)):
        layer = torch.nn.functional.linear(layer, matrix, part(bias).flatten())
        layer = torch.relu(layer) if model.activation == "relu" else torch.tanh(layer)
        if masks is not None:
            layer = layer * torch.tensor(masks[i]) * scale(model.dropout)
    logits = torch.nn.functional.linear(
        layer, part(places.outputs), part(places.output_bias).flatten()
    )
    if places.direct is not None:
        logits = logits + torch.nn.functional.linear(inputs, part(places.direct))
    counts = torch.tensor(table.counts.toarray(), dtype=torch.float64)
    loss = -(counts * torch.log_softmax(logits, dim=1)).sum() / counts.sum()
    loss.backward()
    return float(loss.detach()), flat.grad.numpy()


@pytest.mark.parametrize("model", CONFIGURATIONS, ids=str)
def test_gradient_is_that_of_pytorch(model: Network) -> None:
    theta = parameters(model, 1)
    for table in (random_table(model, 500, 2), with_fractions(random_table(model, 90, 3))):
        expected, slope = by_pytorch(model, table, theta)
        for dtype, precision in ((np.float64, 1e-12), (np.float32, 2e-5)):
            objective = model.objective(table, dtype=dtype, threads=2)
            value, gradient = objective.value_and_gradient(theta)
            assert value == pytest.approx(expected, rel=precision)
            np.testing.assert_allclose(gradient, slope, atol=precision * np.abs(slope).max())


@pytest.mark.parametrize("model", CONFIGURATIONS, ids=str)
def test_gradient_with_the_same_units_dropped_is_that_of_pytorch(model: Network) -> None:
    theta, table = parameters(model, 4), random_table(model, 300, 5)
    stream = MaskStream(model.dropout, seed=6, evaluation=0, thread=0)
    masks = [stream.draw(len(table.contexts), model.hidden) for _ in range(model.layers)]
    expected, slope = by_pytorch(model, table, theta, masks)
    objective = model.sum_objective(table, 1, 6, noise=True, dtype=np.float64, threads=1)
    value, gradient = objective.part(theta, 0)
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradient, slope, atol=1e-12 * np.abs(slope).max())
