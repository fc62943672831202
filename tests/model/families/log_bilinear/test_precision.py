"""Training in single precision goes where it goes in double."""

from collections.abc import Callable

import numpy as np
import pytest
from problems import PLAY

from model.corpus import Corpus
from model.counting import count_ngrams
from model.errors import SettingsError
from model.families.base import SumObjective
from model.families.log_bilinear.shape import LogBilinear
from model.optimizers import LBFGS, SFO
from model.optimizers.base import Optimizer
from model.prior import WithPrior

Make = Callable[[SumObjective, np.ndarray], Optimizer]
_LAST = 200  # steps
OPTIMIZERS: dict[str, tuple[int, int, Make]] = {
    "L-BFGS": (200, 1, lambda objective, theta: LBFGS(objective, theta)),
    "SFO": (600, 5, lambda objective, theta: SFO(objective, theta, seed=0)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_reach_the_same_loss_in_both(name: str) -> None:
    steps, parts, make = OPTIMIZERS[name]
    corpus = Corpus.from_text(PLAY)
    v = len(corpus.vocabulary)
    table = count_ngrams(corpus.codes, v, 5)
    losses, thetas = [], []
    for precision in ("float64", "float32"):
        model = LogBilinear(v, 5, 2, precision)
        objective = model.sum_objective(table, parts, seed=0)
        optimizer = make(WithPrior(objective, 10.0), model.initial(np.random.default_rng(0)))
        reached = np.inf  # SFO's last steps swing about the minimum
        for step in range(steps):
            optimizer.step()
            if step >= steps - _LAST:
                reached = min(reached, WithPrior(objective, 10.0).value(optimizer.theta))
        losses.append(reached)
        thetas.append(optimizer.theta)
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert np.abs(thetas[0] - thetas[1]).max() > 0  # they were two trajectories


def test_values_are_computed_in_double_precision() -> None:
    corpus = Corpus.from_text(PLAY)
    v = len(corpus.vocabulary)
    for m in (3, 5):
        table = count_ngrams(corpus.codes, v, m)
        theta = LogBilinear(v, m, 3).initial(np.random.default_rng(0))
        exact, rough = (
            LogBilinear(v, m, 3, precision).objective(table) for precision in ("float64", "float32")
        )
        assert rough.value(theta) == exact.value(theta)
        assert rough.value_and_gradient(theta)[0] != exact.value(theta)


def test_long_contexts_are_single_unless_somebody_chose() -> None:
    for m, precision in ((3, "float64"), (4, "float64"), (5, "float32"), (8, "float32")):
        assert LogBilinear(7, m, 2).dtype == precision
        assert LogBilinear(7, m, 2, "float64").dtype == "float64"
    for wrong in ("float16", "very"):
        with pytest.raises(SettingsError, match="not float64 or float32"):
            LogBilinear(7, 3, 2, wrong)
