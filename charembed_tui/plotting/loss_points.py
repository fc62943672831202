"""The points of a curve, in the unit and against the axis of one's choice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from charembed_tui.settings.loss_view import SMOOTHING, LossView
from charembed_tui.training.loss_log import Curve, smoothed

Array = NDArray[np.float64]


def points(curve: Curve, view: LossView) -> tuple[Array, Array]:
    """Return what is drawn of a curve, without what a logarithmic axis cannot show.

    Smoothing is of what was measured, not of what is drawn.

    Args:
        curve: n measurements: losses in nats per character, or norms.
        view: the choices.

    Returns:
        Two vectors of at most n numbers: steps, passes or seconds; and losses per character in the
        unit chosen, or norms as they are.
    """
    measured = np.isfinite(curve.losses)  # norms of gradients are not, now and then
    x: Array = getattr(curve, view.against)[measured]
    y = smoothed(curve.losses[measured], SMOOTHING[view.smoothing])
    if view.quantity == "losses" and view.unit == "bits":
        y = y / np.log(2)
    drawable = np.ones(len(y), dtype=bool)
    if view.log_x:
        drawable &= x + view.log_offset > 0
    if view.log_y:
        drawable &= y > 0
    return x[drawable], y[drawable]
