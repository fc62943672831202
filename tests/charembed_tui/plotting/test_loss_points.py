from __future__ import annotations

import numpy as np
import pytest

from charembed_tui.plotting.loss_points import points
from charembed_tui.settings.loss_view import AGAINST, SCALES, LossView
from charembed_tui.training.loss_log import Curve

CURVE = Curve.of(np.array([[0, 0, 0, 4.0], [1, 0.5, 2, 3.0], [2, 1.0, 4, 2.0]]))


@pytest.mark.parametrize("against", AGAINST)
@pytest.mark.parametrize("scale", SCALES)
def test_what_is_drawn_of_a_curve(against: str, scale: str) -> None:
    x, y = points(CURVE, LossView(against=against, scale=scale))
    # No logarithm of 0; but step 0 has its place, left of step 1.
    first = 1 if scale in ("log x", "log both") and against != "steps" else 0
    assert x.tolist() == getattr(CURVE, against)[first:].tolist()
    assert y.tolist() == [4, 3, 2][first:]


def test_bits_and_the_next_option() -> None:
    view = LossView()
    assert view.loss(1.0) == 1.0
    view = view.next_of("unit")
    assert view.loss(np.log(2)) == pytest.approx(1.0)
    assert points(CURVE, view)[1][0] == pytest.approx(4 / np.log(2))
    assert view.next_of("unit") == LossView()
    for _ in SCALES:
        view = view.next_of("scale")
    assert view.scale == LossView().scale
