"""What there is to choose about n-grams; nothing is imported here, so that parsers can ask."""

from __future__ import annotations

from typing import Literal

Smoothing = Literal["kneser-ney", "witten-bell"]
SMOOTHINGS: tuple[Smoothing, ...] = ("kneser-ney", "witten-bell")
LONGEST = 10
AUTO = 0  # in place of an order: the best one of the training text
