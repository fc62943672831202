"""How losses are drawn: in which unit, against what, on which scales."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from charembed_tui.settings.fields import Checked, Choice, Field

QUANTITIES = ("losses", "gradient", "weights")
UNITS = ("nats", "bits")
AGAINST = ("steps", "passes", "seconds")
SCALES = ("linear", "log x", "log y", "log both")
SMOOTHING = {"none": 0.0, "light": 2.0, "strong": 10.0}
_ON_OFF = ("on", "off")


@dataclass(frozen=True)
class LossView(Checked):
    """These are the choices for the loss plot.

    Attributes:
        quantity: what is drawn: losses, or the norms of the gradient or of blocks of parameters.
        unit: of losses, per character.
        against: the horizontal axis.
        scale: of the two axes.
        smoothing: a key of `SMOOTHING`.
        baselines: whether lines of simpler models are drawn.
    """

    FIELDS: ClassVar[dict[str, Field]] = {
        "quantity": Choice("quantity", QUANTITIES),
        "unit": Choice("unit", UNITS),
        "against": Choice("against", AGAINST),
        "scale": Choice("scale", SCALES),
        "smoothing": Choice("smoothing", tuple(SMOOTHING)),
        "baselines": Choice("baselines", _ON_OFF),
    }

    quantity: str = "losses"
    unit: str = "nats"
    against: str = "steps"
    scale: str = "log x"  # most is learned in the first steps
    smoothing: str = "none"
    baselines: str = "on"

    def next_of(self, name: str) -> LossView:
        """Return the same with the next option of one choice."""
        field = self.FIELDS[name]
        assert isinstance(field, Choice)
        options = field.options
        following = options[(options.index(getattr(self, name)) + 1) % len(options)]
        values = {n: getattr(self, n) for n in self.FIELDS}
        return LossView(**{**values, name: following})

    def loss(self, nats: float) -> float:
        """Return a loss, given in nats, in the unit chosen."""
        return nats / math.log(2) if self.unit == "bits" else nats

    @property
    def log_x(self) -> bool:
        """Whether the horizontal axis is logarithmic."""
        return self.scale in ("log x", "log both")

    @property
    def log_offset(self) -> float:
        """What a logarithmic horizontal axis adds, so that step 0 has a place on it."""
        return 1.0 if self.against == "steps" else 0.0

    @property
    def log_y(self) -> bool:
        """Whether the vertical axis is logarithmic."""
        return self.scale in ("log y", "log both")
