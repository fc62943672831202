"""Where there is nothing to train, one step is all."""

from __future__ import annotations

import pytest

from model.errors import OptimizerError
from model.optimizers.nothing import NothingToTrain


def test_one_step_and_it_is_done() -> None:
    optimizer = NothingToTrain(1.5)
    result = optimizer.step()
    assert (result.step, result.value, result.converged, result.evaluations) == (1, 1.5, True, 0)
    assert optimizer.theta.shape == (0,)
    again = NothingToTrain(1.5)
    again.load_state_dict(optimizer.state_dict())
    assert again.step().step == 2
    with pytest.raises(OptimizerError, match="lacks"):
        again.load_state_dict({})
