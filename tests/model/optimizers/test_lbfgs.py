"""L-BFGS at the end of its way."""

import numpy as np
import pytest

from model.optimizers import LBFGS
from model.parts import FunctionSum


@pytest.mark.parametrize("size", [1.0, 1e-160, 0.0])
def test_an_exact_minimum_is_converged_without_a_warning(size: float) -> None:
    def value_and_gradient(theta: np.ndarray, _: int) -> tuple[float, np.ndarray]:
        return float((theta**2).sum()), 2 * theta

    optimizer = LBFGS(FunctionSum(value_and_gradient), size * np.array([3.0, -4.0]))
    for _ in range(1000):
        result = optimizer.step()
        if result.converged:
            break
    assert result.converged
    assert np.abs(optimizer.theta).max() < 1e-9
